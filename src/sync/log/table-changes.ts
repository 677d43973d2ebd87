// What the log says of one table, gathered by key until it goes into the tree: of two changes of a row the later counts,
// and a value that a change leaves out is the one before. Where that is not known, the table is unclear.
import { compareBytes } from '../../base/bytes.ts'
import type { LogChange } from '../../connectors/change-log.ts'
import type { EndpointTable } from '../../connectors/interface.ts'
import type { Cid } from '../../encoding/cid.ts'
import { CellPacker } from '../../formats/columnar/pack-cells.ts'
import { packedEdits } from '../../formats/packed-edits.ts'
import type { Edit, Entry } from '../../prolly/interface.ts'
import type { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import { contentRuns, entryContentBytes } from '../../table/content-runs.ts'
import { entryCells } from '../../table/entry-cells.ts'
import { absentCell } from '../../table/cell.ts'
import { putContent } from '../../table/content.ts'
import type { Cell, TableObject } from '../../table/interface.ts'
import { encodeKey } from '../../table/key.ts'
import type { RowShape } from '../../table/rows.ts'
import { writeTable } from '../../table/table-object.ts'
import { Table } from '../../table/table.ts'

/** Gathered rows of more are put into the tree. */
const gatheredRowsMax = 50_000
const gatheredBytesMax = 32 << 20
const rowBytes = 200

interface Pending {
  readonly key: Uint8Array
  /** In the order of the table's columns; null for a row that is gone. */
  readonly cells: readonly (Cell | null)[] | null
  /** Of the row in the tree that has what `cells` leave out. */
  readonly from: Uint8Array
  /** What they leave out is empty where there is no such row. */
  readonly isPatch: boolean
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
  #map: ProllyMap
  #pending = new Map<string, Pending>()
  #pendingBytes = 0
  /** Why the log is not enough, once it is not. */
  unclear: string | null = null

  private constructor(io: Io, table: EndpointTable, stored: Table, where: string) {
    this.#io = io
    this.#table = table
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
  static async of(io: Io, table: EndpointTable, stored: TableObject, where: string): Promise<TableChanges> {
    return new TableChanges(io, table, await Table.of(io.nodes, stored), where)
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
      this.#set({ key: this.#key(change.key), cells: null, from: new Uint8Array(), isPatch: false })
      return
    }
    const key = this.#key(this.#keyPlaces.map((place) => change.after[place]!))
    const oldKey = change.oldKey === null ? key : this.#key(change.oldKey)
    const before = this.#pending.get(nameOf(oldKey))
    const { after, isPatch = false } = change
    if (compareBytes(oldKey, key) !== 0) this.#set({ key: oldKey, cells: null, from: oldKey, isPatch: false })
    if (before === undefined) this.#set({ key, cells: after, from: oldKey, isPatch })
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
    let next = 0
    const edits = pending.map(({ key, cells }): Edit =>
      cells === null ? { key, value: null } : puts[next++]!,
    )
    this.#map = await this.#map.mutate(writer, edits)
    await writer.drained()
  }

  /** The table's object as it now is. */
  write(): Cid {
    return writeTable(this.#io.writer, { ...this.#object, rows: this.#map.cid, order: null })
  }

  #set(pending: Pending): void {
    this.#pending.set(nameOf(pending.key), pending)
    this.#pendingBytes += rowBytes
    for (const cell of pending.cells ?? []) this.#pendingBytes += cell?.bytes.length ?? 0
  }

  #key(cells: readonly (Cell | null)[]): Uint8Array {
    const whole = cells.map((cell) => {
      if (cell === null) throw new TypeError(`the log of '${this.#table.name}' leaves out a key`)
      return cell
    })
    return encodeKey(this.#shape.schema, whole)
  }

  /** In the same order; null where a row that is needed is not in the tree. */
  async #puts(pending: readonly Pending[]): Promise<Edit[] | null> {
    const open = pending.filter(({ cells }) => cells!.includes(null))
    const found = await this.#map.getMany(open.map(({ from }) => from))
    if (found.some((entry, i) => entry === null && !open[i]!.isPatch)) return null
    const stored = new Map(open.map((one, i) => [one, found[i]!]))
    const puts: Edit[] = []
    for (const run of contentRuns(pending, (one) => entryContentBytes(stored.get(one) ?? null))) {
      const rows = this.#packer.pack(await this.#filled(run, stored))
      puts.push(...packedEdits(rows, (content) => putContent(this.#io.writer, content)))
      await this.#io.writer.drained()
    }
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
