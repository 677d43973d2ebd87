// Rows for people: objects by column name, without prototype, so that a column may be called anything. Values are
// read by their columns' types; contents out of line are fetched for many rows at once.
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Entry } from '../prolly/interface.ts'
import type { ObjectReader, ReadOptions } from '../store/interface.ts'
import { absentCell, cellValue, valueToText, valueToTyped } from './cell.ts'
import type { Cell, Column, ColumnType, Row, Schema, Value } from './interface.ts'
import { decodeKey, encodeKey, keyColumns, valueColumns } from './key.ts'
import { absentSlot, decodeRow, type RowSlots } from './row.ts'
import { fetchContents, slotCell } from './slot.ts'

/** A schema with its columns sorted out once for many rows. */
export interface RowShape {
  readonly schema: Schema
  readonly keys: readonly Column[]
  readonly values: readonly Column[]
  /** By column as people see it: its place in the key or -1, and among the value columns or -1. */
  readonly places: readonly { readonly column: Column; readonly key: number; readonly value: number }[]
}

export function rowShape(schema: Schema): RowShape {
  const keys = keyColumns(schema)
  const values = valueColumns(schema)
  const keyPlaces = new Map(keys.map((column, i) => [column, i]))
  const valuePlaces = new Map(values.map((column, i) => [column, i]))
  const places = schema.columns.map((column) => ({
    column,
    key: keyPlaces.get(column) ?? -1,
    value: valuePlaces.get(column) ?? -1,
  }))
  return { schema, keys, values, places }
}

export interface RowCells {
  /** In key order. */
  readonly key: readonly Cell[]
  /** In the order of value columns. */
  readonly cells: readonly Cell[]
}

/** @throws VarveError VARVE_RULE_VIOLATED for a column that the table has not */
export function rowToCells(shape: RowShape, row: Row): RowCells {
  const names = new Set(shape.schema.columns.map(({ name }) => name))
  const unknown = Object.keys(row).find((name) => !names.has(name))
  if (unknown !== undefined) {
    throw new VarveError('VARVE_RULE_VIOLATED', `the table has no column '${unknown}'`, {
      data: { reason: 'unknown-column', column: unknown },
      hint: `its columns are ${[...names]
        .slice(0, 20)
        .map((name) => `'${name}'`)
        .join(', ')}`,
    })
  }
  const cellOfColumn = ({ name, type }: Column): Cell => {
    try {
      return Object.hasOwn(row, name) ? valueCell(shape.schema, type, row[name]) : absentCell
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      throw new TypeError(`column '${name}': ${error.message}`, { cause: error })
    }
  }
  return { key: shape.keys.map(cellOfColumn), cells: shape.values.map(cellOfColumn) }
}

function valueCell(schema: Schema, type: ColumnType, value: Value | undefined): Cell {
  if (value === undefined) return absentCell
  return schema.cells === 'text' ? valueToText(value) : valueToTyped(value, type)
}

function cellsToRow(shape: RowShape, { key, cells }: RowCells): Row {
  const row = Object.create(null) as Record<string, Value>
  for (const { column, key: keyPlace, value } of shape.places) {
    const cell = keyPlace >= 0 ? key[keyPlace] : cells[value]
    row[column.name] = cellValue(cell ?? absentCell, column.type)
  }
  return row
}

/** The key of these values, one for each key column. */
export function keyOfValues(shape: RowShape, values: readonly Value[]): Uint8Array {
  const cells = values.map((value, i) => valueCell(shape.schema, shape.keys[i]?.type ?? 'text', value))
  if (cells.some((cell) => cell.kind === 'absent')) {
    throw new VarveError('VARVE_RULE_VIOLATED', 'a key cell is empty', {
      data: { reason: 'empty-key' },
      hint: 'give every row a value in each column of the key',
    })
  }
  return encodeKey(shape.schema, cells)
}

/** The beginning of all keys whose first values are these. */
export function prefixOfValues(shape: RowShape, values: readonly Value[]): Uint8Array {
  const key = shape.schema.key.slice(0, values.length)
  return keyOfValues({ ...shape, schema: { ...shape.schema, key } }, values)
}

export function keyValues(shape: RowShape, key: Uint8Array): Value[] {
  return decodeKey(shape.schema, key).map((cell, i) => cellValue(cell, shape.keys[i]!.type))
}

export function entrySlots(shape: RowShape, entry: Entry): RowSlots {
  return decodeRow(entry.value, entry.links, shape.values.length)
}

export function slotsToRow(
  shape: RowShape,
  key: Uint8Array,
  slots: RowSlots,
  contents: ReadonlyMap<Cid, Uint8Array>,
): Row {
  const cells = shape.values.map((_, i) => slotCell(slots.cells[i] ?? absentSlot, contents))
  return cellsToRow(shape, { key: decodeKey(shape.schema, key), cells })
}

/** Links of the row's cells; a raw line is not part of its value. */
export function cellLinks(slots: RowSlots): Cid[] {
  const links: Cid[] = []
  for (const { link } of slots.cells) if (link !== null) links.push(link)
  return links
}

export async function entriesToRows(
  shape: RowShape,
  entries: readonly Entry[],
  reader: ObjectReader,
  options: ReadOptions = {},
): Promise<Row[]> {
  const slots = entries.map((entry) => entrySlots(shape, entry))
  const contents = await fetchContents(reader, slots.flatMap(cellLinks), options)
  return entries.map((entry, i) => slotsToRow(shape, entry.key, slots[i]!, contents))
}
