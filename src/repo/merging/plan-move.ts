// A merge of any kind, planned on the newest manifest and moved at once: what it came to; and going on with a series that
// stopped.
import type { Manifest } from '../../store/interface.ts'
import type { Folder, Io, Repo } from '../interface.ts'
import { move } from '../move.ts'
import { type AbortOptions, abortFolderOptions, refusedEdits } from './abort.ts'
import type { MergeOptions, Merged, Plan } from './merge.ts'

export async function planMove(
  repo: Repo,
  folder: Folder | null,
  options: MergeOptions,
  plan: (manifest: Manifest, io: Io) => Promise<Plan>,
): Promise<Merged> {
  let result: Merged | null = null
  await move(
    repo,
    folder,
    async (manifest, io) => {
      const made = await plan(manifest, io)
      result = made.result
      return made.move
    },
    options,
  )
  return result!
}

export type ContinueOptions = MergeOptions &
  AbortOptions & {
    /** Without the commit at which it stopped: what it has left in the files goes. */
    readonly skip?: boolean | undefined
  }

/** As `planMove`. @throws VarveError VARVE_UNCOMMITTED when skipping would lose edits */
export async function planContinue(
  repo: Repo,
  folder: Folder | null,
  { discard, ...options }: ContinueOptions,
  plan: (manifest: Manifest, io: Io) => Promise<Plan>,
): Promise<Merged> {
  if (options.skip !== true) return planMove(repo, folder, options, plan)
  return planMove(repo, folder, abortFolderOptions({ ...options, discard }), plan).catch(refusedEdits)
}
