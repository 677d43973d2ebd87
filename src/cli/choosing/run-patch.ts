// `-p`: which of several changes are meant is asked one by one, and then done file by file.
import { counted } from '../../base/size.ts'
import type { ChosenOptions } from '../../api/files/chosen-options.ts'
import type { DiffOptions } from '../../api/interface.ts'
import type { Repository } from '../../index.ts'
import type { Context } from '../interface.ts'
import { fromRepositoryPath } from '../paths.ts'
import { toPathspecs } from '../pathspecs/pathspecs.ts'
import { visible } from '../visible.ts'
import { type ChosenChanges, chooseChanges } from './choose-changes.ts'

export interface PatchPlan {
  readonly diff: DiffOptions
  /** As it is asked, and as it is said when it is done: 'Stage', 'staged'. */
  readonly words: readonly [asked: string, done: string]
  readonly apply: (path: string, chosen: ChosenOptions) => Promise<unknown>
}

export async function runPatch(context: Context, repo: Repository, plan: PatchPlan): Promise<number> {
  const { out } = context
  const [asked, done] = plan.words
  const chosen = await chooseChanges(context, repo, plan.diff, asked)
  if (chosen === null && asked === 'Stage') out.hint("new files are added whole: 'varve add PATH'")
  for (const one of chosen ?? []) {
    await plan.apply(one.path, partOf(one))
    out.say(`${done} ${whatOf(repo, one)}`)
  }
  if (chosen?.length === 0) out.say(`nothing ${done}`)
  return 0
}

/** `add -p`, and what `commit -p` begins with. */
export async function stageChosen(
  context: Context,
  repo: Repository,
  words: readonly string[],
): Promise<number> {
  const { arguments: given, operation } = context
  const paths = words.length === 0 ? ['.'] : toPathspecs(given, repo.root, words)
  return runPatch(context, repo, {
    diff: { ...operation, paths },
    words: ['Stage', 'staged'],
    apply: (path, chosen) => repo.add([path], { ...operation, ...chosen }),
  })
}

/** `reset -p` and `restore --staged -p`. */
export async function unstageChosen(
  context: Context,
  repo: Repository,
  { source, words }: { readonly source: string | undefined; readonly words: readonly string[] },
): Promise<number> {
  const { arguments: given, operation } = context
  const paths = words.length === 0 ? ['.'] : toPathspecs(given, repo.root, words)
  const from = source === undefined ? {} : { from: source }
  return runPatch(context, repo, {
    diff: { ...operation, paths, staged: true, ...from },
    words: ['Take out', 'taken out:'],
    apply: (path, chosen) =>
      repo.restore([path], {
        ...operation,
        ...chosen,
        ...(source === undefined ? {} : { source }),
        staged: true,
      }),
  })
}

export function partOf({ whole, rows, hunks }: ChosenChanges): ChosenOptions {
  if (whole) return {}
  return rows.length > 0 ? { rows } : { hunks }
}

export function whatOf(repo: Repository, { path, whole, rows, hunks }: ChosenChanges): string {
  const name = visible(fromRepositoryPath(repo.root, path))
  if (whole) return name
  return `${rows.length > 0 ? counted(rows.length, 'row') : counted(hunks.length, 'change')} of ${name}`
}
