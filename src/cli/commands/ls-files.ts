import type { ChangedEntry, EntryInfo, ListEntry, Status } from '../../api/interface.ts'
import { compareBytes } from '../../base/bytes.ts'
import { collect } from '../../base/iterables.ts'
import { PathSelection } from '../../files/path-selection.ts'
import { pathToBytes } from '../../files/path.ts'
import type { NamedPath } from '../../files/pathspec.ts'
import type { Repository } from '../../index.ts'
import { quotedName } from '../format/status/short-status.ts'
import { type Arguments, usage } from '../arguments.ts'
import type { Command, Context } from '../interface.ts'
import { fromRepositoryPath } from '../paths.ts'
import { toPathspecs } from '../pathspecs/pathspecs.ts'

export const command: Command = {
  usage: ['ls-files [-c] [-m] [-d] [-o [-i]] [-s] [-u] [-z] [--full-name] [--error-unmatch] [PATH...]'],
  description:
    'Lists the versioned files and tables, as the next commit will hold them, below the current folder or\nbelow PATHs, for scripts. With -m, -d and -o it lists the files that these options name instead;\nwith -c the versioned ones, too. Each path is listed once; with -s and -u, each with its mode, the id\nof its content and a number: 0, or in a path in conflict 1 for the common ancestor, 2 for ours and\n3 for theirs.',
  options: {
    cached: { type: 'flag', short: 'c', about: 'versioned files (the default without -m, -d and -o)' },
    modified: {
      type: 'flag',
      short: 'm',
      about: 'versioned files that differ from what is staged, removed ones included',
    },
    deleted: { type: 'flag', short: 'd', about: 'versioned files that are gone' },
    others: {
      type: 'flag',
      short: 'o',
      about: 'files that are not versioned, without ignored ones',
    },
    ignored: {
      type: 'flag',
      short: 'i',
      about: "with -o: ignored files alone; an ignored folder, as 'folder/', stands for all that is in it",
    },
    stage: {
      type: 'flag',
      short: 's',
      about: 'versioned files, each with its mode and the id of its content',
    },
    unmerged: { type: 'flag', short: 'u', about: 'only paths in conflict, with modes and ids' },
    'exclude-standard': { type: 'flag', about: 'leave out ignored files (the default)' },
    null: { type: 'flag', short: 'z', about: 'end each path with a NUL and do not quote it' },
    'full-name': { type: 'flag', about: "print paths relative to the repository's folder" },
    'error-unmatch': { type: 'flag', about: 'fail if a PATH matches no listed file' },
  },
  examples: [
    ['varve ls-files', 'all versioned files below this folder'],
    ['varve ls-files -z data/ | xargs -0 wc -c', 'process each file, with any characters in names'],
    ['varve ls-files -mo', 'changed, removed and new files'],
    ['varve ls-files -oi', 'ignored files'],
    ['varve ls-files -s', 'modes and ids of all versioned files'],
    ['varve ls-files --error-unmatch people.csv', 'whether a file is versioned'],
  ],
  json: "{ items: { path: string; state: 'tracked' | 'modified' | 'deleted' | 'untracked' | 'ignored' }[] }, with -s and -u { items: { path: string; mode: string; id: string; stage: number }[] }",
  run,
}

interface Listed {
  readonly path: string
  readonly state: 'tracked' | 'modified' | 'deleted' | 'untracked' | 'ignored'
}

async function run(context: Context): Promise<number> {
  const { arguments: given, repository, operation } = context
  const repo = await repository()
  const paths = toPathspecs(given, repo.root, given.words.length === 0 ? ['.'] : given.words, {
    alone: 'here',
  })
  if (given.flag('ignored') && !given.flag('others'))
    throw usage("'-i' is about files that are not versioned: '-o -i'")
  if (given.flag('stage') || given.flag('unmerged')) {
    for (const other of ['modified', 'deleted', 'others'] as const)
      given.exclusive(given.flag('stage') ? 'stage' : 'unmerged', other)
    return print(context, repo, { found: stagedFiles(context, repo, paths), paths, facts: stageText })
  }
  const looks = ['modified', 'deleted', 'others'].some((name) => given.flag(name))
  const [others, ignored] = [given.flag('others'), given.flag('ignored')]
  const status = looks
    ? await repo.status({ ...operation, paths, untracked: others ? 'all' : 'no', ignored })
    : null
  const differing = status === null ? [] : differingFiles(given, status)
  const found =
    status === null || given.flag('cached')
      ? withTracked(differing, repo.listIndex({ ...operation, paths }))
      : differing
  return print(context, repo, { found, paths, facts: () => '' })
}

