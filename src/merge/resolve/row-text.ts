// A whole row that somebody typed as a JSON object, read without losing a digit. Columns that are left out hold what
// the sides agree on; where they do not agree the row says too little and is refused. The key cannot change.
import { equalBytes, utf8Text } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import { ObjectScanner, parsedString } from '../../formats/jsonl/scan.ts'
import type { ObjectWriter } from '../../store/interface.ts'
import { absentCell, cellOf } from '../../table/cell.ts'
import type { Cell, Schema } from '../../table/interface.ts'
import { decodeKey, encodeKey } from '../../table/key.ts'
import { type RowSlots, type Slot, absentSlot, decodeRow, encodeRow } from '../../table/row.ts'
import type { RowShape } from '../../table/rows.ts'
import { cellSlot, equalSlotValues } from '../../table/slot.ts'
import type { ConflictRecord, StoredSide } from '../conflicts/conflict-record.ts'

/** @throws VarveError VARVE_USAGE */
export function rowFromJson(
  record: ConflictRecord,
  text: Uint8Array,
  shape: RowShape,
  writer: ObjectWriter,
): StoredSide {
  const given = objectCells(text, shape.schema)
  const known = new Set(shape.schema.columns.map(({ name }) => name))
  for (const name of given.keys())
    if (!known.has(name)) throw refused(record, `the table has no column '${name}'`)
  const keyCells = decodeKey(shape.schema, record.key).map(
    (cell, i) => given.get(shape.keys[i]!.name) ?? cell,
  )
  if (
    keyCells.some(({ kind }) => kind === 'absent' || kind === 'json') ||
    !isKey(shape.schema, keyCells, record.key)
  )
    throw refused(record, 'the row has another key than the conflict')
  const sides = [record.ours, record.theirs].flatMap((side) =>
    side === null ? [] : [decodeRow(side.value, side.links, shape.values.length)],
  )
  const cells = shape.values.map(({ name }, place): Slot => {
    const cell = given.get(name)
    if (cell !== undefined) return cellSlot(cell, writer)
    const [first, second = first] = sides.map((side) => side.cells[place] ?? absentSlot)
    if (!equalSlotValues(first!, second!))
      throw refused(record, `the sides differ in column '${name}', and the row leaves it out`)
    return first!
  })
  const { lineEnd, keyQuoting } = sides[0] as RowSlots
  return encodeRow({ lineEnd, keyQuoting, rawLine: null, cells })
}

function isKey(schema: Schema, cells: readonly Cell[], key: Uint8Array): boolean {
  return equalBytes(encodeKey(schema, cells), key)
}

function objectCells(text: Uint8Array, { cells }: Schema): Map<string, Cell> {
  const scanner = new ObjectScanner(text)
  if (!scanner.scan(0, text.length)) {
    throw new VarveError('VARVE_USAGE', 'a row is given as a JSON object of its cells', {
      hint: 'write it like this: \'{"name": "Ada", "age": 36}\'',
    })
  }
  const found = new Map<string, Cell>()
  for (let i = 0; i < scanner.count; i++) {
    const raw = text.subarray(scanner.nameStarts[i]! - 1, scanner.nameEnds[i]! + 1)
    const name = parsedString(raw) ?? utf8Text(raw)
    if (found.has(name))
      throw new VarveError('VARVE_USAGE', `the row names column '${name}' twice`, {
        hint: 'leave out one of the two',
      })
    const bytes = scanner.decoded[i] ?? text.slice(scanner.starts[i], scanner.ends[i])
    found.set(name, cellFor(cellOf(scanner.kinds[i]!, bytes), cells))
  }
  return found
}

/** In a table of text null is an empty cell, and everything else the text that was written. */
function cellFor(cell: Cell, cells: Schema['cells']): Cell {
  const { kind, bytes } = cell
  const isWord = kind === 'null' || kind === 'true' || kind === 'false'
  if (cells === 'typed') return isWord ? cellOf(kind, new Uint8Array(0)) : cell
  return kind === 'null' ? absentCell : cellOf('text', bytes)
}

function refused({ path }: ConflictRecord, what: string): VarveError {
  return new VarveError('VARVE_USAGE', `${what} ('${path}')`, {
    data: { path },
    hint: "give all cells in which the sides differ, or choose a side: '--ours', '--theirs', '--base'",
  })
}
