// `stash -p`: what was chosen of all files is put aside as one stash.
import type { Repository } from '../../index.ts'
import type { Context } from '../interface.ts'
import { subjectOf } from '../format/commit.ts'
import { toPathspecs } from '../pathspecs/pathspecs.ts'
import { chooseChanges } from './choose-changes.ts'
import { partOf, whatOf } from './run-patch.ts'

export async function stashChosen(
  context: Context,
  repo: Repository,
  { message, words }: { readonly message: string | undefined; readonly words: readonly string[] },
): Promise<void> {
  const { arguments: given, operation, out } = context
  const paths = words.length === 0 ? ['.'] : toPathspecs(given, repo.root, words)
  const chosen = await chooseChanges(context, repo, { ...operation, paths, from: 'HEAD' }, 'Put aside')
  if (chosen === null) return
  const made = await repo.stashes.push({
    ...operation,
    chosen: chosen.map((one) => ({ path: one.path, ...partOf(one) })),
    ...(message === undefined ? {} : { message }),
  })
  if (made === null) return out.say('nothing put aside')
  for (const one of chosen) out.say(`put aside: ${whatOf(repo, one)}`)
  out.say(`${made.name}: ${subjectOf(made.commit.message)}`)
  out.hint("'varve stash pop' brings the changes back")
}
