// Which branches or tags a list names: options of both commands, as git has them.
import type { RefFilter } from '../index.ts'
import type { Arguments } from './arguments.ts'
import type { OptionSpec, OptionSpecs } from './interface.ts'

function ofCommit(about: string): OptionSpec {
  return { type: 'optional', nextWord: true, value: 'REV', about: `${about} REV (default: HEAD)` }
}

export const refOptions: OptionSpecs = {
  contains: ofCommit('list those that have'),
  'no-contains': ofCommit('list those that do not have'),
  merged: ofCommit('list those that are merged into'),
  'no-merged': ofCommit('list those that are not merged into'),
  'points-at': ofCommit('list those that point at'),
}

/** Those of the forms that list nothing. @throws VarveError VARVE_USAGE */
export function refuseInLists(given: Arguments, others: readonly string[]): void {
  for (const name of Object.keys(refOptions)) given.exclusive(name, ...others)
}

/** Whether one of them is given: then the command lists, and its words are patterns. */
export function narrowsRefs(given: Arguments): boolean {
  return Object.keys(refOptions).some((name) => given.has(name))
}

export function refFilter(given: Arguments, signal: AbortSignal | undefined): RefFilter {
  const revisions = (name: string): string[] =>
    (given.optional(name) ?? []).map((revision) => (revision === '' ? 'HEAD' : revision))
  return {
    patterns: given.words,
    contains: revisions('contains'),
    noContains: revisions('no-contains'),
    merged: revisions('merged'),
    noMerged: revisions('no-merged'),
    pointsAt: revisions('points-at'),
    ...(signal === undefined ? {} : { signal }),
  }
}
