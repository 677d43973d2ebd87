// The paths that a log is about: one, which is followed under its older names, or pathspecs, which have none.
import type { LogOptions } from '../../api/log-interface.ts'
import { type Arguments, usage } from '../arguments.ts'
import { chosenBy } from '../pathspecs/pathspecs.ts'

export function chosenPaths(
  root: string | null,
  given: Arguments,
  typed: readonly string[],
): Pick<LogOptions, 'path' | 'paths'> {
  const chosen = chosenBy(given, root, typed)
  if (chosen.paths !== undefined && given.flag('follow'))
    throw usage("'--follow' takes one path, and no pattern", 'without it these names alone count')
  return chosen
}
