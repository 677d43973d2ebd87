// Commits by who made them, as `varve shortlog` lists them. Without a summary all subjects are held until the last one is known.
import { compareBytes, utf8 } from '../../base/bytes.ts'
import type { LoggedCommit } from '../../api/interface.ts'
import { subjectOf } from '../../history/message.ts'

export interface PersonCommits {
  readonly name: string
  readonly email?: string
  readonly count: number
  /** Oldest first; not in a summary. */
  readonly commits?: readonly { readonly id: string; readonly subject: string }[]
}

interface Grouping {
  readonly isSummary: boolean
  /** Who made most comes first; else by name. */
  readonly isNumbered: boolean
  readonly hasEmail: boolean
  readonly isCommitter: boolean
}

export async function commitsByPerson(
  newestFirst: AsyncIterable<LoggedCommit>,
  { isSummary, isNumbered, hasEmail, isCommitter }: Grouping,
): Promise<PersonCommits[]> {
  const groups = new Map<string, { name: string; email: string; count: number; commits: LoggedSubject[] }>()
  for await (const { id, author, committer, message } of newestFirst) {
    const { name, email } = isCommitter ? committer : author
    const key = hasEmail ? `${name} <${email}>` : name
    const group = groups.get(key) ?? { name, email, count: 0, commits: [] }
    groups.set(key, group)
    group.count++
    if (!isSummary) group.commits.push({ id, subject: shortSubject(message) })
  }
  const sorted = [...groups].toSorted(([a], [b]) => compareBytes(utf8(a), utf8(b))).map(([, group]) => group)
  if (isNumbered) sorted.sort((a, b) => b.count - a.count)
  return sorted.map(({ name, email, count, commits }) => ({
    name,
    ...(hasEmail ? { email } : {}),
    count,
    ...(isSummary ? {} : { commits: commits.reverse() }),
  }))
}

type LoggedSubject = NonNullable<PersonCommits['commits']>[number]

/** Without what a mailed patch begins with, as in Git. */
function shortSubject(message: string): string {
  return subjectOf(message).replace(/^\s*(\[PATCH[^\]]*\])?\s*/, '') || '<none>'
}
