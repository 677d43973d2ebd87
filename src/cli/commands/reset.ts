import type { Repository } from '../../index.ts'
import { usage } from '../arguments.ts'
import { shortId, subjectOf } from '../format/commit.ts'
import { patchOptions } from '../choosing/options.ts'
import type { Command, Context } from '../interface.ts'
import { requirePaths, revisionsAndPaths } from '../paths.ts'
import { pathspecFileOptions, pathWords } from '../pathspecs/from-file.ts'
import { toPathspecs } from '../pathspecs/pathspecs.ts'
import { counted } from '../../base/size.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: [
    'reset [--soft | --mixed | --merge | --keep | --hard] [REV]',
    'reset [REV] [--] PATH...',
    'reset -p [REV] [[--] PATH...]',
  ],
  description:
    'Sets the current branch to REV (default: HEAD).\n\n  --soft   keeps what is staged and the files\n  --mixed  stages REV and keeps the files (the default)\n  --merge  throws away what is staged, keeps your changes that are not, and refuses if a file that\n           differs between what is staged and REV has such; it ends a merge\n  --keep   writes the files that differ between HEAD and REV, keeps your changes of other files, and\n           refuses if a file has both\n  --hard   makes the files as in REV and throws away all changes\n\nWith PATHs the branch stays. Their changes are taken out of the next commit, or they are staged as\nin REV, and the files stay as they are. With -p, each staged row and each staged change of a text is\nshown, and taken out if you say so.',
  options: {
    soft: { type: 'flag', about: 'move only the branch' },
    mixed: { type: 'flag', about: 'also reset what is staged' },
    merge: { type: 'flag', about: 'also reset what is staged, in the files too: other changes stay' },
    keep: { type: 'flag', about: 'also reset files without changes of your own' },
    hard: { type: 'flag', about: 'also reset all files: uncommitted changes are lost' },
    ...patchOptions,
    ...pathspecFileOptions,
  },
  examples: [
    ['varve reset --soft HEAD~1', 'take back the last commit, keep its changes staged'],
    ['varve reset --hard origin/main', 'make everything as it is in the remote branch'],
    ['varve reset --merge', 'give up what is staged, keep what is not'],
    ['varve reset people.csv', 'take it out of the next commit, keep the file'],
    ['varve reset -p', 'choose row by row what to take out of the next commit'],
  ],
  json: '{ head: string | null }, with PATH { items: string[] }',
  run,
}

/** They are for the whole commit, never for paths. */
const wholeModes = ['soft', 'merge', 'keep', 'hard'] as const

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  given.exclusive('soft', 'mixed', 'merge', 'keep', 'hard', 'patch')
  const repo = await repository()
  const isWhole = wholeModes.some((mode) => given.flag(mode))
  // With these a lone word can only be a revision.
  const isRevision = isWhole && given.words.length === 1 && given.wordsBeforeDashes === 1
  const { revisions, paths: typed } = isRevision
    ? { revisions: given.words, paths: [] }
    : await revisionsAndPaths(repo, given, 1)
  await requirePaths(repo, given, typed)
  const paths = await pathWords(given, typed)
  if (given.flag('patch')) {
    const { unstageChosen } = await import('../choosing/run-patch.ts')
    return unstageChosen(context, repo, { source: revisions[0], words: paths })
  }
  if (paths.length > 0) return unstage(context, repo, { revision: revisions[0], paths })
  const mode = wholeModes.find((one) => given.flag(one)) ?? 'mixed'
  const result = await repo.reset(revisions[0] ?? 'HEAD', { ...operation, mode })
  const { head } = result
  const message = head === null ? null : (await repo.commitInfo(head)).message
  out.result(result, () => {
    if (head === null || message === null) out.say('nothing is staged; there are no commits yet')
    else out.say(`HEAD is now at ${shortId(head)} ${subjectOf(message)}`)
  })
  return 0
}

/** As git's `reset PATH`: what is staged of them is as in a commit again; the branch and the files stay. */
async function unstage(
  { arguments: given, out, operation }: Context,
  repo: Repository,
  { revision, paths }: { readonly revision: string | undefined; readonly paths: readonly string[] },
): Promise<number> {
  for (const mode of wholeModes)
    if (given.flag(mode))
      throw usage(
        `'${paths[0]!}' is a path, and '--${mode}' is for whole commits`,
        mode === 'hard' ? "to set back its file too: 'varve restore --staged --worktree PATH'" : undefined,
      )
  const items = await repo.restore(toPathspecs(given, repo.root, paths), {
    ...operation,
    ...(revision === undefined ? {} : { source: revision }),
    staged: true,
  })
  out.result({ items }, () => {
    const where = revision === undefined ? 'unstaged' : `staged as in ${visible(revision)}`
    out.say(items.length === 0 ? 'nothing to unstage' : `${where}: ${counted(items.length, 'path')}`)
  })
  return 0
}
