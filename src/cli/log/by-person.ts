// Commits by who made them, as `varve shortlog` lists them. Without a summary all subjects are held until the last one is known.
import { compareBytes, utf8 } from '../../base/bytes.ts'
import type { LoggedCommit } from '../../api/interface.ts'
import type { Person } from '../../history/interface.ts'
import type { Mailmap } from '../../history/mailmap.ts'
import { subjectOf } from '../../history/message.ts'
import { trailersOf } from '../../history/trailers.ts'
import { usage } from '../arguments.ts'

export interface PersonCommits {
  readonly name: string
  readonly email?: string
  readonly count: number
  /** Oldest first; not in a summary. */
  readonly commits?: readonly { readonly id: string; readonly subject: string }[]
}

interface Grouping {
  /** 'author', 'committer', 'trailer:KEY': a commit belongs to each different answer. */
  readonly groups: readonly string[]
  readonly isSummary: boolean
  /** Who made most comes first; else by name. */
  readonly isNumbered: boolean
  readonly hasEmail: boolean
  readonly mailmap: Mailmap
}

/** A trailer may hold a text that names nobody's address. */
type Label = Pick<Person, 'name'> & Partial<Person>

/** @throws VarveError VARVE_USAGE for a group that is unknown */
export async function commitsByPerson(
  newestFirst: AsyncIterable<LoggedCommit>,
  { groups: words, isSummary, isNumbered, hasEmail, mailmap }: Grouping,
): Promise<PersonCommits[]> {
  const groupings = words.map(groupingOf)
  const groups = new Map<string, Label & { count: number; commits: LoggedSubject[] }>()
  for await (const commit of newestFirst) {
    const labels = new Map<string, Label>()
    for (const found of groupings.flatMap((grouping) => grouping(commit))) {
      const label = found.email === undefined ? found : mailmap.of({ ...found, email: found.email })
      labels.set(hasEmail && label.email !== undefined ? `${label.name} <${label.email}>` : label.name, label)
    }
    for (const [key, { name, email }] of labels) {
      const group = groups.get(key) ?? {
        name,
        ...(hasEmail && email !== undefined ? { email } : {}),
        count: 0,
        commits: [],
      }
      groups.set(key, group)
      group.count++
      if (!isSummary) group.commits.push({ id: commit.id, subject: shortSubject(commit.message) })
    }
  }
  const sorted = [...groups].toSorted(([a], [b]) => compareBytes(utf8(a), utf8(b))).map(([, group]) => group)
  if (isNumbered) sorted.sort((a, b) => b.count - a.count)
  return sorted.map(({ commits, ...group }) => ({
    ...group,
    ...(isSummary ? {} : { commits: commits.reverse() }),
  }))
}

type LoggedSubject = NonNullable<PersonCommits['commits']>[number]

function groupingOf(word: string): (commit: LoggedCommit) => Label[] {
  if (word === 'author') return ({ author }) => [author]
  if (word === 'committer') return ({ committer }) => [committer]
  const key = /^trailer:([A-Za-z0-9-]+)$/.exec(word)?.[1]
  if (key === undefined)
    throw usage(`unknown group '${word}'`, "groups are 'author', 'committer' and 'trailer:KEY'")
  return ({ message }) => trailersOf(message, key).map(labelOf)
}

function labelOf(text: string): Label {
  const match = /^([^<]*)<([^>]*)>/.exec(text)
  return match === null ? { name: text } : { name: match[1]!.trim(), email: match[2]! }
}

/** Without what a mailed patch begins with, as in Git. */
function shortSubject(message: string): string {
  return subjectOf(message).replace(/^\s*(\[PATCH[^\]]*\])?\s*/, '') || '<none>'
}
