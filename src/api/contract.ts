// The public class's promise, method by method: `Repository` in repository.ts implements it, the command line and
// docs/API.md stand on it. Every method that can take long takes `signal` and `onProgress`.
import type { Person } from '../history/interface.ts'
import type { FsckReport, GcReport } from '../store/interface.ts'
import type * as t from './interface.ts'
import type { Snapshot, Transaction } from './data.ts'

export interface RepositoryContract extends AsyncDisposable {
  /** Absolute path of the folder with the user's files, or null for a bare or in-memory repository. */
  readonly root: string | null

  // Worktree. Paths are relative to the repository's root, with '/'.
  add(
    paths: readonly string[],
    options?: t.OperationOptions & { all?: boolean; asFile?: boolean; dryRun?: boolean },
  ): Promise<t.AddResult>
  track(path: string, options: t.OperationOptions & { key: readonly string[] }): Promise<t.TrackResult>
  untrack(path: string): Promise<void>
  remove(
    paths: readonly string[],
    options?: t.OperationOptions & { cached?: boolean; force?: boolean },
  ): Promise<readonly string[]>
  move(from: string, to: string, options?: t.OperationOptions): Promise<{ from: string; to: string }>
  status(options?: t.OperationOptions): Promise<t.Status>
  restore(
    paths: readonly string[],
    options?: t.OperationOptions & { source?: string; staged?: boolean; worktree?: boolean },
  ): Promise<readonly string[]>
  /** `target`: a branch, or '-' for the one that HEAD was on before; with `detach` any revision. */
  switch(
    target: string,
    options?: t.OperationOptions & {
      create?: boolean
      detach?: boolean
      startPoint?: string
      discard?: boolean
    },
  ): Promise<{ branch: string | null; head: string | null }>
  reset(
    revision: string,
    options?: t.OperationOptions & { mode?: 'soft' | 'mixed' | 'hard' },
  ): Promise<{ head: string }>

  // History.
  commit(
    options: t.OperationOptions & {
      message?: string
      all?: boolean
      amend?: boolean
      allowEmpty?: boolean
      author?: Person
    },
  ): Promise<t.CommitInfo>
  log(
    options?: t.OperationOptions & {
      revision?: string
      path?: string
      limit?: number
      firstParent?: boolean
      all?: boolean
    },
  ): AsyncIterable<t.CommitInfo>
  commitInfo(revision: string): Promise<t.CommitInfo>
  diff(options?: t.DiffOptions): AsyncIterable<t.FileDiff>
  diffStat(options?: t.DiffOptions): AsyncIterable<t.DiffStat>
  branches(options?: { remotes?: boolean; all?: boolean }): Promise<readonly t.BranchInfo[]>
  createBranch(name: string, options?: { startPoint?: string; force?: boolean }): Promise<t.BranchInfo>
  deleteBranch(name: string, options?: { force?: boolean }): Promise<void>
  renameBranch(from: string, to: string): Promise<void>
  tags(): Promise<readonly t.TagInfo[]>
  createTag(
    name: string,
    options?: { revision?: string; message?: string; force?: boolean },
  ): Promise<t.TagInfo>
  deleteTag(name: string): Promise<void>
  merge(
    revision: string,
    options?: t.OperationOptions & {
      noCommit?: boolean
      message?: string
      fastForward?: 'only' | 'never' | 'allow'
      allowUnrelated?: boolean
    },
  ): Promise<t.MergeResult>
  mergeAbort(options?: t.OperationOptions): Promise<void>
  mergeContinue(options?: t.OperationOptions & { message?: string }): Promise<t.CommitInfo>
  conflicts(options?: { path?: string }): AsyncIterable<t.ConflictInfo>
  resolve(
    path: string,
    options: t.ResolveOptions & t.OperationOptions,
  ): Promise<{ resolved: number; left: number }>
  revert(revision: string, options?: t.OperationOptions & { noCommit?: boolean }): Promise<t.MergeResult>
  cherryPick(revision: string, options?: t.OperationOptions & { noCommit?: boolean }): Promise<t.MergeResult>
  undo(options?: t.OperationOptions & { dryRun?: boolean }): Promise<t.UndoResult>
  reflog(options?: { ref?: string; limit?: number }): AsyncIterable<t.ReflogEntry>

  // Remotes.
  remotes(): Promise<readonly t.RemoteInfo[]>
  addRemote(name: string, url: string): Promise<t.RemoteInfo>
  removeRemote(name: string): Promise<void>
  fetch(remote?: string, options?: t.OperationOptions & { prune?: boolean }): Promise<t.TransferResult>
  pull(
    remote?: string,
    branch?: string,
    options?: t.OperationOptions & { mode?: 'merge' | 'rebase' | 'ff-only' },
  ): Promise<t.PullResult>
  /** refspecs: 'main', 'main:other', ':gone' (delete), 'refs/tags/v1'. Default: the current branch. */
  push(
    remote?: string,
    refspecs?: readonly string[],
    options?: t.OperationOptions & {
      force?: boolean
      setUpstream?: boolean
      tags?: boolean
      delete?: boolean
    },
  ): Promise<t.TransferResult>

  // Data, with or without a worktree.
  at(revision: string): Promise<Snapshot>
  /** Commits what `change` did to `branch`, when it did anything; runs it again when another writer was faster. */
  transaction<T>(
    branch: string,
    change: (tx: Transaction) => Promise<T> | T,
    options?: t.OperationOptions & { message?: string; author?: Person },
  ): Promise<{ commit: t.CommitInfo | null; result: T }>
  cat(revision: string, path: string, options?: t.OperationOptions): AsyncIterable<Uint8Array>
  list(revision: string, options?: t.OperationOptions & { path?: string }): AsyncIterable<t.ListEntry>
  importTable(
    source: AsyncIterable<Uint8Array>,
    options: t.OperationOptions & {
      path: string
      format: 'csv' | 'tsv' | 'jsonl'
      key: readonly string[]
      replace?: boolean
    },
  ): Promise<t.ImportResult>
  exportTable(
    revision: string,
    path: string,
    options: t.OperationOptions & { format: 'csv' | 'tsv' | 'jsonl' },
  ): AsyncIterable<Uint8Array>
  /** Brings in another history of files, commit by commit, from a Git repository's folder or URL. */
  importGit(
    source: string,
    options?: t.OperationOptions & { revision?: string; branch?: string; paths?: readonly string[] },
  ): Promise<t.ImportGitResult>

  // Upkeep.
  config(): Promise<ReadonlyMap<string, string>>
  setConfig(key: string, value: string | null): Promise<void>
  gc(
    options?: t.OperationOptions & { dryRun?: boolean; graceMs?: number; manifestsKeptMax?: number },
  ): Promise<GcReport>
  fsck(options?: t.OperationOptions): Promise<FsckReport>
  close(): Promise<void>
}
