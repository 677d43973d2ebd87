// A file as a plan wants it: each change is held against the row that the file has, cells that keep their values keep their
// spelling, and what is to be written is read once more before it is, so that no row comes back as another.
import { columnPlaces } from '../../table/column-places.ts'
import { sameCell } from '../../table/cell.ts'
import { compareBytes, toHex } from '../../base/bytes.ts'
import type { Edit, Entry } from '../../prolly/interface.ts'
import { applyEdits } from '../../table/edits.ts'
import { entryCells } from '../../table/entry-cells.ts'
import type { Cell, TableObject } from '../../table/interface.ts'
import { absentSlot, encodeRow } from '../../table/row.ts'
import { entrySlots } from '../../table/rows.ts'
import { cellSlot } from '../../table/slot.ts'
import { Table } from '../../table/table.ts'
import type { ApplyPlan, HeldBackRow, RowChange } from '../interface.ts'
import { shownCell } from '../../formats/shown-cell.ts'
import { FileRows } from './file-rows.ts'
import type { FileTable } from './file-table.ts'
import { filledTable } from './fill.ts'
import type { OpenedFile } from './interface.ts'
import { rowsReadDifferently, unreadable } from './proof.ts'
import { HeldBackRows } from '../held-back-rows.ts'

const editsMax = 8_192

export interface RewriteResult {
  /** null: nothing is to be written. */
  readonly table: TableObject | null
  readonly written: number
  readonly heldBack: readonly HeldBackRow[]
}

export async function rewrite(
  file: FileTable,
  opened: OpenedFile | null,
  plan: ApplyPlan,
): Promise<RewriteResult> {
  const before = await file.load(opened)
  const rewriter = new Rewriter(file, before)
  for (const kind of ['delete', 'update', 'insert'] as const) {
    if (kind === 'insert' && (await rewriter.fill(plan))) break
    for await (const changes of plan.changes(file.shape, kind)) {
      plan.signal?.throwIfAborted()
      await rewriter.take(changes)
    }
  }
  const { written } = rewriter
  const heldBack = rewriter.heldBack.list
  if (written === 0 || heldBack.length > 0) return { table: null, written: 0, heldBack }
  const table = await rewriter.finish()
  const strange = await rowsReadDifferently(file, table)
  return { table, written, heldBack: strange.size === 0 ? [] : await rewriter.refused(plan, strange) }
}

type Verdict = Pick<HeldBackRow, 'reason' | 'message'>

/** A row that the file has, its cells as the endpoint's columns show them. */
interface RowNow {
  readonly entry: Entry
  readonly cells: readonly Cell[]
}

const inKey = -1
const notThere = -2

class Rewriter {
  readonly heldBack: HeldBackRows = new HeldBackRows()
  written = 0
  readonly #file: FileTable
  readonly #rows: FileRows
  /** By column of the endpoint's table: which value of the file's rows it is, `inKey` or `notThere`. */
  readonly #valuePlaces: readonly number[]
  #table: Table
  #edits: Edit[] = []

