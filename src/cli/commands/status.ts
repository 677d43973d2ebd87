import { counted } from '../../base/size.ts'
import { usage } from '../arguments.ts'
import type { Command, Context } from '../interface.ts'
import { fromRepositoryPath } from '../paths.ts'
import { toPathspecs } from '../pathspecs/pathspecs.ts'
import { printShortStatus, quotedName, quotedPath } from '../format/status/short-status.ts'
import { printEntryStatus } from '../format/status/entry-status.ts'
import { printStatus } from '../format/status/status.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: [
    'status [-s] [-b] [-u MODE] [--ignored] [--show-stash] [PATH...]',
    'status --porcelain[=VERSION] [-b] [-z] [--show-stash] [PATH...]',
  ],
  description:
    'Shows the branch and how it differs from its upstream, what the next commit will hold, what has\nchanged since, which files are not versioned, which cannot be (other repositories, pipes, what a\npartial clone did not take), and a merge in progress. With PATHs it shows only what is at or below\nthem.',
  options: {
    short: {
      type: 'flag',
      short: 's',
      about: "one line for each path: Git's two letters, for staged and unstaged changes; UU: conflicts",
    },
    branch: { type: 'flag', short: 'b', about: 'in such a list, show the branch first' },
    porcelain: {
      type: 'optional',
      value: 'VERSION',
      about:
        "like --short, for scripts: paths relative to the repository's folder, quoted as in Git; version: v1, or v2 with modes and ids",
    },
    'untracked-files': {
      type: 'optional',
      short: 'u',
      value: 'MODE',
      about:
        "files that are not versioned: 'no', 'normal' (folders whole, as without it), or 'all' (as -u alone)",
    },
    ignored: { type: 'flag', about: "also ignored files; '!!' in lists" },
    'show-stash': {
      type: 'flag',
      about: 'also how many stashes there are; in lists, those of --porcelain=v2 alone tell it',
    },
    null: {
      type: 'flag',
      short: 'z',
      about: 'end each path with a NUL and do not quote it; implies --porcelain',
    },
  },
  examples: [
    ['varve status', 'what has changed'],
    ['varve status -s', 'one line for each path'],
    ['varve status -uno data/', 'what has changed below a folder, without looking for new files'],
    ['varve status --porcelain -z', 'the same for a script, with any characters in names'],
    ['varve status --porcelain=v2 --branch', 'with modes, ids of contents, and the branch'],
    ['varve status --show-stash', 'also whether changes are put aside'],
    ['varve status --json', 'the same for a script'],
  ],
  json: "{ branch: string | null; head: string | null; upstream: { name: string; ahead: number; behind: number } | null; staged: PathChange[]; unstaged: PathChange[]; untracked: string[]; ignored: string[]; skipped: { path: string; reason: string }[]; unmerged: { path: string; conflicts: number }[]; merging: { kind: 'merge' | 'squash' | 'cherry-pick' | 'revert' | 'rebase'; theirs: string; message: string; conflicts: number; rebase?: { branch: string | null; onto: string; done: number; total: number }; sequence?: { done: number; total: number } } | null; bisecting: BisectInfo | null; configFault: string | null; behindBranch: boolean; stashes?: number; entries?: { path: string; head: EntryInfo | null; index: EntryInfo | null; fileMode: string | null; sides?: { base: EntryInfo | null; ours: EntryInfo | null; theirs: EntryInfo | null } }[] }; EntryInfo = { mode: string; id: string }; 'stashes' with --show-stash, 'entries' with --porcelain=v2",
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  const untracked = untrackedMode(given.optional('untracked-files')?.at(-1))
  const version = given.optional('porcelain')?.at(-1)
  if (version !== undefined && !['', 'v1', '1', 'v2', '2'].includes(version))
    throw usage(`there is no version '${version}' of '--porcelain'`, "'v1' and 'v2' are; '--json' says more")
  const [branch, nul] = [given.flag('branch'), given.flag('null')]
  const isForScripts = version !== undefined || nul
  const hasEntries = version === 'v2' || version === '2'
  const repo = await repository()
  const { words } = given
  const status = await repo.status({
    ...operation,
    ...(words.length === 0 ? {} : { paths: toPathspecs(given, repo.root, words) }),
    untracked,
    ignored: given.flag('ignored'),
    entries:
      hasEntries || (!out.json && (isForScripts || branch || given.flag('short')) ? 'unmerged' : false),
  })
  const stashes = given.flag('show-stash') ? (await repo.stashes.list()).length : null
  if (!out.json && status.configFault !== null)
    out.warn(`nothing can be added: ${visible(status.configFault)}`)
  const here = (path: string): string => fromRepositoryPath(repo.root, path)
  const shown = nul
    ? (path: string): string => path
    : isForScripts
      ? hasEntries
        ? quotedName
        : quotedPath
      : (path: string): string => visible(quotedPath(here(path)))
  out.result({ ...status, ...(stashes === null ? {} : { stashes }) }, () => {
    if (hasEntries) return printEntryStatus(out, status, { branch, shown, nul, stashes: stashes ?? 0 })
    if (isForScripts || branch || given.flag('short'))
      return printShortStatus(out, status, { branch, shown, nul })
    printStatus(out, status, { shown: here, isWhole: words.length === 0 && untracked !== 'no' })
    if ((stashes ?? 0) > 0) out.line(`put aside: ${counted(stashes!, 'stash', 'stashes')} (varve stash list)`)
  })
  return 0
}

/** As in Git, -u alone is 'all'. */
function untrackedMode(given: string | undefined): 'no' | 'normal' | 'all' {
  if (given === undefined) return 'normal'
  if (given === '') return 'all'
  if (given === 'no' || given === 'normal' || given === 'all') return given
  throw usage(`'${given}' is not a mode of '--untracked-files'`, "'no', 'normal' or 'all'")
}
