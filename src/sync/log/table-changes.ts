// What the log says of one table, gathered by key until it goes into the tree: of two changes of a row the later counts,
// and a value that a change leaves out is the one before. Where that is not known, the table is unclear. A row that becomes
// too large to be kept stays in the tree as it was, and is noted until the log tells of it again.
import { compareBytes } from '../../base/bytes.ts'
import type { LogChange } from '../../connectors/change-log.ts'
import type { EndpointTable } from '../../connectors/interface.ts'
import type { Cid } from '../../encoding/cid.ts'
import { CellPacker } from '../../formats/columnar/pack-cells.ts'
import { UnfitRows } from '../../formats/columnar/unfit-rows.ts'
import { packedEdits } from '../../formats/packed-edits.ts'
import type { Edit, Entry } from '../../prolly/interface.ts'
import type { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import { contentRuns, entryContentBytes } from '../../table/content-runs.ts'
import { entryCells } from '../../table/entry-cells.ts'
import { absentCell } from '../../table/cell.ts'
import { putContent } from '../../table/content.ts'
import type { Cell, TableObject } from '../../table/interface.ts'
import type { RowShape } from '../../table/rows.ts'
import { writeTable } from '../../table/table-object.ts'
import { Table } from '../../table/table.ts'
import type { UnfitOfTable } from '../capture/unfit-tables.ts'
import { type LoggedKey, UnfitChanges, loggedKey } from './unfit-changes.ts'

/** Gathered rows of more are put into the tree. */
const gatheredRowsMax = 50_000
const gatheredBytesMax = 32 << 20
const rowBytes = 200

interface Pending {
  readonly key: Uint8Array
  /** In the order of the table's columns; null for a row that is gone. */
  readonly cells: readonly (Cell | null)[] | null
  /** Key of the row in the tree that has what `cells` leave out. */
  readonly from: Uint8Array
  /** What they leave out is empty where there is no such row. */
  readonly isPatch: boolean
}

export interface LoggedTable {
  readonly table: EndpointTable
  /** For messages. */
  readonly where: string
  /** Rows that could not be kept until now. */
  readonly unfit: UnfitOfTable
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
  readonly #unfit: UnfitChanges
  #map: ProllyMap
  #pending = new Map<string, Pending>()
  #pendingBytes = 0
  /** Why the log is not enough, once it is not. */
  unclear: string | null = null

  private constructor(io: Io, stored: Table, { table, where, unfit }: LoggedTable) {
    this.#io = io
    this.#table = table
    this.#where = where
    this.#unfit = new UnfitChanges(table, where, unfit)
    const { object, shape, map } = stored
    this.#object = object
    this.#shape = shape
    this.#map = map
    this.#packer = new CellPacker(shape, where)
    const placeOf = (name: string): number => table.columns.findIndex((column) => column.name === name)
    this.#places = shape.schema.columns.map(({ name }) => placeOf(name))
    this.#keyPlaces = shape.keys.map(({ name }) => placeOf(name))
  }

  /** `stored` has the table's columns, in any order. */
  static async of(io: Io, stored: TableObject, logged: LoggedTable): Promise<TableChanges> {
    return new TableChanges(io, await Table.of(io.nodes, stored), logged)
  }

  /** Rows that cannot be kept, of all that was added and flushed. */
  get unfit(): UnfitOfTable {
    return this.#unfit.all
  }

  /** Whether enough is gathered to be put into the tree. */
  get isFull(): boolean {
    return this.#pending.size > gatheredRowsMax || this.#pendingBytes > gatheredBytesMax
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
    const key = this.#key(this.#keyPlaces.map((place) => change.after[place]!))
    const oldKey = change.oldKey === null ? key : this.#key(change.oldKey)
    const before = this.#pending.get(oldKey.key === null ? '' : nameOf(oldKey.key))
    const verdict = this.#unfit.put(change, oldKey, key)
    if (oldKey.name !== key.name) this.#remove(oldKey)
    if (verdict === 'unclear') this.unclear = 'the log leaves out values of a row that could not be kept'
    else if (verdict === 'fits') this.#put(change, { key: key.key!, from: oldKey.key ?? key.key!, before })
  }

  #put(
    { after, isPatch = false }: Extract<LogChange, { kind: 'put' }>,
    { key, from, before }: Pick<Pending, 'key' | 'from'> & { readonly before: Pending | undefined },
  ): void {
    if (before === undefined) this.#set({ key, cells: after, from, isPatch })
    else if (before.cells === null && after.includes(null) && !isPatch)
      this.unclear = 'a row that is gone was changed'
    else {
      const known = before.cells ?? after.map(() => absentCell)
      const cells = after.map((cell, i) => cell ?? known[i]!)
      this.#set({ key, cells, from: before.from, isPatch: before.isPatch || isPatch })
    }
  }

  /** Puts what is gathered into the tree. */
  async flush(): Promise<void> {
    if (this.#pending.size === 0 || this.unclear !== null) return
    const pending = [...this.#pending.values()].sort((a, b) => compareBytes(a.key, b.key))
    this.#pending = new Map()
    this.#pendingBytes = 0
    const puts = await this.#puts(pending.filter(({ cells }) => cells !== null))
    if (puts === null) {
      this.unclear = 'the log leaves out values of a row that was not there'
      return
    }
    const { writer } = this.#io
    const edits = pending.flatMap(({ key, cells }): Edit[] => {
      if (cells === null) return [{ key, value: null }]
      // What cannot be kept stays as it was.
      const put = puts.get(nameOf(key))
      return put === undefined ? [] : [put]
    })
    this.#map = await this.#map.mutate(writer, edits)
    await writer.drained()
  }

  /** The table's object as it now is. */
  write(): Cid {
    return writeTable(this.#io.writer, { ...this.#object, rows: this.#map.cid, order: null })
  }

  #remove({ key }: LoggedKey): void {
    if (key !== null) this.#set({ key, cells: null, from: key, isPatch: false })
  }

  #set(pending: Pending): void {
    this.#pending.set(nameOf(pending.key), pending)
    this.#pendingBytes += rowBytes
    for (const cell of pending.cells ?? []) this.#pendingBytes += cell?.bytes.length ?? 0
  }

  #key(cells: readonly (Cell | null)[]): LoggedKey {
    const whole = cells.map((cell) => {
      if (cell === null) throw new TypeError(`the log of '${this.#table.name}' leaves out a key`)
      return cell
    })
    return loggedKey(this.#shape.schema, whole)
  }

  /** By name, without those that cannot be kept; null where a row that is needed is not in the tree. */
  async #puts(pending: readonly Pending[]): Promise<Map<string, Edit> | null> {
    const open = pending.filter(({ cells }) => cells!.includes(null))
    const found = await this.#map.getMany(open.map(({ from }) => from))
    if (found.some((entry, i) => entry === null && !open[i]!.isPatch)) return null
    const stored = new Map(open.map((one, i) => [one, found[i]!]))
    const puts = new Map<string, Edit>()
    const unfit = new UnfitRows(this.#where)
    for (const run of contentRuns(pending, (one) => entryContentBytes(stored.get(one) ?? null))) {
      const rows = this.#packer.pack(await this.#filled(run, stored), unfit)
      for (const edit of packedEdits(rows, (content) => putContent(this.#io.writer, content)))
        puts.set(nameOf(edit.key), edit)
      await this.#io.writer.drained()
    }
    for (const row of unfit.all.values()) this.#unfit.note(row)
    return puts
  }

  /** Whole rows in the order of the schema. */
  async #filled(pending: readonly Pending[], stored: ReadonlyMap<Pending, Entry | null>): Promise<Cell[][]> {
    const columns = this.#shape.schema.columns
    const entries = pending.map((one) => stored.get(one) ?? null)
    const before = await entryCells(this.#io.nodes.reader, this.#shape, entries, columns)
    return pending.map(({ cells }, at) =>
      this.#places.map((place, i) => cells![place] ?? before[at]?.[i] ?? absentCell),
    )
  }
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
}
