// What brings commits together, on any store: merge, its dry run, revert, cherry-pick and rebase. Conflicts are results,
// not errors.
import type { Signature } from '../history/interface.ts'
import { createContext, signatureOf } from '../repo/context.ts'
import type { Folder, Repo } from '../repo/interface.ts'
import { abortMerge } from '../repo/merging/abort.ts'
import { endingMerge } from '../repo/merging/autostash.ts'
import { merge } from '../repo/merging/merge.ts'
import { type PickOptions as EnginePickOptions, pick } from '../repo/merging/pick.ts'
import { continuePick, quitPick } from '../repo/merging/pick-continue.ts'
import { continueRebase, rebase } from '../repo/merging/rebase.ts'
import type { Store } from '../store/interface.ts'
import { Bisect } from './bisect.ts'
import { conflictSheet, forgetRemembered, listConflicts } from './conflicts/conflicts.ts'
import type * as t from './interface.ts'
import { mergePreview, withConflicts } from './merge-results.ts'
import { readMergeInProgress } from './merge-in-progress.ts'
import { givenPolicies } from './policies.ts'
import type { MergePolicies } from './policy-interface.ts'

export class MergingRepository {
  /** The engine below, for those who need more than this class offers; not covered by its promises. */
  readonly repo: Repo
  protected readonly folder: Folder | null

  protected constructor(store: Store, options: t.OpenOptions, makeFolder?: (repo: Repo) => Folder) {
    this.repo = createContext(store, options)
    this.folder = makeFolder?.(this.repo) ?? null
  }

  /**
   * Merges a revision into the current branch. Conflicts are a result, not an error. With `autostash` changes that are not
   * committed lie over the result, or wait in a stash until the merge ends.
   */
  async merge(
    revision: string,
    options: t.OperationOptions & {
      noCommit?: boolean
      /** Stages what it comes to, for a commit of your own that is no merge: outcome 'staged', or 'conflict'. */
      squash?: boolean
      message?: string
      editMessage?: t.EditMessage
      fastForward?: 'only' | 'never' | 'allow'
      allowUnrelated?: boolean
      autostash?: boolean
      /** By path of a table. */
      policies?: Readonly<Record<string, MergePolicies>>
    } = {},
  ): Promise<t.MergeResult> {
    const policies = givenPolicies(options.policies)
    return withConflicts((onUnstored) =>
      merge(this.repo, this.folder, revision, { ...options, policies, onUnstored }),
    )
  }

  /** What `merge` would do, between any two revisions; nothing is changed. */
  async mergePreview(
    revision: string,
    options: t.OperationOptions & {
      /** Default: HEAD. */
      into?: string
      fastForward?: 'only' | 'never' | 'allow'
      allowUnrelated?: boolean
      /** Default: 1000. */
      conflictsMax?: number
      /** By path of a table. */
      policies?: Readonly<Record<string, MergePolicies>>
    } = {},
  ): Promise<t.MergePreview> {
    const policies = givenPolicies(options.policies)
    return mergePreview(this.repo, revision, { ...options, policies })
  }

  /**
   * Takes back what commits did: one, or several in the order given, those of a range 'A..B' newest first. Several are one
   * operation; where one clashes it stops with `outcome: 'conflict'`: resolve, then `pickContinue`, or `mergeAbort`.
   */
  async revert(
    revisions: string | readonly string[],
    options: t.OperationOptions & t.PickOptions = {},
  ): Promise<t.MergeResult> {
    return this.#pick(revisions, { ...options, kind: 'revert' })
  }

  /** Does again what commits did: as `revert`, those of a range oldest first. */
  async cherryPick(
    revisions: string | readonly string[],
    options: t.OperationOptions &
      t.PickOptions & {
        /** The message says which commit it was: '(cherry picked from commit …)'. */
        nameOrigin?: boolean
      } = {},
  ): Promise<t.MergeResult> {
    return this.#pick(revisions, { ...options, kind: 'cherry-pick' })
  }

  async #pick(revisions: string | readonly string[], options: EnginePickOptions): Promise<t.MergeResult> {
    const named = typeof revisions === 'string' ? [revisions] : revisions
    return withConflicts((onUnstored) => pick(this.repo, this.folder, named, { ...options, onUnstored }))
  }

  /** Goes on with cherry-picks or reverts that stopped; with `skip`, without the commit at which they did. */
  async pickContinue(
    options: t.OperationOptions & {
      skip?: boolean
      discard?: boolean
      /** Of the commit at which it stopped. */
      message?: string
      /** Of those that follow. */
      editMessage?: t.EditMessage
    } = {},
  ): Promise<t.MergeResult> {
    return withConflicts(() => continuePick(this.repo, this.folder, options))
  }

  /** Forgets what is left of cherry-picks or reverts that stopped; branch, index and files stay as they are. */
  async pickQuit(): Promise<void> {
    await quitPick(this.repo)
  }

  /**
   * Puts the commits that the current branch has and `upstream` has not on top of it (or of `onto`). Where one clashes
   * it stops with `outcome: 'conflict'`: resolve, then `rebaseContinue`, or `mergeAbort`.
   */
  async rebase(
    upstream: string,
    options: t.OperationOptions & { onto?: string; autostash?: boolean } = {},
  ): Promise<t.MergeResult> {
    return withConflicts((onUnstored) => rebase(this.repo, this.folder, upstream, { ...options, onUnstored }))
  }

  /** Goes on with a rebase that stopped; with `skip`, without the commit at which it did (`discard`: as of `mergeAbort`). */
  async rebaseContinue(
    options: t.OperationOptions & { skip?: boolean; discard?: boolean; message?: string } = {},
  ): Promise<t.MergeResult> {
    return endingMerge(this.repo, this.folder, options, () =>
      withConflicts(() => continueRebase(this.repo, this.folder, options)),
    )
  }

  /** Who would sign a commit made now. @throws VarveError VARVE_NOT_POSSIBLE when nobody has said who they are */
  async committer(): Promise<Signature> {
    return signatureOf(this.repo, await this.repo.store.manifest())
  }

  /** The search for the first bad commit, with HEAD and the files at the one to be tested. */
  get bisect(): Bisect {
    return new Bisect(this.repo, this.folder)
  }

  /** The merge, pick or rebase that waits; null when there is none. */
  async merging(): Promise<t.Status['merging']> {
    return readMergeInProgress(this.repo, await this.repo.store.manifest())
  }

  /** Gives up the merge, pick (of several: all of them) or rebase under way. Edits of files that it changed are refused; with `discard` they go. */
  async mergeAbort(
    options: t.OperationOptions & { discard?: boolean } = {},
  ): Promise<{ autostash?: t.Autostash }> {
    return endingMerge(this.repo, this.folder, options, async () => {
      await abortMerge(this.repo, this.folder, options)
      return {}
    })
  }

  /** What the merge in progress could not decide, or with `resolved` what has been decided since. */
  async *conflicts(options: t.ConflictOptions = {}): AsyncGenerator<t.ConflictInfo> {
    yield* listConflicts(this.repo, options)
  }

  /** Open conflicts as the lines of a CSV sheet, for a person to fill its column 'resolution' in. */
  async *conflictSheet(selection: t.ConflictSelection = {}): AsyncGenerator<string> {
    yield* conflictSheet(this.repo, selection)
  }

  /** Forgets resolutions remembered for later merges, of a path and what lies below it; returns how many. */
  async forgetResolutions(path = ''): Promise<number> {
    return forgetRemembered(this.repo, path)
  }
}
