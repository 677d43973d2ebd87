import type { ListEntry, Status } from '../../api/interface.ts'
import { collect } from '../../base/iterables.ts'
import { PathSpec } from '../../worktree/pathspec.ts'
import { quotedName } from '../format/short-status.ts'
import type { Arguments } from '../arguments.ts'
import type { Command, Context } from '../interface.ts'
import { fromRepositoryPath, toRepositoryPaths } from '../paths.ts'

export const command: Command = {
  usage: ['ls-files [-c] [-m] [-d] [-o] [-z] [--full-name] [--error-unmatch] [PATH...]'],
  description:
    'Lists the versioned files and tables, as the next commit will hold them, below the folder where it runs or below\nPATHs: for scripts. With -m, -d and -o others instead, or (with -c) besides; each path stands there once.',
  options: {
    cached: { type: 'flag', short: 'c', about: 'the versioned ones; so it is without -m, -d and -o' },
    modified: {
      type: 'flag',
      short: 'm',
      about: 'those that differ from what is staged, removed ones among them',
    },
    deleted: { type: 'flag', short: 'd', about: 'those whose files are gone' },
    others: {
      type: 'flag',
      short: 'o',
      about: 'files that are not versioned, without what .varveignore names',
    },
    'exclude-standard': { type: 'flag', about: 'leave out what .varveignore names; so it is anyway' },
    null: { type: 'flag', short: 'z', about: 'end each path with a NUL and do not quote it' },
    'full-name': { type: 'flag', about: "paths from the repository's folder" },
    'error-unmatch': { type: 'flag', about: 'an error where a PATH stands for none of what is listed' },
  },
  examples: [
    ['varve ls-files', 'all versioned files below this folder'],
    ['varve ls-files -z data/ | xargs -0 wc -c', 'do something with each, whatever is in the names'],
    ['varve ls-files -mo', 'what a commit of all would take'],
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
  const paths = toRepositoryPaths(repo.root, given.words.length === 0 ? ['.'] : given.words)
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
  paths: readonly string[],
): Promise<Listed[]> {
  const listed = await collect(found)
  new PathSpec(paths).requireMatches(listed.map(({ path }) => path))
  return listed
}
