// Keys: tuples of cells whose bytes sort as the cells do. Each element begins with a tag: null 0x04, false 0x08,
// true 0x09, integers 0x10..0x30 (int-key.ts), other number literals 0x38, text 0x40, bytes 0x50; the last three hold
// their bytes with 00 written as 00 FF, and end in 00. In a table of text cells a cell of an 'int' column that reads
// as an integer is one, and every other cell is text; in a typed table the cell's kind decides. One cell has exactly
// one spelling: what does not decode to a canonical element is refused, so equal keys are equal bytes.
import { utf8Text } from '../base/bytes.ts'
import { VarveError, corrupt } from '../base/errors.ts'
import { intLengthOf, intLiteralAt, writeIntLiteral } from './int-key.ts'
import type { Cell, Column, ColumnType, Schema } from './interface.ts'
import { absentCell, falseCell, nullCell, trueCell } from './cell.ts'

export const keyBytesMax = 1024

export const keyTag = { null: 0x04, false: 0x08, true: 0x09, number: 0x38, text: 0x40, bytes: 0x50 } as const

/** Writes tag, escaped src[start..end) and end mark; room for 2 + 2 * length bytes must be there. */
export function writeTerminated(
  target: Uint8Array,
  at: number,
  tag: number,
  src: Uint8Array,
  start: number,
  end: number,
): number {
  target[at++] = tag
  for (let i = start; i < end; i++) {
    const byte = src[i]!
    target[at++] = byte
    if (byte === 0) target[at++] = 255
  }
  target[at++] = 0
  return at
}

/** Most bytes that a cell of `length` bytes can take in a key. */
export function keyRoom(length: number): number {
  return 2 * length + 20
}

/** Writes one element and returns the offset behind it; `keyRoom` bytes of room must be there. */
export function writeKeyCell(
  target: Uint8Array,
  at: number,
  cell: Cell,
  column: Column,
  cells: Schema['cells'],
): number {
  const { kind, bytes } = cell
  const tryInt = cells === 'text' ? column.type === 'int' && kind === 'text' : kind === 'number'
  if (tryInt) {
    const end = writeIntLiteral(target, at, bytes, 0, bytes.length)
    if (end >= 0) return end
  }
  if (kind === 'text') return writeTerminated(target, at, keyTag.text, bytes, 0, bytes.length)
  if (kind === 'number') return writeTerminated(target, at, keyTag.number, bytes, 0, bytes.length)
  if (kind === 'bytes') return writeTerminated(target, at, keyTag.bytes, bytes, 0, bytes.length)
  if (kind === 'json' || kind === 'absent') throw new TypeError(`a cell of kind '${kind}' cannot be in a key`)
  target[at] = keyTag[kind]
  return at + 1
}

/**
 * Whether two key columns spell one value alike. In a table of typed cells the cell decides, and an integer in a column of
 * decimals is one.
 */
export function spellsAlike(a: Column, b: Column, cells: Schema['cells']): boolean {
  return a.type === b.type || (cells === 'typed' && exactNumbers.has(a.type) && exactNumbers.has(b.type))
}

const exactNumbers: ReadonlySet<ColumnType> = new Set(['int', 'decimal'])

/**
 * The key of a row from its key cells, in key order.
 * @throws VarveError VARVE_RULE_VIOLATED when it would be longer than a key may be.
 */
export function encodeKey(schema: Schema, cells: readonly Cell[]): Uint8Array {
  const columns = keyColumns(schema)
  if (cells.length !== columns.length) {
    throw new TypeError(`the key has ${columns.length} columns, not ${cells.length}`)
  }
  let room = 0
  for (const cell of cells) room += keyRoom(cell.bytes.length)
  const target = new Uint8Array(room)
  let at = 0
  for (let i = 0; i < columns.length; i++) at = writeKeyCell(target, at, cells[i]!, columns[i]!, schema.cells)
  if (at > keyBytesMax) throw keyTooLong(at)
  return target.slice(0, at)
}

function keyTooLong(length: number): VarveError {
  return new VarveError(
    'VARVE_RULE_VIOLATED',
    `a key of ${length} bytes is longer than ${keyBytesMax} bytes`,
    {
      data: { reason: 'key-too-long', length, limit: keyBytesMax },
      hint: 'choose shorter columns as key',
    },
  )
}

