// Numbers as they are written, compared and added without losing a digit: no floats, so 0.1 is a tenth and integers
// have no end. A number is sign, digits and exponent; exponents are never written out as zeros unless the sum stays
// short, since '1e999999999' is eleven bytes and would be a billion digits.

/** digits * 10^exponent, digits without zeros in front; zero has none. */
export interface Decimal {
  readonly isNegative: boolean
  readonly digits: string
  readonly exponent: number
}

const literal = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d{1,9}))?$/
/** As a program writes a number: a code like 007 is none. */
const plainLiteral = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,9})?$/
const sumDigitsMax = 10_000

/** Reads a number; null when the text is none. */
export function parseDecimal(text: string): Decimal | null {
  const [, sign, mantissa, power] = literal.exec(text) ?? []
  if (mantissa === undefined) return null
  const [whole, fraction = ''] = mantissa.split('.')
  const digits = (whole! + fraction).replace(/^0+/, '')
  const exponent = Number(power ?? 0) - fraction.length
  return { isNegative: sign === '-' && digits !== '', digits, exponent: digits === '' ? 0 : exponent }
}

/** Below zero, zero or above zero, as for a sort. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.isNegative !== b.isNegative) return a.isNegative ? -1 : 1
  return a.isNegative ? compareSizes(b, a) : compareSizes(a, b)
}

function compareSizes(a: Decimal, b: Decimal): number {
  if (a.digits === '' || b.digits === '') return a.digits.length - b.digits.length
  const [left, right] = [a.digits.length + a.exponent, b.digits.length + b.exponent]
  if (left !== right) return left - right
  const length = Math.max(a.digits.length, b.digits.length)
  const [x, y] = [a.digits.padEnd(length, '0'), b.digits.padEnd(length, '0')]
  return x < y ? -1 : x > y ? 1 : 0
}

/**
 * ours + theirs - base, with as many decimal places as the longest of the three has. null: one of them is no number
 * as programs write them, or the sum would be too long to write out.
 */
export function exactSum(base: string, ours: string, theirs: string): string | null {
  if (![base, ours, theirs].every((text) => plainLiteral.test(text))) return null
  const numbers = [base, ours, theirs].map((text) => parseDecimal(text)!)
  const places = Math.max(0, ...[base, ours, theirs].map(placesOf))
  const longest = Math.max(...numbers.map(({ digits, exponent }) => digits.length + exponent))
  if (places > sumDigitsMax || longest > sumDigitsMax) return null
  const [before, mine, yours] = numbers.map((number) => scaled(number, places))
  const sum = mine! + yours! - before!
  const text = (sum < 0n ? -sum : sum).toString().padStart(places + 1, '0')
  const whole = text.slice(0, text.length - places)
  return (sum < 0n ? '-' : '') + (places === 0 ? whole : `${whole}.${text.slice(-places)}`)
}

/** How many decimal places are written, zeros at the end among them. */
function placesOf(text: string): number {
  const [mantissa, power] = text.split(/[eE]/)
  const fraction = mantissa!.split('.')[1] ?? ''
  return fraction.length - Number(power ?? 0)
}

function scaled({ isNegative, digits, exponent }: Decimal, places: number): bigint {
  if (digits === '') return 0n
  const size = BigInt(digits + '0'.repeat(exponent + places))
  return isNegative ? -size : size
}
