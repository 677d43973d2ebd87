// What the log says of one table, gathered by key until it goes into the tree: of two changes of a row the later counts,
// and a value that a change leaves out is the one before. Where that is not known, the table is unclear.
import { compareBytes } from '../../base/bytes.ts'
import type { LogChange } from '../../connectors/change-log.ts'
import type { EndpointTable } from '../../connectors/interface.ts'
import type { Cid } from '../../encoding/cid.ts'
import { CellPacker } from '../../formats/columnar/pack-cells.ts'
import { packedEdits } from '../../formats/packed-edits.ts'
import type { Edit } from '../../prolly/interface.ts'
import type { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import { absentCell } from '../../table/cell.ts'
import type { Cell, TableObject } from '../../table/interface.ts'
import { decodeKey, encodeKey } from '../../table/key.ts'
import { absentSlot } from '../../table/row.ts'
import { type RowShape, cellLinks, entrySlots } from '../../table/rows.ts'
import { fetchContents, slotCell } from '../../table/slot.ts'
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
    const rows = await this.#filled(pending.filter(({ cells }) => cells !== null))
    if (rows === null) {
      this.unclear = 'the log leaves out values of a row that was not there'
      return
    }
    const { writer } = this.#io
    const puts = packedEdits(this.#packer.pack(rows), (content) => writer.put('raw', content))
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

  /** Whole rows in the order of the schema; null where one that is needed is not in the tree. */
  async #filled(pending: readonly Pending[]): Promise<Cell[][] | null> {
    const open = pending.filter(({ cells }) => cells!.includes(null))
    const before = open.length === 0 ? new Map<Pending, Cell[]>() : await this.#storedRows(open)
    if (before === null) return null
    return pending.map((one) => {
      const stored = before.get(one)
      return this.#places.map((place, i) => one.cells![place] ?? stored![i]!)
    })
  }

  async #storedRows(pending: readonly Pending[]): Promise<Map<Pending, Cell[]> | null> {
    const shape = this.#shape
    const found = await this.#map.getMany(pending.map(({ from }) => from))
    if (found.some((entry, i) => entry === null && !pending[i]!.isPatch)) return null
    const entries = found.filter((entry) => entry !== null)
    const slots = entries.map((entry) => entrySlots(shape, entry))
    const contents = await fetchContents(this.#io.nodes.reader, slots.flatMap(cellLinks))
    const nothing = shape.places.map(() => absentCell)
    let next = 0
    return new Map(
      pending.map((one, at) => {
        if (found[at] === null) return [one, nothing]
        const i = next++
        const keys = decodeKey(shape.schema, entries[i]!.key)
        const cells = shape.places.map(({ key, value }) =>
          key >= 0 ? keys[key]! : slotCell(slots[i]!.cells[value] ?? absentSlot, contents),
        )
        return [one, cells]
      }),
    )
  }
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
}
