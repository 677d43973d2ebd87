// A row as a hash of Redis: its key, and its fields as text.
import { stringifyExact } from '../../table/exact-json.ts'
import type { Row, Value } from '../../table/interface.ts'
import type { KeyText } from '../sink.ts'

/**
 * 'shop:people:7'; parts of a key that has several are parted by colons, and what a part has of them is written as %3A. The
 * text '7' among numbers is 'shop:people:text%7': no other sign stands behind a percent sign but that of an escape.
 */
export function rowKey(prefix: string, table: string, key: readonly KeyText[]): string {
  const parts = key.map(({ kind, text }) => (kind === null ? '' : `${kind}%`) + partOf(text))
  return [prefix, partOf(table), ...parts].join(':')
}

/** Field, value, field, value, in the order of the columns; empty cells are no fields. */
export function rowFields(row: Row): (string | Buffer)[] {
  const fields: (string | Buffer)[] = []
  for (const [column, value] of Object.entries(row)) {
    if (value === null) continue
    fields.push(column, value instanceof Uint8Array ? Buffer.from(value) : textOf(value))
  }
  return fields
}

function partOf(text: string): string {
  return text.replaceAll(/[%:]/g, (sign) => (sign === ':' ? '%3A' : '%25'))
}

function textOf(value: Value): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (typeof value === 'object' && value !== null) return stringifyExact(value)
  return String(value)
}
