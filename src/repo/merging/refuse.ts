// What is not possible while a merge, rebase, cherry-pick or revert waits: the refusal names it, and the command that ends it.
import { VarveError } from '../../base/errors.ts'
import type { Manifest, ObjectReader } from '../../store/interface.ts'
import { readMergeState } from './merge-state.ts'
import { verbOf } from './verb.ts'

/** @throws VarveError VARVE_NOT_POSSIBLE while one waits; `what` says what was to be done: 'switch branches' */
export async function refuseWhileMerging(
  reader: ObjectReader,
  manifest: Manifest,
  what: string,
): Promise<void> {
  const state = await readMergeState(reader, manifest)
  if (state === null) return
  const verb = verbOf(state.kind)
  throw new VarveError('VARVE_NOT_POSSIBLE', `cannot ${what} in the middle of a ${verb}`, {
    data: { underWay: verb },
    hint: `finish it with 'varve ${verb} --continue' or leave it with 'varve ${verb} --abort'`,
  })
}
