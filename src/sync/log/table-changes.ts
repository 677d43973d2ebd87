// What the log says of one table, gathered by key until it goes into the tree: of two changes of a row the later counts,
// and a value that a change leaves out is the one before. Where that is not known, the table is unclear. A row that becomes
// too large to be kept stays in the tree as it was, and is noted until the log tells of it again.
import type { AnyIterable } from '../../base/iterables.ts'
import { yieldIfDue } from '../../base/turns.ts'
import type { LogChange } from '../../connectors/change-log.ts'
import type { EndpointTable } from '../../connectors/interface.ts'
import type { Cid } from '../../encoding/cid.ts'
import { CellPacker } from '../../formats/columnar/pack-cells.ts'
import { UnfitRows } from '../../formats/columnar/unfit-rows.ts'
import { packedEdits } from '../../formats/packed-edits.ts'
import type { Edit, Entry } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import type { ObjectWriter } from '../../store/interface.ts'
import { columnPlaces } from '../../table/column-places.ts'
import { contentRuns, entryContentBytes } from '../../table/content-runs.ts'
import { entryCells } from '../../table/entry-cells.ts'
import { absentCell } from '../../table/cell.ts'
import type { Cell, Column, TableObject } from '../../table/interface.ts'
import type { RowShape } from '../../table/rows.ts'
import { writeTable } from '../../table/table-object.ts'
import { Table } from '../../table/table.ts'
import { keepSpelling } from '../capture/keep-spelling.ts'
import type { UnfitOfTable } from '../capture/unfit-tables.ts'
import { type LaidRow, LaidRows, laidOver } from './laid-rows.ts'
import { LaidRuns, type NamedRow, keyOf, nameOf, sortedRows } from './laid-runs.ts'
import { type LoggedKey, UnfitChanges, loggedKey } from './unfit-changes.ts'

/** What is gathered is written out when it takes more. */
const gatheredBytesMax = 8 << 20
/** More runs than these are put into the tree: each has a piece in memory while they are merged. */
const runsMax = 64
/** Larger rows go into the tree at once: of each run one is in memory. */
const runRowBytesMax = 64 << 10
/** What a row takes beside its bytes. */
const rowBytes = 100

const noKey = new Uint8Array()

const wasGone = 'a row that is gone was changed'

type Put = Extract<LogChange, { kind: 'put' }>
/** A row that is not gone. */
type PutRow = LaidRow & { readonly cells: readonly (Cell | null)[] }

export interface LoggedTable {
  readonly table: EndpointTable
  /** For what there is no room for in memory; nothing of it is published. */
  readonly scratch: ObjectWriter
  /** For messages. */
  readonly where: string
  /** Rows that could not be kept until now. */
  readonly unfit: UnfitOfTable
  /** Whether values stay in the spelling in which they are known. */
  readonly keepsSpelling: boolean
  /** How much is gathered in memory before it is written out. */
  readonly gatheredBytesMax?: number
}

export class TableChanges {
  readonly #io: Io
  readonly #table: EndpointTable
  /** By column of the schema: its place among the table's columns. */
  readonly #places: readonly number[]
  readonly #keyPlaces: readonly number[]
  readonly #object: TableObject
  readonly #shape: RowShape
  readonly #packer: CellPacker
  readonly #where: string
  readonly #keepsSpelling: boolean
  readonly #unfit: UnfitChanges
  #map: ProllyMap
  /**
   * For each row its place in `laid`. A row's name is its key as a text of one letter for each byte, which sorts as
   * the key does.
   */
  readonly #pending = new Map<string, number>()
  readonly #laid: LaidRows
  /** What was gathered before, and is not in the tree yet. */
  readonly #runs: LaidRuns
  readonly #gatheredBytesMax: number
  /** Why the log is not enough, once it is not. */
  unclear: string | null = null

