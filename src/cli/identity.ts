// Who commits, and when. The environment decides (VARVE_AUTHOR_NAME, VARVE_AUTHOR_EMAIL, VARVE_AUTHOR_DATE, for
// scripts and reproducible commits), then the repository's config, then the user's own.
import type { OpenOptions } from '../api/interface.ts'
import type { Person } from '../history/interface.ts'
import { usage } from './arguments.ts'
import { parseDate } from '../base/moment.ts'
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

/** Reads an author of the form 'Ada Lovelace <ada@example.org>'. */
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