  constructor(file: FileTable, before: Table) {
    this.#file = file
    this.#table = before
    this.#rows = new FileRows(file, before)
    const { columns, key } = file.shape
    const values = columnPlaces(
      before.shape.values,
      columns.map(({ name }) => name),
    )
    this.#valuePlaces = columns.map(({ name }, i) =>
      key.includes(name) ? inKey : values[i]! < 0 ? notThere : values[i]!,
    )
  }

  /** Takes all inserts at once; false, and nothing is done, where they have to be taken one by one. */
  async fill(plan: ApplyPlan): Promise<boolean> {
    if (this.#table.count > 0 || this.written > 0) return false
    const filled = await filledTable(this.#file, this.#table, this.#rows, plan)
    if (filled === null) return false
    this.#table = filled
    this.written = filled.count
    return true
  }

  async take(changes: readonly RowChange[]): Promise<void> {
    const wanted: Uint8Array[] = []
    const keyed: RowChange[] = []
    for (const change of changes) {
      const key = this.#rows.keyOf((change.before ?? change.after)!)
      if (typeof key === 'string') this.#hold(change, { reason: 'rejected', message: key })
      else {
        wanted.push(key)
        keyed.push(change)
      }
    }
    const entries = await this.#table.map.getMany(wanted)
    const { shape, nodes } = this.#file
    const rows = await entryCells(nodes.reader, this.#table.shape, entries, shape.columns)
    for (const [i, change] of keyed.entries()) {
      const row = rows[i] ?? null
      const now = row === null ? null : { entry: entries[i]!, cells: this.#shown(row) }
      this.#change(change, wanted[i]!, now)
    }
    // The order of a file's rows is kept in a list of its own, which is gone through once.
    if (this.#edits.length > editsMax && this.#table.object.order === null) await this.#flush()
  }

  async finish(): Promise<TableObject> {
    await this.#flush()
    return this.#table.object
  }

  /** Rows of the plan whose keys in the file, in hex, are `strange`; all of them are. */
  async refused(plan: ApplyPlan, strange: Set<string>): Promise<HeldBackRow[]> {
    const { path, shape } = this.#file
    const held = new HeldBackRows()
    for (const kind of ['update', 'insert'] as const)
      for await (const changes of plan.changes(shape, kind))
        for (const { key, after } of changes) {
          const own = this.#rows.keyOf(after!)
          if (typeof own !== 'string' && strange.delete(toHex(own)))
            held.add({
              table: shape.name,
              key,
              reason: 'rejected',
              message: `'${path}' would not hold the row as it is`,
            })
        }
    if (strange.size === 0) return held.list
    throw unreadable(path, null)
  }

  #change(change: RowChange, key: Uint8Array, now: RowNow | null): void {
    const { before, after } = change
    const isExpected =
      before === null
        ? now === null
        : now !== null && now.cells.every((cell, i) => sameCell(cell, before[i]!))
    if (!isExpected)
      return this.#hold(change, { reason: 'changed', message: 'the row was changed meanwhile' })
    const edit = after === null ? { key, value: null } : this.#put(key, now, after)
    if (typeof edit === 'string') return this.#hold(change, { reason: 'rejected', message: edit })
    this.#edits.push(edit)
    this.written++
  }

  #hold({ key }: RowChange, verdict: Verdict): void {
    const { name } = this.#file.shape
    this.heldBack.add({ table: name, key, ...verdict })
  }

  #shown(cells: readonly Cell[]): Cell[] {
    const { columns } = this.#file.shape
    return columns.map(({ type }, i) => shownCell(cells[i]!, type, this.#rows.dialect.cells))
  }

  /** Cells of the key have been looked at (`#keyOf`), and are the same before and after. */
  #put(key: Uint8Array, now: RowNow | null, after: readonly Cell[]): Edit | string {
    const before = now === null ? null : entrySlots(this.#table.shape, now.entry)
    const slots = this.#table.shape.values.map((_, i) => before?.cells[i] ?? absentSlot)
    for (const [i, value] of this.#valuePlaces.entries()) {
      if (value === inKey || (now !== null && sameCell(now.cells[i]!, after[i]!))) continue
      const cell = this.#rows.cellOf(after, i)
      if (typeof cell === 'string') return cell
      if (value !== notThere) slots[value] = cellSlot(cell, this.#file.writer)
    }
    const { lineEnd = 0, keyQuoting = 0 } = before ?? {}
    return { key, ...encodeRow({ lineEnd, keyQuoting, rawLine: null, cells: slots }) }
  }

  async #flush(): Promise<void> {
    if (this.#edits.length === 0) return
    const edits = this.#edits.toSorted((a, b) => compareBytes(a.key, b.key))
    this.#edits = []
    const { writer, nodes } = this.#file
    this.#table = await Table.of(nodes, await applyEdits(this.#table, edits, writer))
  }
}
