// History as people read it: newest first, or only the commits that touched a path, under the names that it had. Older
// names of a file or table are followed unless told otherwise; of a folder they are not.
import { matchesWildcard } from '../../base/wildcard.ts'
import { type CommitCid, digestHex } from '../../encoding/cid.ts'
import { PathSelection } from '../../files/path-selection.ts'
import type { NamedPath } from '../../files/pathspec.ts'
import { walkGraph } from '../../history/ancestry.ts'
import { graphOf } from '../../history/commit-graph.ts'
import { readCommits } from '../../history/commit.ts'
import type { Commit } from '../../history/interface.ts'
import { type RevisionSet, resolveSet } from '../../history/revision-set.ts'
import { type CommitFilter, type CommitTest, commitTest, mayPass } from './commit-filter.ts'
import { type ContentFilter, filtersContent } from './content-filter.ts'
import { peelToCommit } from '../head.ts'
import type { Repo } from '../interface.ts'
import { PathHistory } from './path-history.ts'
import { SelectionHistory } from './selection-history.ts'

const batchCommits = 64

export interface LogOptions extends CommitFilter, ContentFilter {
  /** A revision, a range, '^A' (without what A reaches), or several of these; default HEAD. */
  readonly revision?: string | readonly string[] | undefined
  /** '.' is everything. */
  readonly path?: string | undefined
  /** Only commits that touch what these stand for, under these names alone. */
  readonly paths?: readonly NamedPath[] | undefined
  /** Also what the path was called before; default true. */
  readonly follow?: boolean | undefined
  readonly limit?: number | undefined
  /** Oldest first, of those that `limit` leaves. */
  readonly reverse?: boolean | undefined
  readonly firstParent?: boolean | undefined
  /** From all branches, tags and remote branches. */
  readonly all?: boolean | undefined
  /** From the refs that these patterns match, too: 'refs/tags/*'; '^refs/tags/*': without what these reach. */
  readonly refs?: readonly string[] | undefined
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
  if (!filtersContent(options)) return yield* passing(repo, options)
  const { limit = Number.POSITIVE_INFINITY, ...rest } = options
  if (limit <= 0) return
  const { changingContent } = await import('./content-changes.ts')
  let count = 0
  for await (const entry of changingContent(repo, passing(repo, rest), options)) {
    yield entry
    if (++count >= limit) return
  }
}

async function* passing(repo: Repo, options: LogOptions): AsyncGenerator<LogEntry> {
  const limit = options.limit ?? Number.POSITIVE_INFINITY
  if (limit <= 0) return
  const passes = await commitTest(options)
  let count = 0
  let size = 1
  let batch: Chosen[] = []
  // Commits are read some at a time; the first is shown at once.
  for await (const one of chosen(repo, options)) {
    batch.push(one)
    if (batch.length < Math.min(size, limit - count)) continue
    for await (const entry of read(repo, batch, passes)) {
      yield entry
      if (++count >= limit) return
    }
    batch = []
    size = Math.min(2 * size, batchCommits)
  }
  for await (const entry of read(repo, batch, passes)) {
    yield entry
    if (++count >= limit) return
  }
}

interface Chosen {
  readonly cid: CommitCid
  readonly paths: readonly string[] | null
}

/** Chooses commits by path, and by what is known without reading them. */
async function* chosen(repo: Repo, asked: LogOptions): AsyncGenerator<Chosen> {
  const options = asked.path === '.' ? { ...asked, path: undefined } : asked
  const { from, exclude } = await logEnds(repo, options)
  const selection = options.paths === undefined ? null : new PathSelection(options.paths)
  const graph = graphOf(repo.store, { whole: options.path !== undefined || selection !== null })
  const { signal, firstParent } = options
  const walk = walkGraph(graph, repo.store, from, { exclude, firstParent: firstParent === true, signal })
  const history = options.path === undefined ? null : new PathHistory(repo, graph, options.path, options)
  const selected = selection === null ? null : new SelectionHistory(repo, graph, selection, options)
  for await (const slot of walk) {
    if (options.until?.({ id: digestHex(graph.cidOf(slot)) }) === true) return
    if (history?.passesOver(slot) === true || selected?.passesOver(slot) === true) continue
    if ((await selected?.isTouchedBy(slot)) === false) continue
    const paths = (await history?.touchedBy(slot)) ?? null
    if (paths?.length !== 0 && mayPass(graph, slot, options)) yield { cid: graph.cidOf(slot), paths }
  }
}

async function* read(repo: Repo, batch: readonly Chosen[], passes: CommitTest): AsyncGenerator<LogEntry> {
  const commits = await readCommits(
    repo.store,
    batch.map(({ cid }) => cid),
  )
  for (const [i, commit] of commits.entries()) {
    const { paths } = batch[i]!
    if (passes(commit)) yield paths === null ? { commit } : { commit, paths }
  }
}

export async function logEnds(
  repo: Repo,
  { revision = [], all = false, refs }: Pick<LogOptions, 'revision' | 'all' | 'refs'>,
): Promise<RevisionSet> {
  const manifest = await repo.store.manifest()
  const words = [revision].flat()
  const patterns = all ? ['refs/*', 'HEAD', ...(refs ?? [])] : refs
  const tipsOf = async (wanted: readonly string[]): Promise<CommitCid[]> => {
    const named = [...manifest.refs].filter(([ref]) => wanted.some((one) => matchesWildcard(one, ref)))
    return Promise.all(named.map(async ([, cid]) => peelToCommit(repo.store, cid)))
  }
  const isOut = (pattern: string): boolean => pattern.startsWith('^')
  const out = patterns?.filter(isOut).map((pattern) => pattern.slice(1)) ?? []
  const isDefault = words.length === 0 && patterns === undefined
  const { from, exclude } = await resolveSet(repo.store, isDefault ? ['HEAD'] : words, manifest)
  return {
    from: [...from, ...(await tipsOf(patterns?.filter((pattern) => !isOut(pattern)) ?? []))],
    exclude: [...exclude, ...(await tipsOf(out))],
  }
}