/** The key cells, in key order. @throws VarveError VARVE_CORRUPT */
export function decodeKey(schema: Schema, key: Uint8Array): Cell[] {
  if (key.length > keyBytesMax) throw corrupt('key is longer than a key may be')
  const columns = keyColumns(schema)
  const cells: Cell[] = []
  let at = 0
  for (const column of columns) {
    const end = keyElementEnd(key, at)
    const cell = elementCell(key, at, end, schema.cells)
    if (schema.cells === 'text') checkTextElement(key, at, cell, column)
    cells.push(cell)
    at = end
  }
  if (at !== key.length) throw corrupt('key has bytes behind its last element')
  return cells
}

/** The offset after the element at `at`. */
export function keyElementEnd(key: Uint8Array, at: number): number {
  const tag = key[at]
  if (tag === undefined) throw corrupt('key ends before its last element')
  if (tag === keyTag.null || tag === keyTag.false || tag === keyTag.true) return at + 1
  const length = intLengthOf(tag)
  if (length >= 0) {
    if (at + 1 + length > key.length) throw corrupt('key ends in the middle of a number')
    return at + 1 + length
  }
  if (tag !== keyTag.number && tag !== keyTag.text && tag !== keyTag.bytes)
    throw corrupt('key has an unknown element')
  for (let end = key.indexOf(0, at + 1); end >= 0; end = key.indexOf(0, end + 2)) {
    if (key[end + 1] !== 255) return end + 1
  }
  throw corrupt('key ends in the middle of a text')
}

function elementCell(key: Uint8Array, at: number, end: number, cells: Schema['cells']): Cell {
  const tag = key[at]!
  if (tag === keyTag.null) return nullCell
  if (tag === keyTag.false) return falseCell
  if (tag === keyTag.true) return trueCell
  if (intLengthOf(tag) >= 0) {
    const literal = intLiteralAt(key, at)
    if (literal === null) throw corrupt('number in a key is not in its shortest form')
    return { kind: cells === 'text' ? 'text' : 'number', bytes: digitBytes(literal), quotingFlipped: false }
  }
  const bytes = unescapedElement(key, at + 1, end - 1)
  const kind = tag === keyTag.text ? 'text' : tag === keyTag.bytes ? 'bytes' : 'number'
  if (kind === 'number' && isIntLiteral(bytes)) throw corrupt('number in a key is spelled as text')
  return { kind, bytes, quotingFlipped: false }
}

/** Most keys: several times faster than the encoder, whose call costs more than its work. */
function digitBytes(literal: string): Uint8Array {
  const bytes = new Uint8Array(literal.length)
  for (let i = 0; i < literal.length; i++) bytes[i] = literal.charCodeAt(i)
  return bytes
}

function checkTextElement(key: Uint8Array, at: number, cell: Cell, column: Column): void {
  const tag = key[at]!
  const isInt = intLengthOf(tag) >= 0
  if (!isInt && tag !== keyTag.text) throw corrupt('key of a table of text has an element that is not text')
  const mustBeInt = column.type === 'int' && isIntLiteral(cell.bytes)
  if (isInt !== mustBeInt) throw corrupt('number in a key is not spelled as its column asks')
}

const probe = new Uint8Array(20)

export function isIntLiteral(bytes: Uint8Array): boolean {
  return writeIntLiteral(probe, 0, bytes, 0, bytes.length) >= 0
}

/** Bytes of a text, number or byte element between its tag and its end, without what keeps their order. */
export function unescapedElement(key: Uint8Array, start: number, end: number): Uint8Array {
  const view = key.subarray(start, end)
  if (view.indexOf(0) < 0) return view
  const bytes = new Uint8Array(view.length)
  let length = 0
  for (let i = 0; i < view.length; i++) {
    bytes[length++] = view[i]!
    if (view[i] === 0) i++
  }
  return bytes.subarray(0, length)
}

export function keyColumns(schema: Schema): Column[] {
  return schema.key.map((id) => columnById(schema, id))
}

/** The names of the key's columns, in the key's order. */
export function keyNames(schema: Schema): string[] {
  return keyColumns(schema).map(({ name }) => name)
}

/** Columns outside the key by ascending id: the order of a row's cells. */
export function valueColumns(schema: Schema): Column[] {
  return schema.columns.filter((column) => !schema.key.includes(column.id)).sort((a, b) => a.id - b.id)
}

/** @throws VarveError VARVE_CORRUPT */
function columnById(schema: Schema, id: number): Column {
  const column = schema.columns.find((candidate) => candidate.id === id)
  if (column === undefined) throw corrupt(`schema has no column ${id}`)
  return column
}

/** The key as text for messages: 'Paris, 75'. */
export function keyText(schema: Schema, key: Uint8Array): string {
  return decodeKey(schema, key)
    .map((cell) => (cell === absentCell ? '' : utf8Text(cell.bytes) || cell.kind))
    .join(', ')
}
