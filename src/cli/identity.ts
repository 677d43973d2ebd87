// Who commits, and when. The environment decides (VARVE_AUTHOR_NAME, VARVE_AUTHOR_EMAIL, VARVE_AUTHOR_DATE, for
// scripts and reproducible commits), then the repository's config, then the user's own.
import type { OpenOptions } from '../api/interface.ts'
import type { Person } from '../history/interface.ts'
import { usage } from './arguments.ts'
import type { Environment } from './interface.ts'

export type Clock = NonNullable<OpenOptions['now']>

export function environmentAuthor(environment: Environment): Partial<Person> {
  return partOfPerson(environment['VARVE_AUTHOR_NAME'], environment['VARVE_AUTHOR_EMAIL'])
}

export function configAuthor(config: ReadonlyMap<string, string>): Partial<Person> {
  return partOfPerson(config.get('user.name'), config.get('user.email'))
}

function partOfPerson(name: string | undefined, email: string | undefined): Partial<Person> {
  return { ...(name ? { name } : {}), ...(email ? { email } : {}) }
}

/** 'Ada Lovelace <ada@example.org>' */
export function parseAuthor(text: string): Person {
  const match = /^\s*([^<>]*[^<>\s])\s*<([^<>\s]+)>\s*$/.exec(text)
  if (match === null) throw usage(`author '${text}' is not of the form 'Name <email>'`)
  return { name: match[1]!, email: match[2]! }
}

/** A clock that stands at `text`: ISO 8601, or seconds since 1970 with an optional zone as Git writes it. */
export function fixedClock(text: string): Clock {
  const time = parseDate(text)
  return () => time
}

function parseDate(text: string): { timeMs: number; zoneMinutes: number } {
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

function badDate(text: string): Error {
  return usage(
    `date '${text}' is not understood`,
    "write it as '2026-11-23T14:35:00+01:00' or in seconds since 1970",
  )
}
