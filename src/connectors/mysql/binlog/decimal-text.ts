// DECIMAL as MySQL stores it: groups of nine digits in four bytes, big-endian, the outer groups in as few bytes as they
// need; the first bit is turned over, and all of them when the number is negative.
import { corrupt } from '../../../base/errors.ts'
import type { ByteCursor } from './byte-cursor.ts'

const groupDigits = 9
/** Bytes that a group of so many digits takes. */
const bytesOf = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4]

export function decimalText(cursor: ByteCursor, precision: number, scale: number): string {
  const [whole, fraction] = bothGroups(precision, scale)
  const bytes = Buffer.from(cursor.take(decimalBytes(precision, scale)))
  const isNegative = (bytes[0]! & 0x80) === 0
  bytes[0]! ^= 0x80
  if (isNegative) for (let i = 0; i < bytes.length; i++) bytes[i]! ^= 0xff
  let at = 0
  const text = (sizes: readonly number[]): string =>
    sizes
      .map((digits) => {
        const size = bytesOf[digits]!
        const value = size === 0 ? 0 : bytes.readUIntBE(at, size)
        at += size
        return digits === 0 ? '' : String(value).padStart(digits, '0')
      })
      .join('')
  const [left, right] = [text(whole).replace(/^0+(?=\d)/, '') || '0', text(fraction)]
  return `${isNegative ? '-' : ''}${left}${right === '' ? '' : `.${right}`}`
}

/** How many it takes. @throws VarveError VARVE_CORRUPT */
export function decimalBytes(precision: number, scale: number): number {
  return bothGroups(precision, scale)
    .flat()
    .reduce((sum, digits) => sum + bytesOf[digits]!, 0)
}

/** Before and after the point. */
function bothGroups(precision: number, scale: number): [number[], number[]] {
  if (scale > precision || precision === 0)
    throw corrupt('the binary log has a DECIMAL of an impossible size')
  return [groups(precision - scale, 'first'), groups(scale, 'last')]
}

/** Sizes in digits; the one that is not full lies on the outside. */
function groups(digits: number, partial: 'first' | 'last'): number[] {
  const full = Array.from({ length: Math.floor(digits / groupDigits) }, () => groupDigits)
  return partial === 'first' ? [digits % groupDigits, ...full] : [...full, digits % groupDigits]
}
