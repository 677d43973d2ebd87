// History as people read it: newest first, or only the commits that touched a path, under the names that it had. Older
// names of a file or table are followed unless told otherwise; of a folder they are not.
import { type CommitCid, digestHex } from '../encoding/cid.ts'
import { mergeBases, walkCommits } from '../history/ancestry.ts'
import { readCommits } from '../history/commit.ts'
import type { Commit } from '../history/interface.ts'
import { resolveRevision, splitRange } from '../history/revision.ts'
import { type CommitFilter, passes } from './commit-filter.ts'
import { peelToCommit } from './head.ts'
import type { Repo } from './interface.ts'
import { PathHistory } from './path-history.ts'

const batchCommits = 256

export interface LogOptions extends CommitFilter {
  /** A revision or a range; default HEAD. */
  readonly revision?: string | undefined
  readonly path?: string | undefined
  /** Also what the path was called before; default true. */
  readonly follow?: boolean | undefined
  readonly limit?: number | undefined
  /** Oldest first, of those that `limit` leaves. */
  readonly reverse?: boolean | undefined
  readonly firstParent?: boolean | undefined
  /** From all branches, tags and remote branches. */
  readonly all?: boolean | undefined
  /** Asked about each commit of the walk: true ends it there. */
  readonly until?: ((commit: { readonly id: string }) => boolean) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface LogEntry {
  readonly commit: Commit
  /** In a log of a path: what it is called in this commit, and in its parents where that is another name. */
  readonly paths?: readonly string[]
}

export async function* log(repo: Repo, options: LogOptions = {}): AsyncGenerator<LogEntry> {
  if (options.reverse !== true) return yield* newestFirst(repo, options)
  // Names alone are kept: the history may be long.
  const entries: { cid: CommitCid; paths: readonly string[] | undefined }[] = []
  for await (const { commit, paths } of newestFirst(repo, options)) entries.push({ cid: commit.cid, paths })
  while (entries.length > 0) {
    const batch = entries.splice(-batchCommits).reverse()
    const commits = await readCommits(
      repo.store,
      batch.map(({ cid }) => cid),
    )
    for (const [i, commit] of commits.entries()) {
      const { paths } = batch[i]!
      yield paths === undefined ? { commit } : { commit, paths }
    }
  }
}

async function* newestFirst(repo: Repo, options: LogOptions): AsyncGenerator<LogEntry> {
  const { from, exclude } = await logEnds(repo, options)
  const limit = options.limit ?? Number.POSITIVE_INFINITY
  let count = 0
  if (limit <= 0) return
  const walk = walkCommits(repo.store, from, {
    exclude,
    firstParent: options.firstParent === true,
    signal: options.signal,
  })
  const history = options.path === undefined ? null : new PathHistory(repo, options.path, options)
  for await (const commit of walk) {
    if (options.until?.({ id: digestHex(commit.cid) }) === true) return
    const paths = (await history?.touchedBy(commit)) ?? []
    if ((history !== null && paths.length === 0) || !passes(commit, options)) continue
    yield history === null ? { commit } : { commit, paths }
    if (++count >= limit) return
  }
}

export async function logEnds(
  repo: Repo,
  options: Pick<LogOptions, 'revision' | 'all'>,
): Promise<{ from: CommitCid[]; exclude: CommitCid[] }> {
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
