// JSON in cells without losing a digit: integers that a double cannot hold are bigints, within objects and arrays too.
// Neither JSON.parse nor JSON.stringify knows them, so they pass both as texts behind a mark that no text can have.
import { randomHex } from '../base/platform.ts'
import type { JsonValue } from './interface.ts'

const mark = `${randomHex(16)}:`
const marked = new RegExp(`"${mark}(-?\\d+)"`, 'g')
const textOrNumber = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/gs
const integer = /^-?[1-9]\d*$/

/** @throws SyntaxError for what is not JSON */
export function parseExact(text: string): JsonValue {
  const rounded = JSON.parse(text) as JsonValue
  // 2^53 has sixteen digits.
  if (!/\d{16}/.test(text)) return rounded
  const safe = text.replaceAll(textOrNumber, (token) =>
    integer.test(token) && !Number.isSafeInteger(Number(token)) ? `"${mark}${token}"` : token,
  )
  return JSON.parse(safe, (_, item: unknown) =>
    typeof item === 'string' && item.startsWith(mark) ? BigInt(item.slice(mark.length)) : item,
  ) as JsonValue
}

/** @throws TypeError for what JSON cannot say */
export function stringifyExact(value: JsonValue): string {
  const text = written(value)
  if (text === undefined) throw new TypeError('a cell must be a JSON value')
  return text
}

function written(value: JsonValue): string | undefined {
  try {
    return JSON.stringify(value) as string | undefined
  } catch (error) {
    // A bigint, or a circle: that is an error here too.
    if (!(error instanceof TypeError)) throw error
    const digits = (_: string, item: unknown): unknown => (typeof item === 'bigint' ? `${mark}${item}` : item)
    return JSON.stringify(value, digits).replaceAll(marked, '$1')
  }
}
