// A repository without files around it: history, data, refs and upkeep, on any store, in memory and in a browser too.
// `Repository` (repository.ts) adds the worktree and remotes.
import { type AnyIterable, bytesInParts } from '../base/iterables.ts'
import { resolveRevision } from '../history/revision.ts'
import { readCommit } from '../history/commit.ts'
import { commitsLeftOut } from '../history/horizon.ts'
import type { Person } from '../history/interface.ts'
import { shortRefName } from '../history/refs.ts'
import { createBranch, deleteBranch, followBranch, listBranches, renameBranch } from '../repo/branches.ts'
import { operatorOf } from '../repo/context.ts'
import { checkGraph } from '../repo/fsck/check-graph.ts'
import { checkDatasets } from '../repo/fsck/check.ts'
import { checkConfig } from '../repo/config.ts'
import type { PolicyDecision } from '../merge/policies/decisions.ts'
import { reflog } from '../repo/reflog.ts'
import { createTag, deleteTag, listTags } from '../repo/tags.ts'
import { undo } from '../repo/undo.ts'
import { MemoryStore } from '../store/memory.ts'
import { NodeStore } from '../prolly/node-store.ts'
import { PartialStore } from '../remote/partial-store.ts'
import { partialOf } from '../remote/selection.ts'
import type { FsckReport, GcReport, Store } from '../store/interface.ts'
import { type FirstBad, type FirstBadOptions, findFirstBad } from './bisect.ts'
import { type ExportOptions, exportFrom } from './tables/export-table.ts'
import { type ImportOptions, importInto } from './tables/import-table.ts'
import type { Snapshot, Transaction } from './tables/data.ts'
import { diffStatOf } from './diff-stat.ts'
import { diffsBetween, pathsBetween } from './diffs.ts'
import { commitInfoOf, idOf, refNames } from './info.ts'
import { indexEntries } from './index-entries.ts'
import { branchInfo, tagInfo } from './ref-info.ts'
import type * as t from './interface.ts'
import { decisionsAt } from './policies.ts'
import { LogRepository } from './log-repository.ts'
import type { CheckReport } from '../rules/interface.ts'
import { type RuleCheckOptions, checkRules } from './checks.ts'
import { described, independentOf, mergeBasesOf, reaches, revisionInfo } from './revisions.ts'
import { openSnapshot } from './tables/snapshot.ts'
import { runTransaction } from './tables/transaction.ts'

