// Changed paths by name alone, or with a letter that says what became of each, as git's --name-only and --name-status.
import type { PathChange, PathState } from '../../api/interface.ts'
import type { Arguments } from '../arguments.ts'
import type { OptionSpecs } from '../interface.ts'
import { visible } from '../visible.ts'

export const nameOptions: OptionSpecs = {
  'name-only': { type: 'flag', about: 'only the changed paths' },
  'name-status': {
    type: 'flag',
    about:
      'only the changed paths, each with its state: A added, M modified, D deleted, R renamed, T another kind',
  },
}

export const nameNames = ['name-only', 'name-status'] as const

export function wantsNames(given: Arguments): boolean {
  return nameNames.some((name) => given.flag(name))
}

const letters: Readonly<Record<PathState, string>> = {
  added: 'A',
  modified: 'M',
  deleted: 'D',
  renamed: 'R',
  typechange: 'T',
}

/** A line with a tab between its parts, so that scripts can read it. */
export function nameLine({ path, from, state }: PathChange, given: Arguments): string {
  const names = from === undefined || !given.flag('name-status') ? [path] : [from, path]
  const shown = names.map((name) => visible(name))
  return (given.flag('name-status') ? [letters[state], ...shown] : shown).join('\t')
}

/** What --json prints for the change. */
export function nameItem(change: PathChange, given: Arguments): PathChange | string {
  return given.flag('name-status') ? change : change.path
}
