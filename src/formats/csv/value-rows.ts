// Rows of a slice, all text, as rows of values: digits in a column of numbers become a number, a cell of nothing no value,
// as `importedCell` says. How the file spelled them (quotes, line ends) is left behind.
import { compareRanges } from '../../base/bytes.ts'
import { ByteReader, writeVarint } from '../../encoding/varint.ts'
import { isJsonNumber } from '../../table/cell.ts'
import { intLengthOf } from '../../table/int-key.ts'
import type { ColumnType, Schema } from '../../table/interface.ts'
import { decodeKey, encodeKey, keyColumns, keyElementEnd, valueColumns } from '../../table/key.ts'
import { cellTag, rowFlag, shortTextMax } from '../../table/row.ts'
import { importedCell } from '../imported-cell.ts'
import { type MisfitNotes, fitsAsText } from '../misfits/misfits.ts'
import { PackedBuffer, type PackedRows } from '../packed.ts'
import { noteKeys } from '../misfits/packed-misfits.ts'

/** What the texts of a file become. Plain data, for it goes to threads. */
export interface ValuePlan {
  /** Schema of the file's rows. */
  readonly schema: Schema
  readonly keyTypes: readonly ColumnType[]
  /** By place among the row's cells. */
  readonly types: readonly ColumnType[]
  /** By the same place: cells of columns before it that the file has not got, and last those behind all. Null: it has all. */
  readonly gaps: readonly number[] | null
}

type PackedKeys = Pick<PackedRows, 'keys' | 'keyEnds' | 'isOrdered'>

/** `table` is what the rows are for: it has all columns of `schema`. */
export function valuePlan(schema: Schema, table: Schema = schema): ValuePlan {
  const typesOf = (columns: Schema['columns']): ColumnType[] => columns.map(({ type }) => type)
  const [values, all] = [valueColumns(schema), valueColumns(table)]
  const gaps = values.length === all.length ? null : gapsOf(values, all)
  return { schema, keyTypes: typesOf(keyColumns(schema)), types: typesOf(values), gaps }
}

function gapsOf(values: Schema['columns'], all: Schema['columns']): number[] {
  const places = [...values.map(({ id }) => all.findIndex((column) => column.id === id)), all.length]
  return places.map((place, i) => place - (i === 0 ? -1 : places[i - 1]!) - 1)
}

const asText: ReadonlySet<ColumnType> = new Set(['text', 'date', 'timestamp'])
const asNumber: ReadonlySet<ColumnType> = new Set(['int', 'decimal', 'float'])

// As in slice.ts: one slice after the other goes through a thread.
const buffer = new PackedBuffer(3 << 20, 1 << 17)

/** Of the slice in hand. */
let misfits: MisfitNotes

/** Makes rows of values. The result holds views, of `rows` among others, that are valid until the next call. */
export function valueRows(rows: PackedRows, plan: ValuePlan, notes: MisfitNotes): PackedRows {
  buffer.clear()
  misfits = notes
  const typed = plan.types.map((type) => type !== 'text')
  for (let row = 0; row < rows.count; row++) addRow(rows, row, plan, typed)
  const keys = valueKeys(rows, plan)
  noteKeys({ ...keys, count: rows.count }, plan.keyTypes, notes)
  return { ...buffer.view(), ...keys }
}

const headRoom = 16
/** A number has two bytes before its digits where a short text has one; a cell that is left out becomes one byte. */
const moreByCell = 3

