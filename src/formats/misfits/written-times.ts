// Whether a text is a date, or a date with a time of day, as a look at its bytes tells: it is asked of each value of such a
// column, where a pattern would take most of the time.

const zero = 0x30
const daysOf = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** 'YYYY-MM-DD', a day of the calendar. */
export function isDateText(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === 10 && isDay(bytes, start)
}

/** A date, or one with 'T' or a space and 'hh:mm', seconds and their fraction, and a zone, each as far as it is there. */
export function isTimestampText(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 10 || !isDay(bytes, start)) return false
  if (end - start === 10) return true
  const mark = bytes[start + 10]!
  if (mark !== 0x54 && mark !== 0x20) return false
  let at = clockEnd(bytes, start + 11, end)
  if (at === end) return true
  if (at < 0) return false
  if (bytes[at] === 0x5a) return at + 1 === end
  if (bytes[at] !== 0x2b && bytes[at] !== 0x2d) return false
  // The zone: +hh, +hhmm, +hh:mm.
  if (number(bytes, ++at, 2, end) < 0) return false
  at += 2
  if (at === end) return true
  if (bytes[at] === 0x3a) at++
  return number(bytes, at, 2, end) >= 0 && at + 2 === end
}

/** Behind 'hh:mm', 'hh:mm:ss' or 'hh:mm:ss.ffffff', or -1. */
function clockEnd(bytes: Uint8Array, start: number, end: number): number {
  if (!isWithin(bytes, start, end, 24) || bytes[start + 2] !== 0x3a || !isWithin(bytes, start + 3, end, 59))
    return -1
  let at = start + 5
  if (at >= end || bytes[at] !== 0x3a) return at
  if (!isWithin(bytes, at + 1, end, 60)) return -1
  at += 3
  if (at >= end || bytes[at] !== 0x2e) return at
  const fraction = ++at
  while (at < end && isDigit(bytes[at]!)) at++
  return at === fraction ? -1 : at
}

function isWithin(bytes: Uint8Array, at: number, end: number, most: number): boolean {
  const found = number(bytes, at, 2, end)
  return found >= 0 && found <= most
}

function isDay(bytes: Uint8Array, start: number): boolean {
  const end = start + 10
  const year = number(bytes, start, 4, end)
  const month = number(bytes, start + 5, 2, end)
  const day = number(bytes, start + 8, 2, end)
  if (
    year < 0 ||
    month < 1 ||
    month > 12 ||
    day < 1 ||
    bytes[start + 4] !== 0x2d ||
    bytes[start + 7] !== 0x2d
  )
    return false
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day <= daysOf[month - 1]! && (month !== 2 || day < 29 || isLeap)
}

/** The number that so many digits are, or -1. */
function number(bytes: Uint8Array, at: number, digits: number, end: number): number {
  if (at + digits > end) return -1
  let value = 0
  for (let i = at; i < at + digits; i++) {
    if (!isDigit(bytes[i]!)) return -1
    value = 10 * value + bytes[i]! - zero
  }
  return value
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= zero + 9
}
