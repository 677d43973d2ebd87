// Dates as people type them.
import { VarveError } from './errors.ts'

/** ISO 8601, in this machine's zone unless it names one, or seconds since 1970 with an optional zone. */
export function parseDate(text: string): { timeMs: number; zoneMinutes: number } {
  const epoch = /^@?(\d{1,12})(?:\s+([+-]\d{4}))?$/.exec(text.trim())
  if (epoch !== null) return { timeMs: Number(epoch[1]) * 1000, zoneMinutes: zone(epoch[2] ?? '+0000') }
  const iso = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)\s*(Z|[+-]\d\d:?\d\d)?)?$/.exec(
    text.trim(),
  )
  if (iso === null) throw badDate(text)
  const offset = iso[3] === undefined || iso[3] === 'Z' ? iso[3] : `${iso[3].slice(0, 3)}:${iso[3].slice(-2)}`
  const timeMs = Date.parse(`${iso[1]}T${iso[2] ?? '00:00'}${offset ?? ''}`)
  if (Number.isNaN(timeMs)) throw badDate(text)
  // `|| 0`: getTimezoneOffset is 0 in UTC, and -0 is not the canonical zero.
  if (offset === undefined) return { timeMs, zoneMinutes: -new Date(timeMs).getTimezoneOffset() || 0 }
  return { timeMs, zoneMinutes: offset === 'Z' ? 0 : zone(offset) }
}

function zone(text: string): number {
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(-2))
  return text.startsWith('-') ? -minutes || 0 : minutes
}

const dayMs = 86_400_000
const unitMs = { second: 1000, minute: 60_000, hour: 3_600_000, day: dayMs, week: 7 * dayMs } as const

/** A moment, in milliseconds since 1970: a date as above, 'now', 'yesterday', or '3 days ago', up to years. */
export function parseMoment(text: string, nowMs: number): number {
  const ago = /^(\d{1,6})[ .](second|minute|hour|day|week|month|year)s?[ .]ago$/.exec(text.trim())
  if (text.trim() === 'now') return nowMs
  if (ago === null) return text.trim() === 'yesterday' ? nowMs - dayMs : parseDate(text).timeMs
  const [count, unit] = [Number(ago[1]), ago[2] as keyof typeof unitMs | 'month' | 'year']
  if (unit !== 'month' && unit !== 'year') return nowMs - count * unitMs[unit]
  const date = new Date(nowMs)
  date.setMonth(date.getMonth() - count * (unit === 'year' ? 12 : 1))
  return date.getTime()
}

function badDate(text: string): VarveError {
  return new VarveError('VARVE_USAGE', `date '${text}' is not understood`, {
    hint: "write it as '2026-11-23T14:35:00+01:00' or in seconds since 1970",
  })
}
