// What a push brings, and what its dry run looks at where there is nothing yet.
import { VarveError, isVarveError } from '../../base/errors.ts'
import { branchPrefix, notesRef, shortRefName, tagPrefix } from '../../history/refs.ts'
import { MemoryStore } from '../../store/memory.ts'
import type { Manifest, Store } from '../../store/interface.ts'
import type { PushOptions } from './remote-interface.ts'

/** Beside those that are named all branches, all tags and the notes, where that was asked for. Tags go alone where none is. */
export function refspecsOf(
  { refs, head }: Manifest,
  refspecs: readonly string[],
  { all, tags, notes, setUpstream, delete: remove }: PushOptions,
): readonly string[] {
  const below = (prefix: string): string[] => [...refs.keys()].filter((ref) => ref.startsWith(prefix)).sort()
  const added = tags === true ? below(tagPrefix) : []
  // As with tags: there need not be any.
  if (notes === true && refs.has(notesRef)) added.push(notesRef)
  if (all === true) {
    if (refspecs.length > 0 || remove === true)
      throw new VarveError('VARVE_USAGE', "'--all' pushes every branch, so none can be named", {
        hint: "leave out '--all', or the names",
      })
    const branches = below(branchPrefix)
    if (branches.length === 0)
      throw new VarveError('VARVE_NOTHING_TO_COMMIT', 'there is no branch to push', {
        hint: 'commit something first',
      })
    return [...branches, ...added]
  }
  const named = remove === true ? refspecs.map((name) => `:${name}`) : refspecs
  const isBranchMeant = tags !== true || notes === true || setUpstream === true
  const current =
    named.length === 0 && added.length > 0 && head !== null && isBranchMeant ? [shortRefName(head)] : []
  return [...named, ...current, ...added]
}

/** An empty repository in the place of one that a push would make. */
export function emptyIfAbsent(error: unknown): Store {
  if (isVarveError(error, 'VARVE_UNREACHABLE') && error.data['isAbsent'] === true) return MemoryStore.create()
  throw error
}
