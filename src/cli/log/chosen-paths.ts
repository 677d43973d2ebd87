// The paths that a log is about: one, which is followed under its older names, or pathspecs, which have none.
import type { LogOptions } from '../../api/log-interface.ts'
import { type Arguments, usage } from '../arguments.ts'
import { toPathspecs } from '../pathspecs/pathspecs.ts'

export function chosenPaths(
  root: string | null,
  given: Arguments,
  typed: readonly string[],
): Pick<LogOptions, 'path' | 'paths'> {
  if (typed.length === 0) return {}
  const named = toPathspecs(root, typed)
  const [first] = named
  if (named.length === 1 && typeof first === 'string') return { path: first }
  if (given.flag('follow'))
    throw usage("'--follow' takes one path, and no pattern", 'without it these names alone count')
  return { paths: named }
}
