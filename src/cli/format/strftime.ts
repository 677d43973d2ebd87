// Dates by a format of strftime, as Git's `--date=format:…` has them, in C's own locale whatever the machine's is.
import { isoText } from '../../base/time.ts'
import type { Signature } from '../../history/interface.ts'
import { usage } from '../arguments.ts'

const dayMs = 86_400_000
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

interface Moment {
  readonly timeMs: number
  /** '+0100' */
  readonly zone: string
  /** What the clock shows there, as if it were UTC. */
  readonly clock: Date
}

const two = (value: number): string => String(value).padStart(2, '0')
const padded = (value: number): string => String(value).padStart(2, ' ')
const hour12 = (clock: Date): number => clock.getUTCHours() % 12 || 12
const year = (clock: Date): number => clock.getUTCFullYear()

function dayOfYear(clock: Date): number {
  return Math.floor((clock.getTime() - Date.UTC(year(clock), 0, 1)) / dayMs)
}

/** Of the year's weeks, that begin on `first` (0: Sunday); 0 before the first of them. */
function weekOfYear(clock: Date, first: number): number {
  return Math.floor((dayOfYear(clock) + 7 - ((clock.getUTCDay() + 7 - first) % 7)) / 7)
}

/** The Thursday of its week, whose year and week ISO 8601 gives to all of it. */
function thursday(clock: Date): Date {
  return new Date(clock.getTime() + (3 - ((clock.getUTCDay() + 6) % 7)) * dayMs)
}

const parts: Readonly<Record<string, string | ((moment: Moment) => string)>> = {
  '%': () => '%',
  n: () => '\n',
  t: () => '\t',
  a: ({ clock }) => days[clock.getUTCDay()]!.slice(0, 3),
  A: ({ clock }) => days[clock.getUTCDay()]!,
  b: ({ clock }) => months[clock.getUTCMonth()]!.slice(0, 3),
  B: ({ clock }) => months[clock.getUTCMonth()]!,
  C: ({ clock }) => two(Math.floor(year(clock) / 100)),
  d: ({ clock }) => two(clock.getUTCDate()),
  e: ({ clock }) => padded(clock.getUTCDate()),
  g: ({ clock }) => two(year(thursday(clock)) % 100),
  G: ({ clock }) => String(year(thursday(clock))),
  H: ({ clock }) => two(clock.getUTCHours()),
  I: ({ clock }) => two(hour12(clock)),
  j: ({ clock }) => String(dayOfYear(clock) + 1).padStart(3, '0'),
  k: ({ clock }) => padded(clock.getUTCHours()),
  l: ({ clock }) => padded(hour12(clock)),
  m: ({ clock }) => two(clock.getUTCMonth() + 1),
  M: ({ clock }) => two(clock.getUTCMinutes()),
  p: ({ clock }) => (clock.getUTCHours() < 12 ? 'AM' : 'PM'),
  P: ({ clock }) => (clock.getUTCHours() < 12 ? 'am' : 'pm'),
  s: ({ timeMs }) => String(Math.floor(timeMs / 1000)),
  S: ({ clock }) => two(clock.getUTCSeconds()),
  u: ({ clock }) => String(clock.getUTCDay() || 7),
  U: ({ clock }) => two(weekOfYear(clock, 0)),
  V: ({ clock }) => two(Math.floor(dayOfYear(thursday(clock)) / 7) + 1),
  w: ({ clock }) => String(clock.getUTCDay()),
  W: ({ clock }) => two(weekOfYear(clock, 1)),
  y: ({ clock }) => two(year(clock) % 100),
  Y: ({ clock }) => String(year(clock)),
  z: ({ zone }) => zone,
  // A commit knows how far its zone is from UTC, not what it is called: Git writes nothing, too.
  Z: () => '',
  c: '%a %b %e %H:%M:%S %Y',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  h: '%b',
  r: '%I:%M:%S %p',
  R: '%H:%M',
  T: '%H:%M:%S',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
}

/** @throws VarveError VARVE_USAGE for what is not known */
export function strftime(format: string): (signature: Pick<Signature, 'timeMs' | 'zoneMinutes'>) => string {
  for (const [whole, name] of format.matchAll(/%([\s\S]?)/g))
    if (!Object.hasOwn(parts, name!))
      throw usage(
        `'${whole}' is no part of a date`,
        `known: ${Object.keys(parts).join(' ')}, each behind a '%'`,
      )
  return (signature) => {
    const { timeMs, zoneMinutes } = signature
    const clock = new Date(timeMs + zoneMinutes * 60_000)
    return filled(format, { timeMs, clock, zone: isoText(signature).slice(-5) })
  }
}

function filled(format: string, moment: Moment): string {
  return format.replaceAll(/%([\s\S])/g, (_, name: string) => {
    const part = parts[name]!
    return typeof part === 'string' ? filled(part, moment) : part(moment)
  })
}
