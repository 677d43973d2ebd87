// A merge of any kind, planned on the newest manifest and moved at once: what it came to.
import type { Manifest } from '../../store/interface.ts'
import type { Folder, Io, Repo } from '../interface.ts'
import { move } from '../move.ts'
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