interface Listing<T> {
  readonly found: AsyncIterable<T> | Iterable<T>
  readonly paths: readonly NamedPath[]
  /** What stands before the path. */
  readonly facts: (file: T) => string
}

async function print<T extends { readonly path: string }>(
  { arguments: given, out }: Context,
  repo: Repository,
  { found, paths, facts }: Listing<T>,
): Promise<number> {
  const listed = given.flag('error-unmatch') ? await allMatched(found, paths) : found
  const [nul, fullName] = [given.flag('null'), given.flag('full-name')]
  await out.items(listed, (file) => {
    const shown = fullName ? file.path : fromRepositoryPath(repo.root, file.path)
    if (nul) out.nulRecord(facts(file) + shown)
    else out.line(facts(file) + quotedName(shown))
  })
  return 0
}

interface StagedFile extends EntryInfo {
  readonly path: string
  readonly stage: number
}

function stageText({ mode, id, stage }: StagedFile): string {
  return `${mode} ${id} ${stage}\t`
}

/** What the next commit will hold; a path in conflict as each side has it. */
async function* stagedFiles(
  { arguments: given, operation }: Context,
  repo: Repository,
  paths: readonly NamedPath[],
): AsyncGenerator<StagedFile> {
  const { entries = [] } = await repo.status({ ...operation, paths, untracked: 'no', entries: true })
  const inConflict = entries
    .filter(({ sides }) => sides !== undefined)
    .sort((a, b) => comparePaths(a.path, b.path))
  let next = 0
  const index = given.flag('unmerged') ? [] : repo.listIndex({ ...operation, paths })
  for await (const { path, kind, executable, id } of index) {
    while (next < inConflict.length && comparePaths(inConflict[next]!.path, path) < 0)
      yield* sidesOf(inConflict[next++]!)
    const mode = kind === 'symlink' ? '120000' : executable ? '100755' : '100644'
    if (inConflict[next]?.path === path) yield* sidesOf(inConflict[next++]!)
    else yield { path, mode, id, stage: 0 }
  }
  for (const entry of inConflict.slice(next)) yield* sidesOf(entry)
}

function sidesOf({ path, sides }: ChangedEntry): StagedFile[] {
  return [sides!.base, sides!.ours, sides!.theirs].flatMap((side, i) =>
    side === null ? [] : [{ path, mode: side.mode, id: side.id, stage: i + 1 }],
  )
}

function comparePaths(a: string, b: string): number {
  return compareBytes(pathToBytes(a), pathToBytes(b))
}

/** As in Git, those that are not versioned come first. */
function differingFiles(given: Arguments, { untracked, ignored, unstaged }: Status): Listed[] {
  const listed: Listed[] = given.flag('ignored')
    ? ignored.map((path) => ({ path, state: 'ignored' }))
    : given.flag('others')
      ? untracked.map((path) => ({ path, state: 'untracked' }))
      : []
  for (const { path, state: how } of unstaged) {
    const state = how === 'deleted' ? 'deleted' : 'modified'
    if (given.flag('modified') || given.flag(state)) listed.push({ path, state })
  }
  return listed
}

async function* withTracked(
  differing: readonly Listed[],
  tracked: AsyncIterable<ListEntry>,
): AsyncGenerator<Listed> {
  const states = new Map(differing.map(({ path, state }) => [path, state]))
  for (const one of differing) if (one.state === 'untracked' || one.state === 'ignored') yield one
  for await (const { path } of tracked) yield { path, state: states.get(path) ?? 'tracked' }
}

async function allMatched<T extends { readonly path: string }>(
  found: AsyncIterable<T> | Iterable<T>,
  paths: readonly NamedPath[],
): Promise<T[]> {
  const listed = await collect(found)
  await new PathSelection(paths).requireMatches(listed.map(({ path }) => path))
  return listed
}