export class DataRepository extends LogRepository {
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
    return findFirstBad(this.repo, options)
  }

  async commitInfo(revision: string): Promise<t.CommitInfo> {
    const manifest = await this.repo.store.manifest()
    const { commit } = await resolveRevision(this.repo.store, revision, manifest)
    const { store } = this.repo
    const names = await refNames(this.repo, manifest)
    return commitInfoOf(await readCommit(store, commit), names, await commitsLeftOut(store))
  }

  /**
   * The commit that a revision stands for, and the branch or tag that it names.
   * @throws VarveError VARVE_REF_NOT_FOUND
   */
  async revisionInfo(revision: string): Promise<t.RevisionInfo> {
    return revisionInfo(this.repo, revision)
  }

  /**
   * The best common ancestors: none when the histories share nothing, several after crosswise merges. `b` may be
   * several revisions, which count as a merge of them.
   */
  async mergeBases(
    a: string,
    b: string | readonly string[],
    options: t.MergeBaseOptions = {},
  ): Promise<string[]> {
    return mergeBasesOf(this.repo, [a, ...[b].flat()], options)
  }

  /** Those of the revisions that are not an ancestor of any other of them. */
  async independent(revisions: readonly string[]): Promise<string[]> {
    return independentOf(this.repo, revisions)
  }

  /** Whether `ancestor` is the same commit as `descendant`, or one of its ancestors. */
  async isAncestor(ancestor: string, descendant: string): Promise<boolean> {
    return reaches(this.repo, descendant, ancestor)
  }

  /** The nearest tag at a commit or at one of its ancestors: the one with the fewest commits in between. */
  async describe(revision: string, options: t.DescribeOptions = {}): Promise<t.Description> {
    return described(this.repo, revision, options)
  }

  /**
   * Checks rows against the rules in varve.yaml. Violations are a result, not an error.
   * @throws VarveError VARVE_RULE_VIOLATED when varve.yaml itself is wrong
   */
  async check(options: RuleCheckOptions = {}): Promise<CheckReport> {
    return checkRules(this.repo, this.folder, options)
  }

  async *diff(options: t.DiffOptions = {}): AsyncGenerator<t.FileDiff> {
    yield* diffsBetween(this.repo, this.folder, options)
  }

  /** The paths that differ, without comparing their contents. */
  async *diffPaths(options: t.DiffOptions = {}): AsyncGenerator<t.PathChange> {
    yield* pathsBetween(this.repo, this.folder, options)
  }

  async *diffStat(options: t.DiffOptions = {}): AsyncGenerator<t.DiffStat> {
    for await (const diff of diffsBetween(this.repo, this.folder, options)) yield await diffStatOf(diff)
  }

  async branches(options: t.BranchesOptions = {}): Promise<readonly t.BranchInfo[]> {
    return (await listBranches(this.repo, options)).map(branchInfo)
  }

  /** The current branch; null when HEAD is detached. */
  async currentBranch(): Promise<string | null> {
    const { head } = await this.repo.store.manifest()
    return head === null ? null : shortRefName(head)
  }

  async createBranch(
    name: string,
    options: { startPoint?: string; force?: boolean } = {},
  ): Promise<t.BranchInfo> {
    return branchInfo(await createBranch(this.repo, name, options))
  }

  /** Lets a branch follow `upstream`, a branch of a remote ('origin/main'); null ends that. */
  async setUpstream(name: string, upstream: string | null): Promise<void> {
    await followBranch(this.repo, name, upstream)
  }

  async deleteBranch(name: string, options: { force?: boolean } = {}): Promise<void> {
    await deleteBranch(this.repo, name, options)
  }

  async renameBranch(from: string, to: string): Promise<void> {
    await renameBranch(this.repo, from, to)
  }

  async tags(options: t.TagsOptions = {}): Promise<readonly t.TagInfo[]> {
    return (await listTags(this.repo, options)).map(tagInfo)
  }

  async createTag(
    name: string,
    options: { revision?: string; message?: string; force?: boolean } = {},
  ): Promise<t.TagInfo> {
    return tagInfo(await createTag(this.repo, name, options))
  }

  async deleteTag(name: string): Promise<void> {
    await deleteTag(this.repo, name)
  }

  /** What merge policies decided in the merge that made this commit. */
  async *policyDecisions(revision: string, options: t.OperationOptions = {}): AsyncGenerator<PolicyDecision> {
    yield* decisionsAt(this.repo, revision, options)
  }

  async undo(options: t.OperationOptions & { dryRun?: boolean } = {}): Promise<t.UndoResult> {
    const { operation, message } = await undo(this.repo, this.folder, options)
    const manifest = await this.repo.store.manifest()
    const head = manifest.refs.get(manifest.head ?? 'HEAD') ?? null
    return { undone: message === '' ? operation : `${operation}: ${message}`, head: idOf(head) }
  }

  async *reflog(options: { ref?: string; limit?: number } = {}): AsyncGenerator<t.ReflogEntry> {
    for await (const entry of reflog(this.repo, options)) yield { ...entry, commit: idOf(entry.commit) }
  }

  /** The dataset at a revision; it stays as it is whatever is committed later. */
  async at(revision: string): Promise<Snapshot> {
    return openSnapshot(this.repo, revision)
  }

  /**
   * Commits what `change` did to `branch`, if it did anything. `change` runs again when another writer was faster.
   */
  async transaction<T>(
    branch: string,
    change: (tx: Transaction) => Promise<T> | T,
    options: t.OperationOptions & { message?: string; author?: Person } = {},
  ): Promise<{ commit: t.CommitInfo | null; result: T }> {
    const { commit, result } = await runTransaction(this.repo, branch, change, options)
    return { commit: commit === null ? null : await this.commitInfo(commit), result }
  }

  async *cat(revision: string, path: string, options: t.OperationOptions = {}): AsyncGenerator<Uint8Array> {
    yield* (await this.at(revision)).read(path, options)
  }

  async *list(
    revision: string,
    options: t.OperationOptions & { path?: string } = {},
  ): AsyncGenerator<t.ListEntry> {
    yield* (await this.at(revision)).list(options)
  }

  async *listIndex(options: Pick<t.StatusOptions, 'paths' | 'signal'> = {}): AsyncGenerator<t.ListEntry> {
    yield* indexEntries(this.repo, options)
  }

  async importTable(
    source: Uint8Array | AnyIterable<Uint8Array>,
    options: ImportOptions,
  ): Promise<t.ImportResult> {
    return importInto(this.repo, this.folder, bytesInParts(source), options)
  }

  async *exportTable(revision: string, path: string, options: ExportOptions): AsyncGenerator<Uint8Array> {
    yield* exportFrom(this.repo, revision, path, options)
  }

  async config(): Promise<ReadonlyMap<string, string>> {
    return (await this.repo.store.manifest()).config
  }

  /** null removes the entry. */
  async setConfig(key: string, value: string | null): Promise<void> {
    checkConfig(key, value)
    await this.repo.store.update((manifest) => ({
      config: new Map([[key, value]]),
      operation: { name: 'config', message: key, author: operatorOf(this.repo, manifest) },
    }))
  }

  async gc(
    options: t.OperationOptions & { dryRun?: boolean; graceMs?: number; manifestsKeptMax?: number } = {},
  ): Promise<GcReport> {
    const report = await this.repo.store.gc(withCounter(options, 'collecting garbage'))
    const removed = options.dryRun === true ? 0 : (this.folder?.removeTemporaries() ?? 0)
    return { ...report, filesRemoved: report.filesRemoved + removed }
  }

  async fsck(options: t.OperationOptions = {}): Promise<FsckReport> {
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

  async close(): Promise<void> {
    await this.repo.store.close()
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