  private constructor(io: Io, stored: Table, logged: LoggedTable) {
    const { table, where, unfit, keepsSpelling } = logged
    this.#io = io
    this.#gatheredBytesMax = logged.gatheredBytesMax ?? gatheredBytesMax
    this.#keepsSpelling = keepsSpelling
    this.#table = table
    this.#where = where
    this.#unfit = new UnfitChanges(table, where, unfit)
    const { object, shape, map } = stored
    this.#object = object
    this.#shape = shape
    this.#map = map
    this.#laid = new LaidRows(table.columns.length)
    this.#runs = new LaidRuns(logged.scratch, table.columns.length)
    this.#packer = new CellPacker(shape, where)
    const placesOf = (columns: readonly Column[]): number[] =>
      columnPlaces(
        table.columns,
        columns.map(({ name }) => name),
      )
    this.#places = placesOf(shape.schema.columns)
    this.#keyPlaces = placesOf(shape.keys)
  }

  /** `stored` is a table with the same columns, in any order. */
  static async of(io: Io, stored: TableObject, logged: LoggedTable): Promise<TableChanges> {
    return new TableChanges(io, await Table.of(io.nodes, stored), logged)
  }

  /** The rows that cannot be kept, among all that was added and flushed. */
  get unfit(): UnfitOfTable {
    return this.#unfit.all
  }

  /** Whether so much is gathered that `makeRoom` is due. */
  get isFull(): boolean {
    return this.#laid.bytes + this.#pending.size * rowBytes > this.#gatheredBytesMax
  }

