// A point in time as databases write it, in one spelling: the day, and the time of UTC.

export interface Instant {
  /** '2024-05-06' */
  readonly day: string
  /** '2024-05-06T07:08:09.5', without zeros at the end and without a zone. */
  readonly time: string
}

const pattern =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:[T ](\d\d?):(\d\d)(?::(\d\d)(?:\.(\d+))?)?\s*(?:(Z)|([+-])(\d\d)(?::?(\d\d))?)?)?$/i

/** A time without a zone is UTC, as links write it. null for what is no time of these years, or no day at all. */
export function instantOf(text: string): Instant | null {
  const parts = pattern.exec(text.trim())
  if (parts === null) return null
  const [year, month, day, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => (part === undefined ? undefined : Number(part))) as number[]
  const [fraction = '', , sign, hours = '0', minutes = '0'] = parts.slice(7)
  const time = new Date(0)
  time.setUTCFullYear(year!, month! - 1, day)
  time.setUTCHours(hour, minute, second)
  // The 31st of June is no other day.
  if (time.getUTCDate() !== day || time.getUTCHours() !== hour || time.getUTCSeconds() !== second) return null
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1)
  const iso = new Date(time.getTime() - offset * 60_000).toISOString()
  // Of a year before 0 or after 9999, ISO 8601 has six digits and a sign.
  if (iso.length !== 24) return null
  const digits = fraction.replace(/0+$/, '')
  return { day: iso.slice(0, 10), time: `${iso.slice(0, 19)}${digits === '' ? '' : `.${digits}`}` }
}
