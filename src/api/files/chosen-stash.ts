// What `stashes.push` was told to take of each file, as the operation takes it.
import { checkList } from '../../base/errors.ts'
import { safePath } from '../../files/path.ts'
import { type ChosenParts, type PartOf, wholeEntry } from '../../repo/stash/chosen-parts.ts'
import { hunksPart, rowsPart } from '../../worktree/chosen/part.ts'
import type { StashPushOptions, StashedChanges } from '../stash.ts'
import { rowKeyOf } from './row-selector.ts'

export function chosenParts(
  chosen: readonly StashedChanges[],
  { paths, keepIndex = false, untracked = false, signal }: Omit<StashPushOptions, 'chosen'>,
): ChosenParts {
  checkList(chosen, "[{ path: 'people.csv', rows: [KEY] }]")
  if (paths !== undefined || keepIndex || untracked)
    throw new TypeError("'chosen' does not go with 'paths', 'keepIndex' and 'untracked'")
  return new Map(chosen.map((one) => [safePath(one.path), partOf(one, { signal })]))
}

function partOf({ rows, hunks }: StashedChanges, options: { signal: AbortSignal | undefined }): PartOf {
  if (rows !== undefined && hunks !== undefined) throw new TypeError('a file has either rows or hunks')
  if (rows !== undefined) {
    const choice = { rows: rows.map(rowKeyOf) }
    return (io, changed) => rowsPart(io, changed, choice, options)
  }
  return hunks === undefined ? wholeEntry : (io, changed) => hunksPart(io, changed, hunks, options)
}
