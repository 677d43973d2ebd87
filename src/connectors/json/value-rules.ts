// Rules of a declaration: a property, and the values that it may have. What a value is, text and number alike, is told by
// its characters.
import { utf8Text } from '../../base/bytes.ts'
import type { ValueRule } from '../../dataset/interface.ts'
import type { CellKind } from '../../table/interface.ts'
import { type JsonRange, rangeAt } from './range.ts'

export interface RuledValue {
  readonly kind: CellKind
  /** Of a text or a number. */
  readonly bytes: Uint8Array
}

/** Whether it is one of the values; '*' is anything but null and false. */
export function isOneOf(values: readonly string[], { kind, bytes }: RuledValue): boolean {
  const isValue = kind !== 'absent' && kind !== 'null' && kind !== 'false'
  const text = kind === 'text' || kind === 'number' ? utf8Text(bytes) : kind
  return values.some((value) => (value === '*' ? isValue : value === text && kind !== 'json'))
}

/** As `isOneOf`, of what marks a row as gone: 0 and the empty text, which many write for no, are none of '*'. */
export function marksGone(values: readonly string[], value: RuledValue): boolean {
  const { kind, bytes } = value
  const isEmpty = (kind === 'text' && bytes.length === 0) || (kind === 'number' && isZero(bytes))
  return isOneOf(isEmpty ? values.filter((one) => one !== '*') : values, value)
}

function isZero(bytes: Uint8Array): boolean {
  return Number(utf8Text(bytes)) === 0
}

export function valueIn({ kind, src, start, end }: JsonRange): RuledValue {
  return { kind, bytes: src.subarray(start, end) }
}

/** Whether the item says of itself that it is gone. */
export function isGone(rules: readonly ValueRule[] = [], item: JsonRange): boolean {
  return (
    rules.length > 0 &&
    rules.every(({ path, values }) => {
      const found = rangeAt(item, path)
      return found !== null && marksGone(values, valueIn(found))
    })
  )
}
