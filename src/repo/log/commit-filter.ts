// Which commits of a log are meant, by who made them, when, and what they say.
import type { CommitGraph, Slot } from '../../history/commit-graph.ts'
import type { Commit, Person } from '../../history/interface.ts'
import type { Mailmap } from '../../history/mailmap.ts'

export interface CommitFilter {
  /** Stands somewhere in the author's 'Name <email>', in whatever case. */
  readonly author?: string | undefined
  /** `author` is looked for in what this says of the author. */
  readonly mailmap?: Mailmap | undefined
  /** Stands somewhere in the message, in whatever case. */
  readonly grep?: string | undefined
  /** Committed at this moment or later; milliseconds since 1970. */
  readonly sinceMs?: number | undefined
  /** Committed at this moment or earlier; milliseconds since 1970. */
  readonly untilMs?: number | undefined
  /** true: merges alone; false: no merges. */
  readonly merges?: boolean | undefined
}

/** Whether a commit may pass the filter, as far as that is known without reading it. */
export function mayPass(graph: CommitGraph, slot: Slot, filter: CommitFilter): boolean {
  return isAmong(graph.timeOf(slot), graph.parentsOf(slot).length, filter)
}

export function passes({ author, committer, message, parents }: Commit, filter: CommitFilter): boolean {
  if (!isAmong(committer.timeMs, parents.length, filter)) return false
  if (filter.author !== undefined && !isBy(filter.mailmap?.of(author) ?? author, filter.author)) return false
  return filter.grep === undefined || holds(message, filter.grep)
}

function isAmong(timeMs: number, parents: number, { sinceMs, untilMs, merges }: CommitFilter): boolean {
  if (sinceMs !== undefined && timeMs < sinceMs) return false
  if (untilMs !== undefined && timeMs > untilMs) return false
  return merges === undefined || parents > 1 === merges
}

function isBy({ name, email }: Person, author: string): boolean {
  return holds(`${name} <${email}>`, author)
}

function holds(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase())
}
