// What a repository of Git's and one of ours have come to, in words that can be compared: ids are others, and so commits
// are named by what they and those before them say.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import type { BesideGit } from '../support/beside-git.ts'
import { gitEnvironment } from '../support/git-in.ts'
import { runHere } from '../support/run-here.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Both repositories, in folders side by side. */
export interface Pair {
  readonly git: (...args: string[]) => Ran
  readonly varve: BesideGit['varve']
  /** The same in the remotes of both. */
  readonly there: Pick<Pair, 'git' | 'varve'>
  readonly put: BesideGit['put']
  readonly at: BesideGit['at']
}

export function pairOf({ at, put }: BesideGit): Pair {
  // Two commits of one moment would be one.
  let second = 1_700_000_000
  const places = (ours: string, theirs: string): Pick<Pair, 'git' | 'varve'> => ({
    varve: (...args) => runHere(args, at(ours), { VARVE_AUTHOR_DATE: `${++second} +0000` }),
    git(...args) {
      const date = `${++second} +0000`
      const { status, stdout, stderr } = spawnSync('git', ['-c', 'core.quotepath=off', ...args], {
        cwd: at(theirs),
        encoding: 'utf8',
        env: { ...gitEnvironment, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date, GIT_EDITOR: 'true' },
      })
      return { code: status ?? 1, stdout, stderr }
    },
  })
  return { at, put, ...places('ours', 'theirs'), there: places('our-remote', 'their-remote') }
}

/** A remote for each, bare and empty. */
export async function addRemotes({ at, git, varve, there }: Pair): Promise<void> {
  for (const place of ['our-remote', 'their-remote']) fs.mkdirSync(at(place))
  there.git('init', '-q', '--bare', '-b', 'main')
  await there.varve('init', '-q', '--bare', '-b', 'main')
  git('remote', 'add', 'origin', at('their-remote'))
  await varve('remote', 'add', 'origin', at('our-remote'))
}

export interface State {
  readonly status: readonly string[]
  /** The branch, or the commit. */
  readonly head: string
  /** Those of the remote too. */
  readonly refs: Readonly<Record<string, string>>
  readonly files: Readonly<Record<string, string>>
  readonly stashes: number
}

const logFormat = '%H%x09%P%x09%s'
const refFormat = '%(refname)%09%(objectname)'
const everything = ['--branches', '--tags', '--remotes', 'HEAD']

export function theirState({ git, at, there }: Pair): State {
  // Ours calls a file renamed if its content is the same.
  const status = linesOf(git('status', '--porcelain', '--find-renames=100%').stdout)
  const graph = graphOf(git('log', ...everything, `--format=${logFormat}`).stdout)
  const remoteGraph = graphOf(there.git('log', '--branches', '--tags', `--format=${logFormat}`).stdout)
  const head = git('symbolic-ref', '-q', 'HEAD').stdout.trim()
  return {
    status,
    head: head || graph.get(git('rev-parse', 'HEAD').stdout.trim())!,
    refs: {
      ...named(linesOf(git('for-each-ref', `--format=${refFormat}`).stdout).filter(isNamed), graph),
      ...atRemote(linesOf(there.git('for-each-ref', `--format=${refFormat}`).stdout), remoteGraph),
    },
    files: filesIn(at('theirs'), unmergedIn(status)),
    stashes: linesOf(git('stash', 'list').stdout).length,
  }
}

