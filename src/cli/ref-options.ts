// Which branches or tags a list names: options of both commands, as git has them.
import type { BranchInfo, RefFilter, TagInfo } from '../index.ts'
import { type Arguments, usage } from './arguments.ts'
import { refForm } from './format/ref-format.ts'
import type { Context, OptionSpec, OptionSpecs } from './interface.ts'

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

/** How a list is ordered and written. */
export const refListOptions: OptionSpecs = {
  sort: {
    type: 'list',
    value: 'KEY',
    about:
      "sort by KEY: refname, version:refname, authordate, committerdate, creatordate, taggerdate; '-KEY' for descending order",
  },
  format: {
    type: 'text',
    value: 'FORMAT',
    about: "print a line for each, with Git's fields: '%(refname:short) %(subject)'",
  },
  'ignore-case': { type: 'flag', short: 'i', about: 'ignore case in patterns and order' },
}

/**
 * Refuses options of lists beside `others`, the options of forms that list nothing. @throws VarveError VARVE_USAGE
 */
export function refuseInLists(given: Arguments, others: readonly string[]): void {
  for (const name of Object.keys({ ...refOptions, ...refListOptions }))
    for (const other of others) given.exclusive(name, other)
}

/** Whether there is a word about how the list is made; with words that are no patterns it says nothing. */
export function shapesList(given: Arguments): boolean {
  return Object.keys(refListOptions).some((name) => given.has(name))
}

/** With `--format` each branch or tag is printed as a line of that format, else by `print`. */
export function refLines<T extends BranchInfo | TagInfo>(
  { arguments: given, out }: Context,
  print: (refs: readonly T[]) => void,
): (refs: readonly T[]) => void {
  const format = given.text('format')
  if (format === undefined) return print
  if (out.json) throw usage("'--json' and '--format' exclude each other")
  const form = refForm(format)
  return (refs) => {
    for (const ref of refs) out.line(form(ref))
  }
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
    sort: given.list('sort'),
    ignoreCase: given.flag('ignore-case'),
    ...(signal === undefined ? {} : { signal }),
  }
}
