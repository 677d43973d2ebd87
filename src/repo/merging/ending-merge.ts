// The end of a merge before which changes were put in a stash: they come back. That is an operation of its own.
import { VarveError, isVarveError } from '../../base/errors.ts'
import { type Folder, type FolderOptions, type Repo, mergeRef } from '../interface.ts'
import type { Autostash } from './autostash.ts'
import { readMergeState } from './merge-state.ts'

/** Runs what may end a merge, and brings back what had been put aside for it. */
export async function endingMerge<T extends object>(
  repo: Repo,
  folder: Folder | null,
  options: FolderOptions,
  work: () => Promise<T>,
): Promise<T & { autostash?: Autostash }> {
  const stash = (await readMergeState(repo.store, await repo.store.manifest()))?.autostash
  const result = await work()
  if (stash === undefined || folder === null) return result
  const { refs } = await repo.store.manifest()
  if (refs.has(mergeRef)) return { ...result, autostash: { outcome: 'waiting', stash } }
  // Somebody has brought it back already, or dropped it.
  if (!refs.has(`refs/${stash}`)) return result
  return { ...result, autostash: await settle(repo, folder, stash, options) }
}

async function settle(repo: Repo, folder: Folder, stash: string, options: FolderOptions): Promise<Autostash> {
  const { bringBack } = await import('../stash/bring-back.ts')
  // First with what had been staged as such, then all of it staged.
  for (const index of [true, false]) {
    try {
      await bringBack(repo, folder, stash, { ...options, keep: false, index })
      return { outcome: 'kept', stash: null }
    } catch (error) {
      if (isVarveError(error, 'VARVE_UNCOMMITTED')) continue
      if (!isVarveError(error)) throw error
      throw new VarveError(error.code, error.message, {
        data: error.data,
        cause: error,
        hint: `the merge has ended, and your changes are in '${stash}': 'varve stash pop ${stash}' brings them back`,
      })
    }
  }
  return { outcome: 'clashed', stash }
}
