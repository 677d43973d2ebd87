// A repository without files around it: history, data, refs and upkeep, on any store, in memory and in a browser too.
// `Repository` (repository.ts) adds the worktree and remotes.
import { type AnyIterable, bytesInParts } from '../base/iterables.ts'
import { resolveRevision } from '../history/revision.ts'
import { readCommit } from '../history/commit.ts'
import { commitsLeftOut } from '../history/horizon.ts'
import type { Person } from '../history/interface.ts'
import { operatorOf } from '../repo/context.ts'
import { checkConfig } from '../repo/config.ts'
import type { PolicyDecision } from '../merge/policies/decisions.ts'
import { MemoryStore } from '../store/memory.ts'
import { NodeStore } from '../prolly/node-store.ts'
import { PartialStore } from '../remote/partial-store.ts'
import { partialOf } from '../remote/selection.ts'
import type { FsckReport, GcReport, Store } from '../store/interface.ts'
import type { FirstBad, FirstBadOptions } from './bisect.ts'
import type { ExportOptions } from './tables/export-table.ts'
import type { ImportOptions } from './tables/import-table.ts'
import type { Snapshot, Transaction } from './tables/data.ts'
import { commitInfoOf, refNames } from './info.ts'
import type * as t from './interface.ts'
import { RefRepository } from './ref-repository.ts'
import type { CheckReport } from '../rules/interface.ts'
import type { RuleCheckOptions } from './checks.ts'
import { checkCommit, signingContext } from './signing.ts'
import { closeRepository } from '../repo/closed.ts'

/** History, tables and files on a store, without a folder: `DataRepository.over(store)`. Close it when you are done. */
export class DataRepository extends RefRepository {
  /** A repository over a store of your own: in memory by default. */
  static over(store: Store = MemoryStore.create(), options: t.OpenOptions = {}): DataRepository {
    return new DataRepository(store, options)
  }

  /**
   * Finds the first commit that `test` calls bad, among those after the good ones and up to the bad one, with as few
   * tests as possible. Nothing is checked out: look at a commit with `at` or `check`.
   * @throws VarveError VARVE_NOT_POSSIBLE when a good commit descends from the bad one
   */
  async findFirstBad(options: FirstBadOptions): Promise<FirstBad> {
    const { findFirstBad } = await import('./bisect.ts')
    return findFirstBad(this.repo, options)
  }

  /** The commit that a revision ('main~2', a tag, an id) names. @throws VarveError VARVE_REF_NOT_FOUND */
  async commitInfo(
    revision: string,
    options: { notes?: boolean; signatures?: boolean } = {},
  ): Promise<t.CommitInfo> {
    const manifest = await this.repo.store.manifest()
    const { commit } = await resolveRevision(this.repo.store, revision, manifest)
    const { store } = this.repo
    const names = await refNames(this.repo, manifest)
    const note = options.notes === true ? await (await this.notes.reader()).noteOf(commit) : null
    const info = commitInfoOf(await readCommit(store, commit), names, await commitsLeftOut(store))
    const context = signingContext(this.options)
    return {
      ...info,
      ...(note === null ? {} : { note }),
      ...(options.signatures === true ? { signature: await checkCommit(context, this.repo, commit) } : {}),
    }
  }

  /**
   * Checks rows against the rules in varve.yaml. Violations are a result, not an error.
   * @throws VarveError VARVE_RULE_VIOLATED when varve.yaml itself is wrong
   */
  async check(options: RuleCheckOptions = {}): Promise<CheckReport> {
    const { checkRules } = await import('./checks.ts')
    return checkRules(this.repo, this.folder, options)
  }

  /** Each path that differs, with its rows, cells or lines. Default: what is not staged, as `varve diff` shows it. */
  async *diff(options: t.DiffOptions = {}): AsyncGenerator<t.FileDiff> {
    const { diffsBetween } = await import('./diffs.ts')
    yield* diffsBetween(this.repo, this.folder, options)
  }

  /** The paths that differ, without comparing their contents. */
  async *diffPaths(options: t.DiffOptions = {}): AsyncGenerator<t.PathChange> {
    const { pathsBetween } = await import('./diffs.ts')
    yield* pathsBetween(this.repo, this.folder, options)
  }

  /** As `diff`, but only counts: rows and lines added, changed and removed. */
  async *diffStat(options: t.DiffOptions = {}): AsyncGenerator<t.DiffStat> {
    const { diffStatOf } = await import('./diff-stat.ts')
    const { diffsBetween } = await import('./diffs.ts')
    for await (const diff of diffsBetween(this.repo, this.folder, options)) yield await diffStatOf(diff)
  }

  /** What merge policies decided in the merge that made this commit. */
  async *policyDecisions(revision: string, options: t.OperationOptions = {}): AsyncGenerator<PolicyDecision> {
    const { decisionsAt } = await import('./policy-decisions.ts')
    yield* decisionsAt(this.repo, revision, options)
  }

  /** The dataset at a revision; it stays as it is whatever is committed later. */
  async at(revision: string): Promise<Snapshot> {
    const { openSnapshot } = await import('./tables/snapshot.ts')
    return openSnapshot(this.repo, revision)
  }

