// Numbers in digits that a double holds as they are written, read without making a string. Both steps are exact or rounded
// once: up to 15 digits fit, and so does the power of ten that they are divided by (Clinger, "How to read floating point
// numbers accurately", 1990). SQLite reads them to the same double, so it does not matter which of the two did.

const digitsMax = 15
const powers = Array.from({ length: digitsMax + 1 }, (_, i) => 10 ** i)

/** The number that '12', '-0.5' or '007' spells; NaN for whatever is longer or spelled in another way. */
export function plainNumber(src: Uint8Array, start: number, end: number): number {
  const first = src[start] === 0x2d ? start + 1 : start
  if (end <= first || end - first > digitsMax + 1) return NaN
  let value = 0
  let point = -1
  for (let i = first; i < end; i++) {
    const digit = src[i]! - 0x30
    if (digit >= 0 && digit <= 9) value = value * 10 + digit
    else if (src[i] === 0x2e && point < 0 && i > first && i + 1 < end) point = i
    else return NaN
  }
  if (point < 0) {
    if (end - first > digitsMax) return NaN
  } else value /= powers[end - point - 1]!
  return first === start ? value : -value
}
