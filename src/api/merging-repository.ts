// What brings commits together, on any store: merge, its dry run, revert, cherry-pick and rebase. Conflicts are results,
// not errors.
import type { Commit, Signature } from '../history/interface.ts'
import { createContext, signatureOf } from '../repo/context.ts'
import type { Folder, Repo } from '../repo/interface.ts'
import type { PickOptions as EnginePickOptions } from '../repo/merging/pick.ts'
import type { SignRequest } from '../repo/signing.ts'
import type { Store } from '../store/interface.ts'
import { Bisect } from './bisect.ts'
import type * as t from './interface.ts'
import { readMergeInProgress } from './merge-in-progress.ts'
import { givenPolicies } from './policies.ts'
import type { MergePolicies } from './policy-interface.ts'
import { inspector, signRequested, signingContext } from './signing.ts'

export class MergingRepository {
  /** What this class is built on, for those who need more than it offers. The promises of the API do not cover it. */
  readonly repo: Repo
  protected readonly folder: Folder | null
  protected readonly options: t.OpenOptions

  protected constructor(store: Store, options: t.OpenOptions, makeFolder?: (repo: Repo) => Folder) {
    this.options = options
    const signer = async (request: SignRequest): Promise<string | null> => signRequested(options, request)
    this.repo = createContext(store, { ...options, signer })
    this.folder = makeFolder?.(this.repo) ?? null
  }

  /**
   * Merges a revision into the current branch. Conflicts are a result, not an error. With `autostash`, changes that
   * are not committed are laid over the result, or wait in a stash until the merge ends.
   */
  async merge(
    revision: string,
    options: t.OperationOptions & {
      noCommit?: boolean
      /**
       * Stages the result, for a commit of your own that is no merge. The outcome is then 'staged', or 'conflict'.
       */
      squash?: boolean
      message?: string
      editMessage?: t.EditMessage
      fastForward?: 'only' | 'never' | 'allow'
      allowUnrelated?: boolean
      autostash?: boolean
      /** By path of a table. */
      policies?: Readonly<Record<string, MergePolicies>>
      /** Whether its commit is signed, and with which key; default: as the settings have it. */
      sign?: t.SignChoice
      /** Refuses to merge a commit without a good signature. */
      verifySignatures?: boolean
    } = {},
  ): Promise<t.MergeResult> {
    const { merge } = await import('../repo/merging/merge.ts')
    const { withConflicts } = await import('./merge-results.ts')
    const policies = givenPolicies(options.policies)
    const inspect = await this.inspector(options.verifySignatures)
    return withConflicts((onUnstored) =>
      merge(this.repo, this.folder, revision, { ...options, policies, inspect, onUnstored }),
    )
  }

  /** Looks at commits that are to be merged, where signatures are asked for. */
  protected async inspector(
    asked: boolean | undefined,
  ): Promise<((commit: Commit) => Promise<void>) | undefined> {
    return inspector(signingContext(this.options), this.repo, await this.repo.store.manifest(), asked)
  }