  /**
   * Writes out what is gathered. Rows all over a large table change most of its nodes, each time that some of them go into
   * the tree: so they are laid aside, sorted, and all go into it together.
   */
  async makeRoom(): Promise<void> {
    if (this.#laid.bytesMax > runRowBytesMax || this.#runs.count >= runsMax) return this.flush()
    await this.#layAside()
  }

  /**
   * Whether the change needs `flush` first: a row that moves to another key takes along what it leaves out, and that
   * may stand in a run under the key of before.
   */
  looksBack(change: LogChange): boolean {
    if (this.#runs.count === 0 || change.kind !== 'put' || change.oldKey === null) return false
    return change.after.includes(null) && this.#key(change.oldKey).name !== this.#keyOf(change).name
  }

  add(change: LogChange): void {
    if (this.unclear !== null) return
    if (change.kind === 'unclear') {
      this.unclear = change.reason
      return
    }
    if (change.kind === 'delete') {
      const gone = this.#key(change.key)
      this.#unfit.leave(gone)
      this.#remove(gone)
      return
    }
    const key = this.#keyOf(change)
    const oldKey = change.oldKey === null ? key : this.#key(change.oldKey)
    const before = oldKey.key === null ? undefined : this.#pending.get(nameOf(oldKey.key))
    const verdict = this.#unfit.put(change, oldKey, key)
    if (oldKey.name !== key.name) this.#remove(oldKey)
    if (verdict === 'unclear') this.unclear = 'the log leaves out values of a row that could not be kept'
    else if (verdict === 'fits') this.#put(change, key.key!, oldKey.key ?? key.key!, before)
  }

  /** `before` is the place of what was gathered of the row under its key `from`. */
  #put({ after, isPatch = false }: Put, key: Uint8Array, from: Uint8Array, before: number | undefined): void {
    const row = { cells: after, from, isPatch }
    const isWhole = before === undefined || !after.includes(null)
    const whole = isWhole ? row : laidOver(this.#laid.lift(before), row)
    if (whole === null) this.unclear = wasGone
    else this.#set(key, whole)
  }

  /** Puts what was gathered into the tree. */
  async flush(): Promise<void> {
    if ((this.#pending.size === 0 && this.#runs.count === 0) || this.unclear !== null) return
    if (this.#runs.count > 0 && this.#pending.size > 0) await this.#layAside()
    const rows = this.#runs.count > 0 ? this.#runs.merged() : sortedRows(this.#pending, this.#laid)
    const map = await this.#map.mutate(this.#io.writer, this.#edits(rows))
    this.#runs.clear()
    this.#forget()
    if (this.unclear === null) this.#map = this.#keepsSpelling ? await this.#spelled(map) : map
  }

  async #layAside(): Promise<void> {
    await this.#runs.add(this.#pending, this.#laid)
    this.#forget()
  }

  #forget(): void {
    this.#pending.clear()
    this.#laid.clear()
  }

  async #spelled(map: ProllyMap): Promise<ProllyMap> {
    const { columns } = this.#table
    const step = { before: this.#at(this.#map), after: this.#at(map) }
    const { rows } = await keepSpelling(this.#io, { columns, where: this.#where }, step)
    return rows === map.cid ? map : ProllyMap.load(this.#io.nodes, rows)
  }

  #at({ cid }: ProllyMap): TableObject {
    return { ...this.#object, rows: cid, order: null }
  }

  /**
   * The edits in the order of their keys. It ends when a row that is needed is not in the tree, and says so in
   * `unclear`.
   */
  async *#edits(windows: AnyIterable<readonly NamedRow[] | null>): AsyncGenerator<Edit[]> {
    for await (const window of windows) {
      await yieldIfDue()
      const puts = window && (await this.#puts(window.flatMap(({ row }) => (isPut(row) ? [row] : []))))
      if (puts === null || window === null) {
        this.unclear = window === null ? wasGone : 'the log leaves out values of a row that was not there'
        return
      }
      yield window.flatMap(({ name, row }): Edit[] => {
        if (row.cells === null) return [{ key: keyOf(name), value: null }]
        // What cannot be kept stays as it was.
        const put = puts.get(name)
        return put === undefined ? [] : [put]
      })
      await this.#io.writer.drained()
    }
  }

  /** Stores the table as it is now; returns its name. */
  write(): Cid {
    return writeTable(this.#io.writer, this.#at(this.#map))
  }

  #remove({ key }: LoggedKey): void {
    if (key !== null) this.#set(key, { cells: null, from: noKey, isPatch: false })
  }

  #set(key: Uint8Array, row: LaidRow): void {
    this.#pending.set(nameOf(key), this.#laid.lay(row))
  }

  #keyOf({ after }: Put): LoggedKey {
    return this.#key(this.#keyPlaces.map((place) => after[place]!))
  }

  #key(cells: readonly (Cell | null)[]): LoggedKey {
    const whole = cells.map((cell) => {
      if (cell === null) throw new TypeError(`the log of '${this.#table.name}' leaves out a key`)
      return cell
    })
    return loggedKey(this.#shape.schema, whole)
  }

  /**
   * The edits by the rows' names, without rows that cannot be kept; null when a row that is needed is not in the
   * tree.
   */
  async #puts(rows: readonly PutRow[]): Promise<Map<string, Edit> | null> {
    const open = rows.filter(({ cells }) => cells.includes(null))
    const found = await this.#map.getMany(open.map(({ from }) => from))
    if (found.some((entry, i) => entry === null && !open[i]!.isPatch)) return null
    const stored = new Map(open.map((one, i) => [one, found[i]!]))
    const puts = new Map<string, Edit>()
    const unfit = new UnfitRows(this.#where)
    for (const run of contentRuns(
      rows,
      (one) => cellBytes(one) + entryContentBytes(stored.get(one) ?? null),
    )) {
      const packed = this.#packer.pack(await this.#filled(run, stored), unfit)
      for (const edit of await packedEdits(packed, this.#io.writer)) puts.set(nameOf(edit.key), edit)
      await this.#io.writer.drained()
    }
    for (const row of unfit.all.values()) this.#unfit.note(row)
    return puts
  }

  /** Whole rows, with their cells in the order of the schema. */
  async #filled(rows: readonly PutRow[], stored: ReadonlyMap<PutRow, Entry | null>): Promise<Cell[][]> {
    const columns = this.#shape.schema.columns
    const entries = rows.map((one) => stored.get(one) ?? null)
    const before = await entryCells(this.#io.nodes.reader, this.#shape, entries, columns)
    return rows.map(({ cells }, at) =>
      this.#places.map((place, i) => cells[place] ?? before[at]?.[i] ?? absentCell),
    )
  }
}

function isPut(row: LaidRow): row is PutRow {
  return row.cells !== null
}

function cellBytes({ cells }: PutRow): number {
  return cells.reduce((sum, cell) => sum + (cell?.bytes.length ?? 0), 0)
}
