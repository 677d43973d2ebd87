// Keys and values of YAML that stand in one line and mean what they seem to: plain and quoted scalars, and flow
// sequences of such. Everything else is null here, and left to the package `yaml`.
import { canonicalNumber } from '../../base/decimal.ts'
import type { ValueId, ValueTable } from '../structure/values.ts'

export interface FoundScalar {
  readonly end: number
  readonly value: ValueId
}

/** The package takes longer keys for none. */
const keyLengthMax = 1000

const quotedPattern = /"(?:[^"\\\p{Cc}\ufeff]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"|'(?:[^'\p{Cc}\ufeff]|'')*'/uy
const restOfLine = /[ ]*(?: #.*)?(?:\r?\n|$)/y
const colonPattern = /[ ]*:(?= |\r?\n|$)/y
const plainStart = /^(?:[^\s\-?:,[\]{}#&*!|>'"%@`]|-[\w.])/
const notPlain = /[\p{Cc}\ufeff\u2028\u2029]|:(?: |$)| #/u
const flowItem = /"[^"\\\p{Cc}\ufeff]*"|'[^'\p{Cc}\ufeff]*'|-?[\p{L}\p{N}_.][\p{L}\p{N}_./+ -]*/u
const flowSequence = new RegExp(
  `\\[ *(?:(?:${flowItem.source}) *(?:, *(?:${flowItem.source}) *)*)?\\]|\\{\\}`,
  'uy',
)
const flowItems = new RegExp(flowItem.source, 'gu')

/** The core schema of YAML 1.2. */
const nullWords = /^(?:~|[Nn]ull|NULL)$/
const truthWords = /^(?:[Tt]rue|TRUE|[Ff]alse|FALSE)$/
const numbers =
  /^(?:0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/
const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

const [simpleLetter, simpleDigit, simpleSign] = [1, 2, 3]
/** By character: what it is in a simple scalar; 0 where it may mean something. */
const simpleSigns = Uint8Array.from({ length: 128 }, (_, code) => {
  const sign = String.fromCharCode(code)
  if (/[a-zA-Z]/.test(sign)) return simpleLetter
  if (/[0-9]/.test(sign)) return simpleDigit
  return /[ _./()+-]/.test(sign) ? simpleSign : 0
})

/** What plain scalars mean: most of them come again, in this version or the next. */
export type PlainScalars = Map<string, ValueId>

export interface LineContext {
  readonly values: ValueTable
  readonly plain: PlainScalars
}

/** The key that begins at `at`, and where its colon ends; null when there is none. */
export function keyAt(text: string, at: number, context: LineContext): { end: number; key: ValueId } | null {
  const quoted = quotedEnd(text, at)
  const end = quoted ?? plainKeyEnd(text, at)
  if (end === null || end - at > keyLengthMax) return null
  colonPattern.lastIndex = end
  if (!colonPattern.test(text)) return null
  const source = text.slice(at, end)
  const key = quoted === null ? plainScalar(source, context) : context.values.string(unquoted(source))
  return key === null ? null : { end: colonPattern.lastIndex, key }
}

/** A value that begins at `at` and fills its line, but for a comment. */
export function lineScalar(text: string, at: number, context: LineContext): FoundScalar | null {
  const { values } = context
  const code = text.charCodeAt(at)
  if (code === 0x5b || code === 0x7b) return filling(text, flowAt(text, at, values))
  const quoted = quotedEnd(text, at)
  if (quoted !== null)
    return filling(text, { end: quoted, value: values.string(unquoted(text.slice(at, quoted))) })
  const newline = text.indexOf('\n', at)
  const line = text.slice(at, newline === -1 ? text.length : newline)
  const comment = line.indexOf(' #')
  let end = comment === -1 ? line.length : comment
  while (end > 0 && (line.charCodeAt(end - 1) === 0x20 || line.charCodeAt(end - 1) === 0x0d)) end--
  const source = line.slice(0, end)
  const value = plainScalar(source, context)
  return value === null ? null : { end: at + source.length, value }
}

/** The value of a plain scalar; null when it is none, or may be something else. */
function plainScalar(source: string, { values, plain }: LineContext): ValueId | null {
  const simple = simpleScalar(source, values)
  if (simple !== null) return simple
  const known = plain.get(source)
  if (known !== undefined) return known
  if (!plainStart.test(source) || notPlain.test(source)) return null
  const value = plainValue(source, values)
  plain.set(source, value)
  return value
}

/** Most scalars are words, or whole numbers: the signs in them leave no doubt. */
function simpleScalar(source: string, values: ValueTable): ValueId | null {
  const { length } = source
  let digits = 0
  for (let i = 0; i < length; i++) {
    const code = source.charCodeAt(i)
    const sign = code < 128 ? simpleSigns[code]! : 0
    if (sign === 0 || (i === 0 && sign === simpleSign)) return null
    if (sign === simpleDigit) digits++
  }
  const first = length === 0 ? 0 : simpleSigns[source.charCodeAt(0)]!
  // Longer than null, true and false.
  if (first === simpleLetter) return length > 5 ? values.string(source) : null
  const isNumber = first === simpleDigit && digits === length && length < 16
  return isNumber && (source.charCodeAt(0) !== 0x30 || length === 1) ? values.other(source) : null
}

function filling(text: string, found: FoundScalar | null): FoundScalar | null {
  if (found === null) return null
  restOfLine.lastIndex = found.end
  return restOfLine.test(text) ? found : null
}

function flowAt(text: string, at: number, values: ValueTable): FoundScalar | null {
  flowSequence.lastIndex = at
  const source = flowSequence.exec(text)?.[0]
  if (source === undefined) return null
  const end = at + source.length
  if (source === '{}') return { end, value: values.emptyObject }
  const items = source.match(flowItems) ?? []
  const ids = items.map((item) =>
    item.startsWith('"') || item.startsWith("'")
      ? values.string(item.slice(1, -1))
      : plainValue(item.trimEnd(), values),
  )
  return { end, value: values.array(ids) }
}

function quotedEnd(text: string, at: number): number | null {
  const code = text.charCodeAt(at)
  if (code !== 0x22 && code !== 0x27) return null
  quotedPattern.lastIndex = at
  return quotedPattern.test(text) ? quotedPattern.lastIndex : null
}

/** The end of a plain key, before any spaces that precede its colon; null when there is none. */
function plainKeyEnd(text: string, at: number): number | null {
  for (let i = at; i < at + keyLengthMax; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x0a || Number.isNaN(code)) return null
    if (code !== 0x3a) continue
    const next = text.charCodeAt(i + 1)
    if (next !== 0x20 && next !== 0x0a && next !== 0x0d && !Number.isNaN(next)) continue
    let end = i
    while (end > at && text.charCodeAt(end - 1) === 0x20) end--
    return end
  }
  return null
}

function unquoted(source: string): string {
  if (source.startsWith("'")) return source.slice(1, -1).replaceAll("''", "'")
  return source.includes('\\') ? (JSON.parse(source) as string) : source.slice(1, -1)
}

/** The value of a plain scalar. Numbers are told apart by their spelling, not by JavaScript's value of them. */
function plainValue(source: string, values: ValueTable): ValueId {
  if (truthWords.test(source)) return values.other(source.toLowerCase())
  if (nullWords.test(source)) return values.other('null')
  if (!numbers.test(source)) return values.string(source)
  return values.other(jsonNumber.test(source) ? canonicalNumber(source) : source)
}
