// History as people read it: newest first, or only the commits that touched a path.
import type { CommitCid } from '../encoding/cid.ts'
import { diffTrees } from '../files/tree-diff.ts'
import { Tree } from '../files/tree.ts'
import { walkCommits } from '../history/ancestry.ts'
import { readCommits } from '../history/commit.ts'
import type { Commit } from '../history/interface.ts'
import { resolveRevision, splitRange } from '../history/revision.ts'
import { mergeBases } from '../history/ancestry.ts'
import { peelToCommit } from './head.ts'
import type { Repo } from './interface.ts'

export interface LogOptions {
  /** A revision or a range; default HEAD. */
  readonly revision?: string | undefined
  readonly path?: string | undefined
  readonly limit?: number | undefined
  readonly firstParent?: boolean | undefined
  /** From all branches, tags and remote branches. */
  readonly all?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export async function* log(repo: Repo, options: LogOptions = {}): AsyncGenerator<Commit> {
  const { from, exclude } = await ends(repo, options)
  const limit = options.limit ?? Number.POSITIVE_INFINITY
  let count = 0
  if (limit <= 0) return
  const walk = walkCommits(repo.store, from, {
    exclude,
    firstParent: options.firstParent === true,
    signal: options.signal,
  })
  for await (const commit of walk) {
    if (options.path !== undefined && !(await touches(repo, commit, options.path, options.signal))) continue
    yield commit
    if (++count >= limit) return
  }
}

async function ends(repo: Repo, options: LogOptions): Promise<{ from: CommitCid[]; exclude: CommitCid[] }> {
  const manifest = await repo.store.manifest()
  if (options.all === true) {
    const tips = [...manifest.refs].filter(([ref]) => ref.startsWith('refs/') || ref === 'HEAD')
    return { from: await Promise.all(tips.map(([, cid]) => peelToCommit(repo.store, cid))), exclude: [] }
  }
  const range = splitRange(options.revision ?? 'HEAD')
  if (range === null) {
    const { commit } = await resolveRevision(repo.store, options.revision ?? 'HEAD', manifest)
    return { from: [commit], exclude: [] }
  }
  const [a, b] = await Promise.all(
    [range.from, range.to].map(async (name) => (await resolveRevision(repo.store, name, manifest)).commit),
  )
  if (!range.symmetric) return { from: [b!], exclude: [a!] }
  return { from: [a!, b!], exclude: await mergeBases(repo.store, a!, b!) }
}

/** A commit touches a path when it holds there what none of its parents holds. */
async function touches(repo: Repo, commit: Commit, path: string, signal?: AbortSignal): Promise<boolean> {
  const tree = await Tree.load(repo.nodes, commit.tree)
  const parents = await readCommits(repo.store, commit.parents)
  if (parents.length === 0) {
    for await (const entries of tree.scan({ prefix: path, signal })) if (entries.length > 0) return true
    return false
  }
  for (const parent of parents) {
    if (!(await differs(await Tree.load(repo.nodes, parent.tree), tree, path, signal))) return false
  }
  return true
}

async function differs(before: Tree, after: Tree, prefix: string, signal?: AbortSignal): Promise<boolean> {
  if (before.cid === after.cid) return false
  for await (const differences of diffTrees(before, after, { prefix, signal }))
    if (differences.length > 0) return true
  return false
}
