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
  readonly put: BesideGit['put']
  readonly at: BesideGit['at']
}

export function pairOf({ at, put }: BesideGit): Pair {
  // Two commits of one moment would be one.
  let second = 1_700_000_000
  return {
    at,
    put,
    varve: (...args) => runHere(args, at('ours'), { VARVE_AUTHOR_DATE: `${++second} +0000` }),
    git(...args) {
      const date = `${++second} +0000`
      const { status, stdout, stderr } = spawnSync('git', ['-c', 'core.quotepath=off', ...args], {
        cwd: at('theirs'),
        encoding: 'utf8',
        env: { ...gitEnvironment, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date, GIT_EDITOR: 'true' },
      })
      return { code: status ?? 1, stdout, stderr }
    },
  }
}

export interface State {
  readonly status: readonly string[]
  /** The branch, or the commit. */
  readonly head: string
  readonly refs: Readonly<Record<string, string>>
  readonly files: Readonly<Record<string, string>>
  readonly stashes: number
}

const logFormat = '%H%x09%P%x09%s'
const refFormat = '%(refname)%09%(objectname)'

export function theirState({ git, at }: Pair): State {
  // Ours calls a file renamed if its content is the same.
  const status = linesOf(git('status', '--porcelain', '--find-renames=100%').stdout)
  const graph = graphOf(git('log', '--branches', '--tags', 'HEAD', `--format=${logFormat}`).stdout)
  const head = git('symbolic-ref', '-q', 'HEAD').stdout.trim()
  return {
    status,
    head: head || graph.get(git('rev-parse', 'HEAD').stdout.trim())!,
    refs: named(
      linesOf(git('for-each-ref', `--format=${refFormat}`, 'refs/heads', 'refs/tags').stdout),
      graph,
    ),
    files: filesIn(at('theirs'), unmergedIn(status)),
    stashes: linesOf(git('stash', 'list').stdout).length,
  }
}

export async function ourState({ varve, at }: Pair): Promise<State> {
  const out = async (...args: string[]): Promise<string> => (await varve(...args)).stdout
  const status = linesOf(await out('status', '--porcelain'))
  const graph = graphOf(await out('log', '--branches', '--tags', 'HEAD', `--format=${logFormat}`))
  const refs = linesOf(
    (await out('branch', '--format', refFormat)) + (await out('tag', '--format', refFormat)),
  )
  const head = (await out('rev-parse', '--symbolic-full-name', 'HEAD')).trim()
  return {
    status,
    head: head === 'HEAD' ? graph.get((await out('rev-parse', 'HEAD')).trim())! : head,
    refs: named(refs, graph),
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