  /** What `merge` would do with any two revisions. Nothing is changed. */
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
    const { mergePreview } = await import('./merge-results.ts')
    const policies = givenPolicies(options.policies)
    return mergePreview(this.repo, revision, { ...options, policies })
  }

  /**
   * Takes back what commits did: one commit, or several in the order given, with those of a range 'A..B' newest
   * first. Several are one operation. When one conflicts, it stops with `outcome: 'conflict'`: resolve the conflicts
   * and call `pickContinue`, or call `mergeAbort`.
   */
  async revert(
    revisions: string | readonly string[],
    options: t.OperationOptions & t.PickOptions = {},
  ): Promise<t.MergeResult> {
    return this.#pick(revisions, { ...options, kind: 'revert' })
  }

  /**
   * Does again what commits did. It takes the same arguments as `revert`, except that a range is done oldest first.
   */
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
    const { pick } = await import('../repo/merging/pick.ts')
    const { withConflicts } = await import('./merge-results.ts')
    const named = typeof revisions === 'string' ? [revisions] : revisions
    return withConflicts((onUnstored) => pick(this.repo, this.folder, named, { ...options, onUnstored }))
  }

  /** Goes on with cherry-picks or reverts that stopped; with `skip`, leaves out the commit at which they stopped. */
  async pickContinue(
    options: t.OperationOptions & {
      skip?: boolean
      discard?: boolean
      /** Of the commit at which it stopped. */
      message?: string
      /** Of those that follow. */
      editMessage?: t.EditMessage
      /** Default: as those that stopped were to be. */
      sign?: t.SignChoice
    } = {},
  ): Promise<t.MergeResult> {
    const { continuePick } = await import('../repo/merging/pick-continue.ts')
    const { withConflicts } = await import('./merge-results.ts')
    return withConflicts(() => continuePick(this.repo, this.folder, options))
  }

  /** Gives up the rest of cherry-picks or reverts that stopped. Branch, index and files stay as they are. */
  async pickQuit(): Promise<void> {
    const { quitPick } = await import('../repo/merging/pick-continue.ts')
    await quitPick(this.repo)
  }

  /**
   * Moves the commits that the current branch has, and `upstream` has not, on top of `upstream` (or of `onto`). When
   * one conflicts, it stops with `outcome: 'conflict'`: resolve the conflicts and call `rebaseContinue`, or call
   * `mergeAbort`. With `editSteps` commits are left out, put in another order, joined ('squash', 'fixup': into the one
   * before) or said otherwise ('reword'); at one to 'edit' it stops with `outcome: 'stopped'`, the commit being HEAD.
   */
  async rebase(
    upstream: string,
    options: t.OperationOptions &
      t.StepOptions & { onto?: string; autostash?: boolean; sign?: t.SignChoice } = {},
  ): Promise<t.MergeResult> {
    const { rebase } = await import('../repo/merging/rebase.ts')
    const { withConflicts } = await import('./merge-results.ts')
    return withConflicts((onUnstored) => rebase(this.repo, this.folder, upstream, { ...options, onUnstored }))
  }

  /**
   * Goes on with a rebase that stopped; with `skip`, leaves out the commit at which it stopped (`discard` as in
   * `mergeAbort`).
   */
  async rebaseContinue(
    options: t.OperationOptions &
      Pick<t.StepOptions, 'editStep'> & {
        skip?: boolean
        discard?: boolean
        message?: string
        /** Default: as the rebase that stopped was to. */
        sign?: t.SignChoice
      } = {},
  ): Promise<t.MergeResult> {
    const { endingMerge } = await import('../repo/merging/ending-merge.ts')
    const { continueRebase } = await import('../repo/merging/rebase.ts')
    const { withConflicts } = await import('./merge-results.ts')
    return endingMerge(this.repo, this.folder, options, () =>
      withConflicts(() => continueRebase(this.repo, this.folder, options)),
    )
  }

  /**
   * The signature that a commit made now would have.
   * @throws VarveError VARVE_NOT_POSSIBLE when nobody has said who they are
   */
  async committer(): Promise<Signature> {
    return signatureOf(this.repo, await this.repo.store.manifest())
  }

  /** The search for the first bad commit, which moves HEAD and the files to the commit that is to be tested. */
  get bisect(): Bisect {
    return new Bisect(this.repo, this.folder)
  }

  /** The merge, pick or rebase that waits; null when there is none. */
  async merging(): Promise<t.Status['merging']> {
    return readMergeInProgress(this.repo, await this.repo.store.manifest())
  }

  /**
   * Gives up the merge, pick or rebase under way (all of several picks). It is refused when files that it changed
   * were edited; with `discard` these edits are dropped.
   */
  async mergeAbort(
    options: t.OperationOptions & { discard?: boolean } = {},
  ): Promise<{ autostash?: t.Autostash }> {
    const { abortMerge } = await import('../repo/merging/abort.ts')
    const { endingMerge } = await import('../repo/merging/ending-merge.ts')
    return endingMerge(this.repo, this.folder, options, async () => {
      await abortMerge(this.repo, this.folder, options)
      return {}
    })
  }

  /** The conflicts of the merge in progress, or with `resolved` those that were settled since. */
  async *conflicts(options: t.ConflictOptions = {}): AsyncGenerator<t.ConflictInfo> {
    const { listConflicts } = await import('./conflicts/conflicts.ts')
    yield* listConflicts(this.repo, options)
  }

  /** Open conflicts as the lines of a CSV sheet, whose column 'resolution' a person fills in. */
  async *conflictSheet(selection: t.ConflictSelection = {}): AsyncGenerator<string> {
    const { conflictSheet } = await import('./conflicts/conflicts.ts')
    yield* conflictSheet(this.repo, selection)
  }

  /**
   * Forgets the resolutions that are remembered for later merges, of these paths and of what lies below them; returns how
   * many.
   */
  async forgetResolutions(paths: string | readonly t.NamedPath[] = '.'): Promise<number> {
    const { forgetRemembered } = await import('./conflicts/conflicts.ts')
    return forgetRemembered(this.repo, typeof paths === 'string' ? [paths || '.'] : paths)
  }
}