  /**
   * Commits what `change` did to `branch`, if it did anything. `change` runs again when another writer was faster.
   */
  async transaction<T>(
    branch: string,
    change: (tx: Transaction) => Promise<T> | T,
    options: t.OperationOptions & { message?: string; author?: Person; sign?: t.SignChoice } = {},
  ): Promise<{ commit: t.CommitInfo | null; result: T }> {
    const { runTransaction } = await import('./tables/transaction.ts')
    const { commit, result } = await runTransaction(this.repo, branch, change, options)
    return { commit: commit === null ? null : await this.commitInfo(commit), result }
  }

  /**
   * The bytes of a file, or of a table as its file has it, in parts. As in Git, ':0' in place of a revision is what is
   * staged; in a merge that stopped, ':1', ':2' and ':3' are the common ancestor, ours and theirs.
   * @throws VarveError VARVE_PATH_NOT_FOUND
   */
  async *cat(revision: string, path: string, options: t.OperationOptions = {}): AsyncGenerator<Uint8Array> {
    const { readNamed } = await import('./tables/snapshot.ts')
    yield* readNamed(this.repo, revision, path, options)
  }

  /** Files and tables of a revision, in the order of their paths; with `path` those at or below it. */
  async *list(
    revision: string,
    options: t.OperationOptions & { path?: string; paths?: readonly t.NamedPath[] } = {},
  ): AsyncGenerator<t.ListEntry> {
    yield* (await this.at(revision)).list(options)
  }

  /** Files and tables that the next commit will have, in the order of their paths. */
  async *listIndex(options: Pick<t.StatusOptions, 'paths' | 'signal'> = {}): AsyncGenerator<t.ListEntry> {
    const { indexEntries } = await import('./index-entries.ts')
    yield* indexEntries(this.repo, options)
  }

  /**
   * Puts rows into the table at `path`, which is made where there is none. They are staged, or committed with
   * `branch`. Rows that have the key of one that is there replace it.
   */
  async importTable(
    source: Uint8Array | AnyIterable<Uint8Array>,
    options: ImportOptions,
  ): Promise<t.ImportResult> {
    const { importInto } = await import('./tables/import-table.ts')
    return importInto(this.repo, this.folder, bytesInParts(source), options)
  }

  /** The rows of a table in another format, as the bytes of a file. */
  async *exportTable(revision: string, path: string, options: ExportOptions): AsyncGenerator<Uint8Array> {
    const { exportFrom } = await import('./tables/export-table.ts')
    yield* exportFrom(this.repo, revision, path, options)
  }

  /** The repository's settings: a text for each key, such as 'user.name'. */
  async config(): Promise<ReadonlyMap<string, string>> {
    return (await this.repo.store.manifest()).config
  }

  /** Sets one of the repository's settings; null removes it. */
  async setConfig(key: string, value: string | null): Promise<void> {
    checkConfig(key, value)
    await this.repo.store.update((manifest) => ({
      config: new Map([[key, value]]),
      operation: { name: 'config', message: key, author: operatorOf(this.repo, manifest) },
    }))
  }

  /**
   * Removes objects that no ref reaches, and packs the others; with `dryRun` only counts them.
   */
  async gc(
    options: t.OperationOptions & { dryRun?: boolean; graceMs?: number; manifestsKeptMax?: number } = {},
  ): Promise<GcReport> {
    const report = await this.repo.store.gc(withCounter(options, 'collecting garbage'))
    const removed = options.dryRun === true ? 0 : (this.folder?.removeTemporaries() ?? 0)
    return { ...report, filesRemoved: report.filesRemoved + removed }
  }

  /** Reads and hashes every byte. What is damaged is a result (`problems`), not an error. */
  async fsck(options: t.OperationOptions = {}): Promise<FsckReport> {
    const { checkGraph } = await import('../repo/fsck/check-graph.ts')
    const { checkDatasets } = await import('../repo/fsck/check.ts')
    const report = await this.repo.store.fsck(withCounter(options, 'checking'))
    const { store } = this.repo
    // A check fetches nothing.
    const here = store instanceof PartialStore ? { ...this.repo, store: store.local } : this.repo
    const isPartial = partialOf(await store.manifest()) !== null
    const nodes = new NodeStore(here.store)
    const problems = await checkDatasets(
      { ...here, nodes },
      { signal: options.signal, contents: isPartial ? 'as far as they are here' : undefined },
    )
    // Where something is broken already, it tells nothing.
    if (report.problems.length === 0 && problems.length === 0)
      problems.push(...(await checkGraph(nodes, { rows: !isPartial, signal: options.signal })))
    return { ...report, problems: [...report.problems, ...problems] }
  }

  /** Ends what the repository holds open. After it no other method may be called. */
  async close(): Promise<void> {
    await closeRepository(this).close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function withCounter<T extends t.OperationOptions>(
  options: T,
  phase: string,
): Omit<T, 'onProgress'> & { onProgress?: (done: number, total: number) => void } {
  const { onProgress, ...rest } = options
  if (onProgress === undefined) return rest
  return { ...rest, onProgress: (done, total) => onProgress({ phase, done, total, unit: 'objects' }) }
}
