// A file as a plan wants it: each change is held against the row that the file has, cells that keep their values keep their
// spelling, and what is to be written is read once more before it is, so that no row comes back as another.
import { columnPlaces } from '../../table/column-places.ts'
import { sameCell } from '../../table/cell.ts'
import { VarveError } from '../../base/errors.ts'
import { compareBytes, toHex } from '../../base/bytes.ts'
import type { Edit, Entry } from '../../prolly/interface.ts'
import { applyEdits } from '../../table/edits.ts'
import { entryCells } from '../../table/entry-cells.ts'
import type { Cell, TableObject } from '../../table/interface.ts'
import { encodeKey } from '../../table/key.ts'
import { absentSlot, encodeRow } from '../../table/row.ts'
import { entrySlots } from '../../table/rows.ts'
import { cellSlot } from '../../table/slot.ts'
import { Table } from '../../table/table.ts'
import type { ApplyPlan, HeldBackRow, RowChange } from '../interface.ts'
import { type FileDialect, fileCell } from './cells.ts'
import { shownCell } from '../../formats/shown-cell.ts'
import { dialectOf, type FileTable } from './file-table.ts'
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
  for (const kind of ['delete', 'update', 'insert'] as const)
    for await (const changes of plan.changes(file.shape, kind)) {
      plan.signal?.throwIfAborted()
      await rewriter.take(changes)
    }
  const { written } = rewriter
  const heldBack = rewriter.heldBack.list
  if (written === 0 || heldBack.length > 0) return { table: null, written: 0, heldBack }
  const table = await rewriter.finish()
  const strange = await rowsReadDifferently(file, table)
  return { table, written, heldBack: strange.size === 0 ? [] : await rewriter.refused(plan, strange) }
}

type Verdict = Pick<HeldBackRow, 'reason' | 'message'>

class Rewriter {
  readonly heldBack: HeldBackRows = new HeldBackRows()
  written = 0
  readonly #file: FileTable
  readonly #dialect: FileDialect
  readonly #keyPlaces: readonly number[]
  #table: Table
  #edits: Edit[] = []

  constructor(file: FileTable, before: Table) {
    this.#file = file
    this.#table = before
    this.#dialect = dialectOf(before.object)
    this.#keyPlaces = columnPlaces(file.shape.columns, file.shape.key)
  }

  async take(changes: readonly RowChange[]): Promise<void> {
    const keys = changes.map((change) => this.#keyOf((change.before ?? change.after)!))
    const wanted = keys.filter((key) => typeof key !== 'string')
    const found = new Map<string, Entry | null>()
    const entries = await this.#table.map.getMany(wanted)
    wanted.forEach((key, i) => found.set(toHex(key), entries[i]!))
    const present = entries.filter((entry) => entry !== null)
    const rows = new Map<Entry, Cell[]>()
    const { shape, nodes } = this.#file
    const cells = await entryCells(nodes.reader, this.#table.shape, present, shape.columns)
    present.forEach((entry, i) => rows.set(entry, this.#shown(cells[i]!)))
    for (const [i, change] of changes.entries()) {
      const key = keys[i]!
      if (typeof key === 'string') this.#hold(change, { reason: 'rejected', message: key })
      else this.#change(change, key, found.get(toHex(key))!, rows)
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
          const own = this.#keyOf(after!)
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

  #change(change: RowChange, key: Uint8Array, entry: Entry | null, rows: ReadonlyMap<Entry, Cell[]>): void {
    const { before, after } = change
    const now = entry === null ? null : rows.get(entry)!
    const isExpected =
      before === null ? now === null : now !== null && now.every((cell, i) => sameCell(cell, before[i]!))
    if (!isExpected)
      return this.#hold(change, { reason: 'changed', message: 'the row was changed meanwhile' })
    const edit = after === null ? { key, value: null } : this.#put(key, entry, now, after)
    if (typeof edit === 'string') return this.#hold(change, { reason: 'rejected', message: edit })
    this.#edits.push(edit)
    this.written++
  }

  #hold({ key }: RowChange, verdict: Verdict): void {
    const { name } = this.#file.shape
    this.heldBack.add({ table: name, key, ...verdict })
  }

  #keyOf(row: readonly Cell[]): Uint8Array | string {
    const { columns } = this.#file.shape
    const cells: Cell[] = []
    for (const place of this.#keyPlaces) {
      const cell = fileCell(row[place]!, columns[place]!, this.#dialect)
      if (typeof cell === 'string') return cell
      if (cell.kind === 'absent' || cell.kind === 'null' || (cell.kind === 'text' && cell.bytes.length === 0))
        return `column '${columns[place]!.name}' of the key is empty`
      if (cell.kind === 'json') return `column '${columns[place]!.name}' of the key is JSON`
      cells.push(cell)
    }
    try {
      return encodeKey(this.#table.schema, cells)
    } catch (error) {
      if (error instanceof VarveError) return error.message
      throw error
    }
  }

  #shown(cells: readonly Cell[]): Cell[] {
    const { columns } = this.#file.shape
    return columns.map(({ type }, i) => shownCell(cells[i]!, type, this.#dialect.cells))
  }

  #put(
    key: Uint8Array,
    entry: Entry | null,
    now: readonly Cell[] | null,
    after: readonly Cell[],
  ): Edit | string {
    const {
      path,
      writer,
      shape: { columns },
    } = this.#file
    const { shape } = this.#table
    const before = entry === null ? null : entrySlots(shape, entry)
    const held = new Map<string, Cell | 'kept'>()
    for (const [i, column] of columns.entries()) {
      const isKept = now !== null && sameCell(now[i]!, after[i]!)
      const cell = isKept ? 'kept' : fileCell(after[i]!, column, this.#dialect)
      if (typeof cell === 'string' && cell !== 'kept') return cell
      held.set(column.name, cell)
    }
    const slots = shape.values.map(({ name }, i) => {
      const cell = held.get(name)
      return cell === undefined || cell === 'kept' ? (before?.cells[i] ?? absentSlot) : cellSlot(cell, writer)
    })
    for (const { name } of shape.schema.columns) held.delete(name)
    const left = [...held].find(([, cell]) => cell !== 'kept' && cell.kind !== 'absent')
    if (left !== undefined) return `'${path}' has no column '${left[0]}'`
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
