// A row's key as texts that a receiver can use in names: one text per column, and what tells it from a cell of another
// kind that is written alike. As values a number and a text may be the same (1.50 is 1.5, and 7 the text '7').
import { base64pad } from 'multiformats/bases/base64'
import { cellText } from '../../table/cell.ts'
import type { Cell, CellKind, ColumnType, Schema } from '../../table/interface.ts'
import { decodeKey, keyColumns } from '../../table/key.ts'
import type { KeyText } from '../../connectors/sink.ts'

const usualKind: Readonly<Record<ColumnType, CellKind>> = {
  text: 'text',
  int: 'number',
  decimal: 'number',
  float: 'number',
  bool: 'true',
  date: 'text',
  timestamp: 'text',
  bytes: 'bytes',
  json: 'text',
}

/** The parts of a key as texts. Different keys have different texts. */
export function keyTexts(schema: Schema, key: Uint8Array): KeyText[] {
  const columns = keyColumns(schema)
  return decodeKey(schema, key).map((cell, i) => {
    const kind = cell.kind === 'false' ? 'true' : cell.kind
    const isUsual = schema.cells === 'text' || kind === usualKind[columns[i]!.type]
    const name = kind === 'true' ? 'bool' : kind
    return { kind: isUsual ? null : name, text: textOf(cell) }
  })
}

function textOf(cell: Cell): string {
  if (cell.kind === 'bytes') return base64pad.baseEncode(cell.bytes)
  if (cell.kind === 'text' || cell.kind === 'number') return cellText(cell)
  return cell.kind
}
