import { VarveError, isVarveError, throwIfAborted } from '../../base/errors.ts'
import type { Repository, TransferResult } from '../../index.ts'
import type { Command, Context } from '../interface.ts'
import { type Arguments, usage } from '../arguments.ts'
import { counted, sizeText } from '../../base/size.ts'
import { printTransfer } from '../format/transfer.ts'
import { expectedFailure } from '../failure.ts'
import { toRepositoryPath } from '../paths.ts'

export const command: Command = {
  usage: [
    'fetch [--prune] [--depth N | --deepen N | --unshallow] [REMOTE]',
    'fetch --all [--prune]',
    'fetch REMOTE BRANCH...',
    'fetch --paths PATH... [--at REV]',
  ],
  description:
    "Gets what is new in REMOTE (default: the branch's remote, or origin) and moves its remote branches,\nsuch as origin/main; `varve notes merge` brings in the notes that came along. With BRANCHes only those are fetched. Your branches and files stay as they are,\nand every byte that is received is checked. A shallow clone gets more of its history with --depth,\n--deepen and --unshallow, and a partial clone the contents of a path with --paths.",
  options: {
    all: { type: 'flag', about: 'from all remotes, one after the other' },
    prune: { type: 'flag', short: 'p', about: 'remove remote branches that the remote no longer has' },
    depth: { type: 'text', value: 'N', about: 'the newest N commits of each branch' },
    deepen: { type: 'text', value: 'N', about: 'N commits older than those that are here' },
    paths: {
      type: 'list',
      value: 'PATH',
      about: 'contents of PATH that a partial clone left with its remote',
    },
    at: { type: 'text', value: 'REV', about: 'with --paths: contents as in REV, instead of HEAD' },
    unshallow: { type: 'flag', about: 'all of the history that was left out' },
  },
  examples: [
    ['varve fetch', 'get the work of others'],
    ['varve fetch --all --prune', 'fetch from all remotes, and remove branches that they no longer have'],
    ['varve fetch origin main', 'one branch of many'],
    ['varve log main..origin/main', 'then look at it'],
    ['varve fetch --paths images/2024', 'fetch contents before you go offline'],
    ['varve fetch --unshallow', 'get the whole history of a shallow clone'],
  ],
  json: '{ remote: string; url: string; updates: { ref: string; before: string | null; after: string | null; forced: boolean }[]; objects: number; bytes: number }; --all: { items: of these, each with its remote }; with --paths { paths: number; objects: number; bytes: number }',
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository, operation } = context
  const [remote, ...branches] = given.words
  checkBranches(given, branches)
  const paths = given.list('paths')
  const at = given.text('at')
  const repo = await repository()
  if (paths.length > 0) {
    given.expectWords(0, 0, '')
    for (const other of ['prune', 'depth', 'deepen', 'unshallow']) given.exclusive('paths', other)
    const named = paths.map((path) => toRepositoryPath(repo.root, path))
    const come = await repo.fetchPaths(named, { ...operation, ...(at === undefined ? {} : { revision: at }) })
    out.result(come, () => out.say(pathsText(come)))
    return 0
  }
  if (given.flag('all')) {
    given.expectWords(0, 0, '')
    for (const other of ['depth', 'deepen', 'unshallow', 'at']) given.exclusive('all', other)
    return fetchAll(context, repo)
  }
  if (at !== undefined) throw usage("'--at' needs '--paths'")
  given.exclusive('depth', 'deepen')
  given.exclusive('depth', 'unshallow')
  given.exclusive('deepen', 'unshallow')
  const [depth, deepen] = [given.number('depth'), given.number('deepen')]
  const result = await repo.fetch(remote, {
    ...operation,
    branches,
    prune: given.flag('prune'),
    unshallow: given.flag('unshallow'),
    ...(depth === undefined ? {} : { depth }),
    ...(deepen === undefined ? {} : { deepen }),
  })
  out.result(result, () => printTransfer(out, result, 'from'))
  return 0
}

/** Fetches from all remotes. One that fails does not keep the others from being fetched. */
async function fetchAll({ arguments: given, out, operation }: Context, repo: Repository): Promise<number> {
  const items: TransferResult[] = []
  const failed: { readonly name: string; readonly error: VarveError }[] = []
  for (const { name } of await repo.remotes()) {
    throwIfAborted(operation.signal)
    try {
      const result = await repo.fetch(name, { ...operation, prune: given.flag('prune') })
      items.push(result)
      if (!out.json) printTransfer(out, result, 'from')
    } catch (error) {
      const fault = expectedFailure(error)
      if (!isVarveError(fault) || fault.code === 'VARVE_ABORTED') throw error
      failed.push({ name, error: fault })
    }
  }
  if (failed.length > 0) throw notFromAll(items, failed)
  out.result({ items }, () => {
    if (items.length === 0) out.say('there are no remotes')
  })
  return 0
}

function notFromAll(
  items: readonly TransferResult[],
  failed: readonly { readonly name: string; readonly error: VarveError }[],
): VarveError {
  const faults = failed.map(({ name, error }) => `'${name}': ${error.message}`).join('; ')
  const { code, hint } = failed[0]!.error
  return new VarveError(code, `not fetched from ${faults}`, {
    data: { fetched: items.map(({ remote }) => remote), failed: failed.map(({ name }) => name) },
    ...(hint === undefined ? {} : { hint }),
  })
}

function checkBranches(given: Arguments, branches: readonly string[]): void {
  if (branches.length === 0) return
  const other = ['prune', 'depth', 'deepen', 'unshallow'].find((name) => given.has(name))
  if (other !== undefined) throw usage(`'--${other}' is for all branches`, 'name none')
  const spec = branches.find((name) => /^\+|[:*]/.test(name))
  if (spec === undefined) return
  throw usage(
    `'${spec}' names no branch of the remote`,
    "what is fetched is kept as REMOTE/BRANCH; to have a branch of it: 'varve switch BRANCH'",
  )
}

function pathsText({ paths, objects, bytes }: { paths: number; objects: number; bytes: number }): string {
  const which = counted(paths, 'path')
  return objects === 0
    ? `all contents of ${which} are here`
    : `fetched ${counted(objects, 'object')} (${sizeText(bytes)}) of ${which}`
}
