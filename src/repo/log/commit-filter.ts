// Which commits of a log are meant, by who made them, when, and what they say.
import { type Pattern, compilePattern } from '../../base/pattern.ts'
import type { CommitGraph, Slot } from '../../history/commit-graph.ts'
import type { Commit, Person } from '../../history/interface.ts'
import type { Mailmap } from '../../history/mailmap.ts'

export interface CommitFilter {
  /** Stands somewhere in the author's 'Name <email>', in whatever case. */
  readonly author?: string | undefined
  /** Authors and committers are looked for under the names that this gives them. */
  readonly mailmap?: Mailmap | undefined
  /** Stands somewhere in the message, in whatever case. */
  readonly grep?: string | undefined
  /** RE2's patterns, of which one has to match in the author's 'Name <email>'. */
  readonly authors?: readonly string[] | undefined
  /** The same of the committer. */
  readonly committers?: readonly string[] | undefined
  /** RE2's patterns, of which one has to match in a line of the message. */
  readonly messages?: readonly string[] | undefined
  /** Each of `messages` has to match, not one alone. */
  readonly allMatch?: boolean | undefined
  /** Only commits in whose messages they do not match. */
  readonly invertGrep?: boolean | undefined
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

export type CommitTest = (commit: Commit) => boolean

/** @throws VarveError VARVE_USAGE for what is no pattern */
export async function commitTest(filter: CommitFilter): Promise<CommitTest> {
  const compiled = async (patterns: readonly string[] = []): Promise<readonly Pattern[]> =>
    Promise.all(patterns.map(async (pattern) => compilePattern(pattern)))
  const [authors, committers, messages] = [
    await compiled(filter.authors),
    await compiled(filter.committers),
    await compiled(filter.messages),
  ]
  const shown = (person: Person): Person => filter.mailmap?.of(person) ?? person
  return ({ author, committer, message, parents }) => {
    if (!isAmong(committer.timeMs, parents.length, filter)) return false
    if (filter.author !== undefined && !holds(nameOf(shown(author)), filter.author)) return false
    if (filter.grep !== undefined && !holds(message, filter.grep)) return false
    if (!isMatched(nameOf(shown(author)), authors) || !isMatched(nameOf(shown(committer)), committers))
      return false
    return messages.length === 0 || says(message, messages, filter)
  }
}

function isMatched(name: string, patterns: readonly Pattern[]): boolean {
  return patterns.length === 0 || patterns.some((pattern) => pattern.isIn(name))
}

/** As in Git, to match none of them is to be looked for with `allMatch` too. */
function says(
  message: string,
  patterns: readonly Pattern[],
  { allMatch, invertGrep }: CommitFilter,
): boolean {
  const lines = message.replace(/\n$/, '').split('\n')
  const isSaid = (pattern: Pattern): boolean => lines.some((line) => pattern.isIn(line))
  if (invertGrep === true) return !patterns.some(isSaid)
  return allMatch === true ? patterns.every(isSaid) : patterns.some(isSaid)
}

function isAmong(timeMs: number, parents: number, { sinceMs, untilMs, merges }: CommitFilter): boolean {
  if (sinceMs !== undefined && timeMs < sinceMs) return false
  if (untilMs !== undefined && timeMs > untilMs) return false
  return merges === undefined || parents > 1 === merges
}

function nameOf({ name, email }: Person): string {
  return `${name} <${email}>`
}

function holds(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase())
}
