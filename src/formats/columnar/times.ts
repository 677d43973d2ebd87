// Dates and times between the numbers that files hold and the ISO 8601 text that cells hold, to the last digit. Years
// beyond four digits are written with a sign, as ISO 8601 has it. JavaScript's Date ends at milliseconds: it is not used.

export type TimeUnit = 'MILLIS' | 'MICROS' | 'NANOS'

const perSecond: Readonly<Record<TimeUnit, bigint>> = {
  MILLIS: 1_000n,
  MICROS: 1_000_000n,
  NANOS: 1_000_000_000n,
}
const digitsOf: Readonly<Record<TimeUnit, number>> = { MILLIS: 3, MICROS: 6, NANOS: 9 }
const daySeconds = 86_400n

/** A day, counted from 1970-01-01, as 'YYYY-MM-DD'. */
export function dateText(days: bigint): string {
  // Civil date from days, in eras of 400 years that begin in March.
  const shifted = days + 719_468n
  const era = floorDiv(shifted, 146_097n)
  const dayOfEra = Number(shifted - era * 146_097n)
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const year = BigInt(yearOfEra) + era * 400n + (month <= 2 ? 1n : 0n)
  return `${yearText(year)}-${two(month)}-${two(day)}`
}

/** A time, counted in `unit` from 1970, as 'YYYY-MM-DDTHH:MM:SS.ffffff', with 'Z' when it is an instant. */
export function timestampText(value: bigint, unit: TimeUnit, isUtc: boolean): string {
  const seconds = floorDiv(value, perSecond[unit])
  const days = floorDiv(seconds, daySeconds)
  const ofDay = value - days * daySeconds * perSecond[unit]
  return `${dateText(days)}T${timeText(ofDay, unit)}${isUtc ? 'Z' : ''}`
}

/** Units since midnight as 'HH:MM:SS.ffffff'; whole seconds have no fraction, others three, six or nine digits. */
export function timeText(value: bigint, unit: TimeUnit): string {
  const seconds = Number(value / perSecond[unit])
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  let fraction = (value % perSecond[unit]).toString().padStart(digitsOf[unit], '0')
  while (fraction.endsWith('000')) fraction = fraction.slice(0, -3)
  return fraction === '' ? clock : `${clock}.${fraction}`
}

const datePattern = /^([+-]\d{5,9}|\d{4})-(\d\d)-(\d\d)$/

/** Days since 1970-01-01; null when the text is no date of the calendar. */
export function parseDate(text: string): bigint | null {
  const match = datePattern.exec(text)
  if (match === null) return null
  const [year, month, day] = [BigInt(match[1]!), Number(match[2]), Number(match[3])]
  if (month < 1 || month > 12 || day < 1 || day > 31) return null
  const days = daysOf(year, month, day)
  return dateText(days) === text ? days : null
}

export interface Timestamp {
  /** Nanoseconds since 1970. */
  readonly nanos: bigint
  /** Digits of the fraction as written. */
  readonly digits: number
  /** 'Z', an offset, or '' when it is a local time. */
  readonly zone: string
}

const timestampPattern = /^(.+)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?$/

/** As written, its offset not applied; null when it is no time that a file could hold. */
export function parseTimestamp(text: string): Timestamp | null {
  const match = timestampPattern.exec(text)
  const days = match === null ? null : parseDate(match[1]!)
  if (match === null || days === null) return null
  const [hours, minutes, seconds] = [Number(match[2]), Number(match[3]), Number(match[4] ?? '0')]
  // A leap second has no number of its own.
  if (hours > 23 || minutes > 59 || seconds > 59) return null
  const fraction = match[5] ?? ''
  const ofDay = BigInt(hours * 3600 + minutes * 60 + seconds)
  const nanos = (days * daySeconds + ofDay) * perSecond.NANOS + BigInt(fraction.padEnd(9, '0'))
  return { nanos, digits: fraction.length, zone: match[6] ?? '' }
}

function daysOf(year: bigint, month: number, day: number): bigint {
  const shiftedYear = month <= 2 ? year - 1n : year
  const era = floorDiv(shiftedYear, 400n)
  const yearOfEra = Number(shiftedYear - era * 400n)
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097n + BigInt(dayOfEra) - 719_468n
}

function floorDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b < 0n ? quotient - 1n : quotient
}

function yearText(year: bigint): string {
  if (year >= 0n && year <= 9999n) return year.toString().padStart(4, '0')
  return (year < 0n ? '-' : '+') + (year < 0n ? -year : year).toString().padStart(5, '0')
}

function two(value: number): string {
  return value.toString().padStart(2, '0')
}
