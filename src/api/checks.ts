// The dataset against its rules: of a revision, of what is staged, or of the files as they are now.
import type { Cid } from '../encoding/cid.ts'
import type { NamedPath } from '../files/pathspec.ts'
import { Tree } from '../files/tree.ts'
import { readCommit } from '../history/commit.ts'
import { resolveRevision } from '../history/revision.ts'
import { emptyTreeOf } from '../repo/empty.ts'
import { readHead } from '../repo/head.ts'
import { type Folder, type Io, type Repo, indexRef } from '../repo/interface.ts'
import type { CheckReport } from '../rules/interface.ts'
import { forkTree } from './diff-ends.ts'
import type { OperationOptions } from './interface.ts'

export interface RuleCheckOptions extends OperationOptions {
  /** Default: the files as they are now; in a repository without files HEAD. */
  readonly revision?: string
  /** What the next commit will hold. */
  readonly staged?: boolean
  /**
   * Only rows that were added or changed since what is checked left this revision (their merge base), and what their
   * change breaks elsewhere.
   */
  readonly changedSince?: string
  /** Only tables at or below these paths. */
  readonly paths?: readonly NamedPath[]
  /** Violations listed for each rule; all are counted. Default: 20. */
  readonly limit?: number
}

export async function checkRules(
  repo: Repo,
  folder: Folder | null,
  options: RuleCheckOptions,
): Promise<CheckReport> {
  // Trees of the files as they are now live in a writer that is thrown away.
  const writer = repo.store.writer()
  const io = { writer, nodes: repo.nodes.through(writer) }
  const { changedSince, paths, limit, signal, onProgress } = options
  try {
    const { checkTree } = await import('../rules/check-tree.ts')
    const tree = await Tree.load(io.nodes, await treeToCheck(repo, folder, io, options))
    const before =
      changedSince === undefined
        ? null
        : await Tree.load(io.nodes, await treeBefore(repo, changedSince, options.revision ?? 'HEAD'))
    let done = 0
    const onRows = (rows: number): void =>
      onProgress?.({ phase: 'checking rules', done: (done += rows), total: 0, unit: 'rows' })
    return await checkTree(io.nodes, tree, before, { paths, limit, signal, onRows })
  } finally {
    await writer.abort()
  }
}

async function treeToCheck(
  repo: Repo,
  folder: Folder | null,
  io: Io,
  { revision, staged, ...options }: RuleCheckOptions,
): Promise<Cid> {
  if (revision !== undefined) return treeOf(repo, revision)
  const manifest = await repo.store.manifest()
  const index = manifest.refs.get(indexRef)
  if (staged === true) return index ?? (await readHead(repo.store, manifest)).commit?.tree ?? emptyTreeOf(io)
  if (folder === null) return treeOf(repo, 'HEAD')
  return folder.snapshot(io, index ?? emptyTreeOf(io), { signal: options.signal })
}

/** As 'varve diff A...B': what the other side has changed meanwhile is not this side's doing. */
async function treeBefore(repo: Repo, since: string, revision: string): Promise<Cid> {
  const manifest = await repo.store.manifest()
  const hint =
    "a shallow clone gets more history with 'varve fetch --deepen N'; all rows are checked without --changed-since"
  return forkTree(repo, manifest, { from: since, to: revision }, hint)
}

async function treeOf(repo: Repo, revision: string): Promise<Cid> {
  const { commit } = await resolveRevision(repo.store, revision)
  return (await readCommit(repo.store, commit)).tree
}
