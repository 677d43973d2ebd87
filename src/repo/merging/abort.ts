// Giving up a merge, pick or rebase: what it made of the files goes, what the user has made of them since does not,
// unless that was asked for.
import { VarveError, isVarveError } from '../../base/errors.ts'
import type { Cid } from '../../encoding/cid.ts'
import { readCommit } from '../../history/commit.ts'
import type { Manifest } from '../../store/interface.ts'
import { emptyTreeOf } from '../empty.ts'
import { readHead } from '../head.ts'
import {
  type Folder,
  type FolderOptions,
  type Io,
  type RebaseState,
  type Repo,
  mergeRef,
} from '../interface.ts'
import { readMergeState } from './merge-state.ts'
import { type Move, move } from '../move.ts'

export interface AbortOptions extends Pick<FolderOptions, 'signal' | 'onProgress'> {
  /** Edits of paths that the merge has changed go; without it they are refused. Those of others stay anyway. */
  readonly discard?: boolean | undefined
}

/**
 * Goes back to the commit that the merge started from: of several picks, before the first; of a rebase, to the
 * branch as it is.
 * @throws VarveError VARVE_UNCOMMITTED naming edited paths that the merge has changed
 */
export async function abortMerge(
  repo: Repo,
  folder: Folder | null,
  options: AbortOptions = {},
): Promise<void> {
  const aborted = move(
    repo,
    folder,
    async (manifest, io) => {
      const state = await readMergeState(io.writer, manifest)
      if (state === null) {
        throw new VarveError('VARVE_NOT_POSSIBLE', 'there is no merge to abort', {
          hint: "to take back one that is committed: 'varve undo'",
        })
      }
      const operation = { name: state.kind === 'rebase' ? 'rebase (abort)' : 'merge (abort)', message: '' }
      const refs = new Map<string, Cid | null>([[mergeRef, null]])
      if (state.rebase !== undefined)
        return { ...(await beforeRebase(io, manifest, state.rebase, refs)), operation }
      const head = await readHead(io.writer, manifest)
      const { sequence } = state
      if (sequence !== undefined) {
        if (head.commit?.cid !== state.ours) throw moved(state.kind)
        refs.set(head.ref, sequence.start)
        return { refs, operation, show: (await readCommit(io.writer, sequence.start)).tree }
      }
      return { refs, operation, show: head.commit?.tree ?? emptyTreeOf(io) }
    },
    abortFolderOptions(options),
  )
  await aborted.catch(refusedEdits)
}

/** How the files go where what a merge made of them is given up. */
export function abortFolderOptions<T extends AbortOptions>(options: T): Omit<T, 'discard'> & FolderOptions {
  return { ...options, discard: options.discard === true ? 'touched' : false }
}

export function refusedEdits(error: unknown): never {
  if (!isVarveError(error, 'VARVE_UNCOMMITTED')) throw error
  throw new VarveError(error.code, error.message, {
    data: error.data,
    cause: error,
    hint: "drop them with '--force' (API: discard), or 'varve add' them first: then 'varve undo' brings them back",
  })
}

/** The error when HEAD has moved since: what was committed in between would be lost. */
function moved(kind: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `HEAD has moved since the ${kind} stopped`, {
    hint: `'varve ${kind} --quit' forgets what is left of it, and leaves all as it is`,
  })
}

async function beforeRebase(
  io: Io,
  manifest: Manifest,
  { branch, start }: RebaseState,
  refs: Map<string, Cid | null>,
): Promise<Omit<Move, 'operation'>> {
  // Another process may have moved the branch, which is no business of the rebase.
  const back = (branch === null ? undefined : manifest.refs.get(branch)) ?? start
  refs.set('HEAD', branch === null ? back : null)
  return { refs, head: branch, show: (await readCommit(io.writer, back)).tree }
}
