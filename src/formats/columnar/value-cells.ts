// Values of typed columns as cells, digit by digit: nothing goes through a number that could not hold it.
import { utf8 } from '../../base/bytes.ts'
import { cellOf, textCell } from '../../table/cell.ts'
import type { Cell } from '../../table/interface.ts'

export function intCell(value: bigint | number): Cell {
  return cellOf('number', utf8(value.toString()))
}

/** The shortest text that gives this double again; what is no number to JSON (NaN, Infinity) is text. */
export function floatCell(value: number): Cell {
  if (!Number.isFinite(value)) return textCell(String(value))
  return cellOf('number', utf8(Object.is(value, -0) ? '-0.0' : String(value)))
}

/** The number `unscaled` / 10^scale, with all its digits. */
export function decimalCell(unscaled: bigint, scale: number): Cell {
  return cellOf('number', utf8(decimalText(unscaled, scale)))
}

function decimalText(unscaled: bigint, scale: number): string {
  if (scale === 0) return unscaled.toString()
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  const at = digits.length - scale
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, at)}.${digits.slice(at)}`
}

/** The number whose big-endian two's complement these bytes are. */
export function bigIntOfBytes(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return BigInt.asIntN(8 * bytes.length, value)
}
