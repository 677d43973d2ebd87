// The key of a row as somebody gives it: values, or words as people type them.
import { utf8 } from '../base/bytes.ts'
import { VarveError } from '../base/errors.ts'
import { cellOf, falseCell, textCell, trueCell } from './cell.ts'
import type { Cell, ColumnType, Value } from './interface.ts'
import { encodeKey } from './key.ts'
import { type RowShape, keyOfValues } from './rows.ts'

/** One value for each column of the key. */
export type RowKey = { readonly values: readonly Value[] } | { readonly text: readonly string[] }

const numberLiteral = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/

/** @throws VarveError VARVE_USAGE for another number of parts, VARVE_RULE_VIOLATED for what no key can be */
export function encodeRowKey(shape: RowShape, key: RowKey, path: string): Uint8Array {
  const parts = 'text' in key ? key.text : key.values
  const names = shape.keys.map(({ name }) => `'${name}'`)
  if (parts.length !== names.length) {
    throw new VarveError(
      'VARVE_USAGE',
      `the key of '${path}' has ${names.length} part${names.length === 1 ? '' : 's'}, not ${parts.length}`,
      {
        data: { path, key: shape.keys.map(({ name }) => name) },
        hint: `give one value each for ${names.join(', ')}`,
      },
    )
  }
  if (!('text' in key)) return keyOfValues(shape, key.values)
  const { cells } = shape.schema
  return encodeKey(
    shape.schema,
    key.text.map((text, i) => (cells === 'typed' ? typedCell(text, shape.keys[i]!.type) : textCell(text))),
  )
}

/** In a table of typed cells "1" and 1 are two keys: the column says which one is meant. */
function typedCell(text: string, type: ColumnType): Cell {
  if (type === 'bool' && (text === 'true' || text === 'false')) return text === 'true' ? trueCell : falseCell
  return type !== 'text' && numberLiteral.test(text) ? cellOf('number', utf8(text)) : textCell(text)
}

/** The key as text for messages: "id=1, year=1999". */
export function rowKeyText(shape: RowShape, key: RowKey): string {
  const parts = 'text' in key ? key.text : key.values
  return parts
    .map(
      (part, i) => `${shape.keys[i]?.name ?? '?'}=${typeof part === 'object' ? JSON.stringify(part) : part}`,
    )
    .join(', ')
}