export async function ourState({ varve, at, there }: Pair): Promise<State> {
  const out = async (...args: string[]): Promise<string> => (await varve(...args)).stdout
  const status = linesOf(await out('status', '--porcelain'))
  const graph = graphOf(await out('log', ...everything, `--format=${logFormat}`))
  const refs = linesOf(
    (await out('branch', '-a', '--format', refFormat)) + (await out('tag', '--format', refFormat)),
  )
  const distant = async (...args: string[]): Promise<string> => (await there.varve(...args)).stdout
  const remoteRefs = linesOf(
    (await distant('branch', '--format', refFormat)) + (await distant('tag', '--format', refFormat)),
  )
  const remoteGraph = graphOf(await distant('log', '--branches', '--tags', `--format=${logFormat}`))
  const head = (await out('rev-parse', '--symbolic-full-name', 'HEAD')).trim()
  return {
    status,
    head: head === 'HEAD' ? graph.get((await out('rev-parse', 'HEAD')).trim())! : head,
    refs: { ...named(refs.filter(isNamed), graph), ...atRemote(remoteRefs, remoteGraph) },
    files: filesIn(at('ours'), unmergedIn(status)),
    stashes: linesOf(await out('stash', 'list')).length,
  }
}

/** What is under way in Git, and is to be gone on with. */
export function underWay({ git }: Pair): 'merge' | 'cherry-pick' | 'revert' | 'rebase' | null {
  const dir = git('rev-parse', '--absolute-git-dir').stdout.trim()
  const has = (name: string): boolean => fs.existsSync(path.join(dir, name))
  if (has('rebase-merge') || has('rebase-apply')) return 'rebase'
  if (has('MERGE_HEAD')) return 'merge'
  if (has('CHERRY_PICK_HEAD')) return 'cherry-pick'
  return has('REVERT_HEAD') ? 'revert' : null
}

export function unmergedThere({ git }: Pair): string[] {
  return linesOf(git('diff', '--name-only', '--diff-filter=U').stdout)
}

/** The tree of each branch and tag, by Git's own names. */
export function treesIn(dir: string, refs: readonly string[]): Record<string, string> {
  const tree = (ref: string): string =>
    spawnSync('git', ['rev-parse', `${ref}^{tree}`], { cwd: dir, encoding: 'utf8', env: gitEnvironment })
      .stdout
  return Object.fromEntries(refs.map((ref) => [ref, tree(ref).trim()]))
}

function graphOf(text: string): Map<string, string> {
  const commits = new Map(linesOf(text).map((line) => [line.split('\t')[0]!, line.split('\t')] as const))
  const graph = new Map<string, string>()
  const place = (id: string): string => {
    const known = graph.get(id)
    if (known !== undefined) return known
    const [, parents = '', subject = ''] = commits.get(id) ?? []
    const before = parents.split(' ').filter(Boolean).map(place)
    const said = createHash('sha1')
      .update([subject, ...before].join('\n'))
      .digest('hex')
    graph.set(id, `${subject} ${said.slice(0, 8)}`)
    return graph.get(id)!
  }
  for (const id of commits.keys()) place(id)
  return graph
}

function named(refs: readonly string[], graph: ReadonlyMap<string, string>): Record<string, string> {
  const pairs = refs.map((line) => line.split('\t') as [string, string])
  return Object.fromEntries(pairs.map(([ref, id]) => [ref, graph.get(id) ?? id]))
}

/** The stash is counted; where a remote's HEAD is, ours keeps otherwise; a branch without commits is listed by ours alone. */
function isNamed(line: string): boolean {
  return (
    !line.endsWith('\t') && !line.startsWith('refs/stash') && !line.startsWith('refs/remotes/origin/HEAD')
  )
}

function atRemote(refs: readonly string[], graph: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(named(refs.filter(isNamed), graph)).map(([ref, id]) => [`remote ${ref}`, id]),
  )
}

function unmergedIn(status: readonly string[]): Set<string> {
  return new Set(status.filter((line) => /^(U.|.U|AA|DD) /.test(line)).map((line) => line.slice(3)))
}

/** Without those in conflict: ours leaves no markers in them. */
function filesIn(root: string, unmerged: ReadonlySet<string>): Record<string, string> {
  const files: [string, string][] = []
  for (const name of fs.readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (/^\.(git|varve)(\/|$)/.test(name) || unmerged.has(name)) continue
    if (fs.statSync(path.join(root, name)).isFile())
      files.push([name, fs.readFileSync(path.join(root, name), 'utf8')])
  }
  return Object.fromEntries(files.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .sort()
}
