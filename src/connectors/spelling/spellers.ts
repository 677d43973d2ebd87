// How a database writes a value that somebody else has written: 1.5 is 1.50 in a numeric(10,2), and a uuid has small
// letters.
import { canonicalNumber } from '../../base/decimal.ts'
import { jsonNumber } from '../../table/cell.ts'
import { float32Text, float64Text } from './float-text.ts'
import { instantOf } from './instant.ts'
import { hostForm, macForm, unpadded } from './same-value.ts'

/** The texts that a database may show for a value, the likeliest first. */
export type Speller = (text: string) => readonly string[]

/** A numeric without a scale keeps as many zeros as somebody wrote. */
const zerosTried = 20

export function decimalSpeller(scale: number): Speller {
  return (text) => {
    const plain = plainNumber(text)
    return plain === null ? [text] : [padded(plain, scale)]
  }
}

/** Of a type that keeps zeros as they were written. */
export const unscaledSpeller: Speller = (text) => {
  const plain = plainNumber(text)
  if (plain === null) return [text]
  const others = Array.from({ length: zerosTried }, (_, i) => padded(plain, i))
  return [/e/i.test(text) ? plain : text, plain, ...others]
}

export const float32Speller: Speller = (text) =>
  floatTexts(text, (number) => float32Text(Math.fround(number)))

export const float64Speller: Speller = (text) => floatTexts(text, float64Text)

export const dateSpeller: Speller = (text) => [instantOf(text)?.day ?? text]

export function timestampSpeller(zone: 'Z' | ''): Speller {
  return (text) => {
    const instant = instantOf(text)
    return [instant === null ? text : `${instant.time}${zone}`]
  }
}

export const uuidSpeller: Speller = (text) => [
  text
    .toLowerCase()
    .replaceAll(/[{}-]/g, '')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
]

export const paddedSpeller: Speller = (text) => [unpadded(text)]

export const inetSpeller: Speller = (text) => [hostForm(text)]

export const cidrSpeller: Speller = (text) => [
  text.includes('/') ? text : `${text}${text.includes(':') ? '/128' : '/32'}`,
]

export const macaddr8Speller: Speller = (text) => [macForm(text)]

export function decimalsSpeller(scale: number): Speller {
  return (text) => [
    text.replaceAll(/-?\d+(\.\d+)?(?=[,}])/g, (number) => padded(plainNumber(number) ?? number, scale)),
  ]
}

function floatTexts(text: string, spell: (number: number) => string): readonly string[] {
  const number = Number(text)
  return [Number.isFinite(number) ? spell(number) : text]
}

/** Without zeros at its end, and without a power; null for what is no number. */
function plainNumber(text: string): string | null {
  if (!jsonNumber.test(text)) return null
  const plain = canonicalNumber(text)
  if (plain.includes('e')) return null
  return plain.includes('.') ? plain.replace(/\.?0+$/, '') : plain
}

function padded(plain: string, scale: number): string {
  const [whole, fraction = ''] = plain.split('.')
  return scale <= fraction.length ? plain : `${whole}.${fraction.padEnd(scale, '0')}`
}
