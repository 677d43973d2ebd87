// Four bytes of a cell at a time: which of them may end the cell, or ask for quotes. A table of bytes costs a look-up and a
// branch each; these are a few operations for all four (Hacker's Delight, 6-1: bytes that are zero, or below
// a bound).
import { cr, type Dialect } from './plan.ts'

export const wordBytes = 4
const ones = 0x01010101
const tops = 0x80808080
/** Above all line ends, and some other control characters. */
const bounds: number = fourOf(cr + 1)

/** Each four times, in the bytes of a number. */
export interface Stops {
  readonly delimiters: number
  readonly quotes: number
}

/** Where the file knows no quoting a byte of no UTF-8 stands for it. */
export function stopsOf({ delimiter, quote }: Dialect): Stops {
  return { delimiters: fourOf(delimiter), quotes: fourOf(quote) }
}

/** 0: none of the four bytes has a class. Else the lowest bit that is set is in the first one that may have. */
export function stopsIn(word: number, { delimiters, quotes }: Stops): number {
  const a = word ^ delimiters
  return ((((word - bounds) & ~word) | ((a - ones) & ~a)) & tops) | quotesIn(word, quotes)
}

/** As `stopsIn`, for quotes alone, as they matter within quotes. */
export function quotesIn(word: number, quotes: number): number {
  const a = word ^ quotes
  return (a - ones) & ~a & tops
}

/** How many bytes come before the first stop of `stops`, which is not 0. */
export function bytesBefore(stops: number): number {
  return (31 - Math.clz32(stops & -stops)) >>> 3
}

function fourOf(byte: number): number {
  return Math.imul(byte & 255, ones)
}
