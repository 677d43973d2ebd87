// Which commits of a log are meant, by who made them, when, and what they say.
import type { Commit } from '../history/interface.ts'

export interface CommitFilter {
  /** Stands somewhere in the author's 'Name <email>', in whatever case. */
  readonly author?: string | undefined
  /** Stands somewhere in the message, in whatever case. */
  readonly grep?: string | undefined
  /** Committed at this moment or later; milliseconds since 1970. */
  readonly sinceMs?: number | undefined
  /** Committed at this moment or earlier; milliseconds since 1970. */
  readonly untilMs?: number | undefined
  /** true: merges alone; false: no merges. */
  readonly merges?: boolean | undefined
}

export function passes({ author, committer, message, parents }: Commit, filter: CommitFilter): boolean {
  if (filter.sinceMs !== undefined && committer.timeMs < filter.sinceMs) return false
  if (filter.untilMs !== undefined && committer.timeMs > filter.untilMs) return false
  if (filter.merges !== undefined && parents.length > 1 !== filter.merges) return false
  if (filter.author !== undefined && !holds(`${author.name} <${author.email}>`, filter.author)) return false
  return filter.grep === undefined || holds(message, filter.grep)
}

function holds(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase())
}