function addRow(rows: PackedRows, row: number, { types, gaps }: ValuePlan, typed: readonly boolean[]): void {
  const { values: from, valueEnds, contents, contentEnds } = rows
  const [start, end] = [row === 0 ? 0 : valueEnds[row - 1]!, valueEnds[row]!]
  let to = row === 0 ? 0 : buffer.valueEnds[row - 1]!
  const nulls = gaps === null ? 0 : gaps.reduce((sum, gap) => sum + gap, 0)
  buffer.reserve(0, to + (end - start) + types.length * moreByCell + nulls + headRoom)
  const { values } = buffer
  values[to++] = 0
  let at = headEnd(from, start)
  let nextContent = row === 0 || contentEnds === null ? 0 : contentEnds[row - 1]!
  for (let place = 0; place < types.length; place++) {
    const type = types[place]!
    if (gaps !== null) to = addNulls(gaps[place]!, to)
    const tag = at < end ? from[at]! : cellTag.absent
    if (tag <= shortTextMax) {
      const stop = at + 1 + tag
      const cellAt = to
      to = addShort(from, at + 1, stop, type, to)
      const isMisfit =
        typed[place]! && buffer.values[cellAt]! <= shortTextMax && !fitsAsText(type, from, at + 1, stop)
      if (isMisfit) misfits.add('values', place, row, from.subarray(at + 1, stop))
      at = stop
    } else if (tag === cellTag.absent) {
      values[to++] = cellTag.null
      at++
    } else {
      const reader = new ByteReader(from, at + 1)
      const length = reader.varint()
      const isLinked = tag >= cellTag.textLinked
      const bytes = isLinked ? contents![nextContent++]! : from.subarray(reader.at, reader.at + length)
      const cell = importedCell({ kind: 'text', bytes, quotingFlipped: false }, type, 'text')
      if (typed[place]! && cell.kind === 'text' && !fitsAsText(type, bytes, 0, bytes.length))
        misfits.add('values', place, row, bytes)
      to = buffer.writeCell(to, cell)
      at = isLinked ? reader.at : reader.at + length
    }
  }
  if (gaps !== null) to = addNulls(gaps[types.length]!, to)
  buffer.endRow(0, to)
}

function addNulls(count: number, to: number): number {
  buffer.values.fill(cellTag.null, to, to + count)
  return to + count
}

/** Behind the flags of a row and what they announce: a line end, and how its key was quoted. */
function headEnd(values: Uint8Array, start: number): number {
  const flags = values[start]!
  const at = start + 1 + (flags & rowFlag.lineEnd ? 1 : 0)
  if (!(flags & rowFlag.keyQuoting)) return at
  const reader = new ByteReader(values, at)
  reader.varint()
  return reader.at
}

/** Adds a text of at most `shortTextMax` bytes. */
function addShort(from: Uint8Array, start: number, stop: number, type: ColumnType, to: number): number {
  const { values } = buffer
  const length = stop - start
  if (asText.has(type)) values[to++] = length
  else if (!asNumber.has(type)) {
    const cell = { kind: 'text', bytes: from.subarray(start, stop), quotingFlipped: false } as const
    return buffer.writeCell(to, importedCell(cell, type, 'text'))
  } else if (isJsonNumber(from, start, stop)) {
    values[to++] = cellTag.number
    to = writeVarint(values, to, length)
  } else values[to++] = length
  for (let at = start; at < stop; at++) values[to++] = from[at]!
  return to
}

function valueKeys(rows: PackedRows, plan: ValuePlan): PackedKeys {
  const { keys, keyEnds, isOrdered } = rows
  for (let row = 0; row < rows.count; row++)
    if (!isValueKey(keys, row === 0 ? 0 : keyEnds[row - 1]!, plan.keyTypes)) return newKeys(rows, plan)
  return { keys, keyEnds, isOrdered }
}

/** Texts of text columns and integers are written alike in keys of texts and of values. */
function isValueKey(keys: Uint8Array, start: number, types: readonly ColumnType[]): boolean {
  let at = start
  for (const type of types) {
    if (!asText.has(type) && intLengthOf(keys[at]!) < 0) return false
    at = keyElementEnd(keys, at)
  }
  return true
}

function newKeys(rows: PackedRows, { schema, keyTypes }: ValuePlan): PackedKeys {
  const typed: Schema = { ...schema, cells: 'typed' }
  const all = new PackedBuffer(rows.keys.length + 64, rows.count)
  let at = 0
  for (let row = 0, start = 0; row < rows.count; row++) {
    const cells = decodeKey(schema, rows.keys.subarray(start, rows.keyEnds[row]))
    const values = cells.map((cell, i) => importedCell(cell, keyTypes[i]!, 'text'))
    const key = encodeKey(typed, values)
    all.reserve(at + key.length, 0)
    all.keys.set(key, at)
    const before = row < 2 ? 0 : all.keyEnds[row - 2]!
    all.isOrdered &&= row === 0 || compareRanges(all.keys, before, at, key, 0, key.length) < 0
    at += key.length
    all.endRow(at, 0)
    start = rows.keyEnds[row]!
  }
  const { keys, keyEnds, isOrdered } = all.view()
  return { keys, keyEnds, isOrdered }
}
