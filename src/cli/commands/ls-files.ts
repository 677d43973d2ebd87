import type { ListEntry, Status } from '../../api/interface.ts'
import { collect } from '../../base/iterables.ts'
import { PathSelection } from '../../files/path-selection.ts'
import type { NamedPath } from '../../files/pathspec.ts'
import { quotedName } from '../format/short-status.ts'
import type { Arguments } from '../arguments.ts'
import type { Command, Context } from '../interface.ts'
import { fromRepositoryPath } from '../paths.ts'
import { toPathspecs } from '../pathspecs/pathspecs.ts'

export const command: Command = {
  usage: ['ls-files [-c] [-m] [-d] [-o] [-z] [--full-name] [--error-unmatch] [PATH...]'],
  description:
    'Lists the versioned files and tables, as the next commit will hold them, below the current folder or\nbelow PATHs, for scripts. With -m, -d and -o it lists the files that these options name instead;\nwith -c the versioned ones, too. Each path is listed once.',
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
    'exclude-standard': { type: 'flag', about: 'leave out ignored files (the default)' },
    null: { type: 'flag', short: 'z', about: 'end each path with a NUL and do not quote it' },
    'full-name': { type: 'flag', about: "print paths relative to the repository's folder" },
    'error-unmatch': { type: 'flag', about: 'fail if a PATH matches no listed file' },
  },
  examples: [
    ['varve ls-files', 'all versioned files below this folder'],
    ['varve ls-files -z data/ | xargs -0 wc -c', 'process each file, with any characters in names'],
    ['varve ls-files -mo', 'changed, removed and new files'],
    ['varve ls-files --error-unmatch people.csv', 'whether a file is versioned'],
  ],
  json: "{ items: { path: string; state: 'tracked' | 'modified' | 'deleted' | 'untracked' }[] }",
  run,
}

interface Listed {
  readonly path: string
  readonly state: 'tracked' | 'modified' | 'deleted' | 'untracked'
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  const repo = await repository()
  const paths = toPathspecs(repo.root, given.words.length === 0 ? ['.'] : given.words, { alone: 'here' })
  const looks = ['modified', 'deleted', 'others'].some((name) => given.flag(name))
  const status = looks
    ? await repo.status({ ...operation, paths, untracked: given.flag('others') ? 'all' : 'no' })
    : null
  const differing = status === null ? [] : differingFiles(given, status)
  const found =
    status === null || given.flag('cached')
      ? withTracked(differing, repo.listIndex({ ...operation, paths }))
      : differing
  const listed = given.flag('error-unmatch') ? await allMatched(found, paths) : found
  const [nul, fullName] = [given.flag('null'), given.flag('full-name')]
  await out.items(listed, ({ path }) => {
    const shown = fullName ? path : fromRepositoryPath(repo.root, path)
    if (nul) out.nulRecord(shown)
    else out.line(quotedName(shown))
  })
  return 0
}

/** As in Git, those that are not versioned come first. */
function differingFiles(given: Arguments, { untracked, unstaged }: Status): Listed[] {
  const listed: Listed[] = given.flag('others') ? untracked.map((path) => ({ path, state: 'untracked' })) : []
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
  for (const one of differing) if (one.state === 'untracked') yield one
  for await (const { path } of tracked) yield { path, state: states.get(path) ?? 'tracked' }
}

async function allMatched(
  found: AsyncIterable<Listed> | Iterable<Listed>,
  paths: readonly NamedPath[],
): Promise<Listed[]> {
  const listed = await collect(found)
  new PathSelection(paths).requireMatches(listed.map(({ path }) => path))
  return listed
}
