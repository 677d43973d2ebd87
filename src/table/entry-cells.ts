// Rows as cells of chosen columns, from the entries of a table's map.
import type { Cid } from '../encoding/cid.ts'
import type { Entry } from '../prolly/interface.ts'
import type { ObjectReader } from '../store/interface.ts'
import { absentCell } from './cell.ts'
import type { Cell } from './interface.ts'
import { decodeKey } from './key.ts'
import { type RowSlots, absentSlot } from './row.ts'
import { type RowShape, cellLinks, entrySlots } from './rows.ts'
import { fetchContents, slotCell } from './slot.ts'

/** null stays null; a column that the table has not is an absent cell. */
export async function entryCells(
  reader: ObjectReader,
  shape: RowShape,
  entries: readonly (Entry | null)[],
  columns: readonly { readonly name: string }[],
): Promise<(Cell[] | null)[]> {
  const slots = entries.map((entry) => (entry === null ? null : entrySlots(shape, entry)))
  const links = slots.flatMap((row) => (row === null ? [] : cellLinks(row)))
  const contents = await fetchContents(reader, links)
  const cells = new EntryCells(shape, columns)
  return entries.map((entry, i) => (entry === null ? null : cells.of(entry, slots[i]!, contents)))
}

export class EntryCells {
  readonly #shape: RowShape
  readonly #places: readonly { readonly key: number; readonly value: number }[]

  constructor(shape: RowShape, columns: readonly { readonly name: string }[]) {
    this.#shape = shape
    this.#places = columns.map(({ name }) => ({
      key: shape.keys.findIndex((column) => column.name === name),
      value: shape.values.findIndex((column) => column.name === name),
    }))
  }

  /** `contents` has the bytes of all links. */
  of(entry: Entry, slots: RowSlots, contents: ReadonlyMap<Cid, Uint8Array>): Cell[] {
    const keys = decodeKey(this.#shape.schema, entry.key)
    return this.#places.map(({ key, value }) => {
      if (key >= 0) return keys[key]!
      return value < 0 ? absentCell : slotCell(slots.cells[value] ?? absentSlot, contents)
    })
  }
}
