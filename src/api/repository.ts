// The public class: a folder with the user's files, its history, its remotes. Every command of the command line is one
// method here, and works the same on paths relative to the repository's root.
import path from 'node:path'
import { VarveError } from '../base/errors.ts'
import type { Repo } from '../repo/interface.ts'
import type { StageOptions } from '../worktree/add.ts'
import { worktreeFolder } from '../worktree/folder.ts'
import type { Worktree } from '../worktree/interface.ts'
import { tryRecover } from '../worktree/checkout/recover.ts'
import { type AddOptions, type AddResult, settleAdded } from './files/adding.ts'
import { type ChosenOptions, isChosen } from './files/chosen-options.ts'
import type { CleanOptions, CleanResult } from './files/cleaning.ts'
import type { CommitOptions, CommitPreview } from './files/committing.ts'
import { DerivingRepository } from './deriving-repository.ts'
import { idOf } from './info.ts'
import type * as t from './interface.ts'
import type { CloneOptions } from './remotes/clone-place.ts'
import { type InitOptions, type Place, cacheDirOf, createPlace, findPlace } from './place.ts'
import type { RepairOptions, RepairReport } from './repair.ts'
import { Stashes } from './stash.ts'
import type { SwitchOptions, SwitchResult } from './switch.ts'
import { readStatus } from './status.ts'
import { Worktrees } from './worktrees/worktrees.ts'

/** A repository with a folder of files and with remotes: `Repository.open(dir)`. Close it when you are done. */
export class Repository extends DerivingRepository {
  /** Absolute path of the folder with the user's files; null for a bare repository. */
  readonly root: string | null
  /** Absolute path of the folder with the repository's own files: '.varve', or all of a bare repository. */
  readonly dotDir: string
  /** The .gitignore that `init` added '.varve/' to, if it did. */
  readonly gitignore: string | null
  readonly #worktree: Worktree | null
  readonly #checkout: string | null

  private constructor(place: Place, options: t.OpenOptions) {
    const makeTree = (repo: Repo): Worktree => ({
      repo,
      root: place.root!,
      dotDir: place.dotDir,
      filter: place.filter,
      modes: place.modes,
    })
    super(place.store, options, place.root === null ? undefined : (repo) => worktreeFolder(makeTree(repo)), {
      base: place.base,
      cacheDir: cacheDirOf(place),
    })
    this.#checkout = place.checkout
    this.root = place.root
    this.dotDir = place.dotDir
    this.gitignore = place.gitignore
    this.#worktree = place.root === null ? null : makeTree(this.repo)
  }

  /** Makes a repository in `dir` (made too when it is missing). */
  static async init(dir: string, options: InitOptions = {}): Promise<Repository> {
    return new Repository(await createPlace(path.resolve(dir), options), options)
  }

  /** Opens the repository that `dir` lies in. @throws VarveError VARVE_NO_REPOSITORY */
  static async open(dir: string, options: t.OpenOptions = {}): Promise<Repository> {
    const repository = new Repository(await findPlace(path.resolve(dir), options), options)
    const unfinished = repository.#worktree === null ? null : await tryRecover(repository.#worktree)
    if (unfinished !== null) options.onWarning?.(unfinished.message)
    return repository
  }

  /**
   * Repairs the repository that `dir` lies in, even one that cannot be opened: writes its index anew, brings lost
   * objects back from `from`, the files and the remotes, and moves damaged files aside. What is whole stays.
   * @throws VarveError VARVE_NO_REPOSITORY, VARVE_CORRUPT when no manifest can be read
   */
  static async repair(dir: string, options: RepairOptions = {}): Promise<RepairReport> {
    const { repairPlace } = await import('./repair.ts')
    return repairPlace(dir, options)
  }

  /** Fetches a remote's history into the new folder `dir`, and checks its current branch out. */
  static async clone(url: string, dir: string, options: CloneOptions = {}): Promise<Repository> {
    const { clonePlace } = await import('./remotes/clone-place.ts')
    return clonePlace(url, path.resolve(dir), options, (place) => new Repository(place, options))
  }

  private get worktree(): Worktree {
    if (this.#worktree !== null) return this.#worktree
    throw new VarveError('VARVE_NOT_POSSIBLE', 'a bare repository has no files', {
      hint: 'clone it: the clone has a folder of files',
    })
  }

  async #stage(paths: readonly t.NamedPath[], options: StageOptions): Promise<AddResult> {
    const { stage } = await import('../worktree/add.ts')
    return stage(this.worktree, paths, options)
  }

  /**
   * Stages files and folders as they are now, deletions included; with `rows` only these rows of the one table that is
   * named, with `column` only that cell of each. @throws VarveError VARVE_PATH_NOT_FOUND, VARVE_RULE_VIOLATED
   */
  async add(
    paths: readonly t.NamedPath[],
    { update = false, ...options }: AddOptions = {},
  ): Promise<AddResult> {
    if (isChosen(options)) return (await import('./files/chosen.ts')).addChosen(this.worktree, paths, options)
    const named = options.all === true ? ['.'] : paths
    const result = await this.#stage(named, { ...options, trackedOnly: update })
    return settleAdded(this.worktree, result, named, options)
  }

  /** Declares a file to be a table. Its rows are staged by `add`. */
  async track(
    file: string,
    options: t.OperationOptions & { key: readonly string[]; format?: 'csv' | 'tsv' | 'jsonl' },
  ): Promise<t.TrackResult> {
    return (await import('../worktree/tables/track.ts')).track(this.worktree, file, options)
  }

  /** As `track`, for several files and for what patterns stand for: all of them get the same key, or none becomes a table. */
  async trackAll(
    paths: readonly t.NamedPath[],
    options: t.OperationOptions & { key: readonly string[]; format?: 'csv' | 'tsv' | 'jsonl' },
  ): Promise<readonly t.TrackResult[]> {
    const { trackFiles } = await import('../worktree/tables/track.ts')
    const { filesToTrack } = await import('../worktree/tables/files-to-track.ts')
    return trackFiles(this.worktree, await filesToTrack(this.worktree, paths, options), options)
  }

  /**
   * Guesses a key of a CSV or TSV file, for `track`: the columns by which a merge of the file would tell rows apart.
   * Null when there are none, when the file has no header, or when it is larger than 32 MiB.
   */
  async guessKey(file: string, options: t.OperationOptions = {}): Promise<readonly string[] | null> {
    const { guessFileKey } = await import('../worktree/tables/guess-key.ts')
    return guessFileKey(this.worktree, file, options)
  }

  /** Makes a table a plain file again. Its bytes stay as they are. */
  async untrack(file: string): Promise<void> {
    await (await import('../worktree/tables/track.ts')).untrack(this.worktree, file)
  }

  /** Removes files, here and in the next commit. */
  async remove(
    paths: readonly t.NamedPath[],
    options: t.OperationOptions & { cached?: boolean; force?: boolean; dryRun?: boolean } = {},
  ): Promise<readonly string[]> {
    const { removePaths } = await import('../worktree/remove.ts')
    return removePaths(this.worktree, paths, options)
  }

  /** Removes files that are not versioned, for good. The result says what was kept all the same, and why. */
  async clean(options: CleanOptions = {}): Promise<CleanResult> {
    const { cleanPlace } = await import('./files/cleaning.ts')
    return cleanPlace(this.worktree, options, this.environment)
  }

  /** Renames a file or folder, or moves it into the folder `to`. */
  async move(
    from: string,
    to: string,
    options: t.OperationOptions & { dryRun?: boolean } = {},
  ): Promise<{ from: string; to: string }> {
    return (await this.moveAll([from], to, options))[0]!
  }

  /** Moves files and folders into the folder `to`, all or none of them. */
  async moveAll(
    paths: readonly string[],
    to: string,
    options: t.OperationOptions & { dryRun?: boolean } = {},
  ): Promise<readonly { from: string; to: string }[]> {
    return (await import('../worktree/move.ts')).movePaths(this.worktree, paths, to, options)
  }

  /** What is staged, what has changed since, and what is not versioned. */
  async status(options: t.StatusOptions = {}): Promise<t.Status> {
    return readStatus(this.repo, this.worktree, options)
  }

  /**
   * Brings files back as they are staged or were at a revision; with `rows` only these rows of the one table that is
   * named, with `column` only that cell of each. Changes to them that are not committed are lost.
   */
  async restore(
    paths: readonly t.NamedPath[],
    options: t.OperationOptions &
      ChosenOptions & { source?: string; staged?: boolean; worktree?: boolean } = {},
  ): Promise<readonly string[]> {
    if (isChosen(options))
      return (await import('./files/chosen.ts')).restoreChosen(this.worktree, paths, options)
    return (await import('../worktree/restore.ts')).restorePaths(this.worktree, paths, options)
  }

  /**
   * Goes to another branch: HEAD and the files follow. Changes that would be overwritten are refused. @throws
   * VarveError VARVE_REF_NOT_FOUND, VARVE_UNCOMMITTED
   */
  async switch(target: string, options: SwitchOptions = {}): Promise<SwitchResult> {
    const { switchTo } = await import('./switch.ts')
    return switchTo(this.repo, this.folder, target, options)
  }

  /** Sets the branch to a revision. To take paths out of what is staged, use `restore(paths, { staged: true })`. */
  async reset(
    revision: string,
    options: t.OperationOptions & { mode?: t.ResetMode } = {},
  ): Promise<{ head: string | null }> {
    const { resetTo } = await import('./switch.ts')
    return { head: idOf(await resetTo(this.repo, this.folder, revision, options)) }
  }

  /** Changes put aside for later. */
  get stashes(): Stashes {
    return new Stashes(this.repo, () => this.worktree)
  }

  /** Other folders with files of this repository, each with a branch of its own. */
  get worktrees(): Worktrees {
    const { repo } = this
    return new Worktrees({
      repo,
      checkout: this.#checkout,
      isBare: this.#checkout === null ? this.root === null : path.basename(repo.store.location) !== '.varve',
      options: this.options,
    })
  }

  /** Commits the index; with `all`, every change of a tracked file first. */
  async commit(
    options: CommitOptions & { message?: string },
  ): Promise<t.CommitInfo & { autostash?: t.Autostash }> {
    const { stageAndCommit } = await import('./files/stage-and-commit.ts')
    return stageAndCommit(this.repo, this.folder, () => this.worktree, options)
  }

  /** What `commit` would commit. Nothing is changed, and what `commit` would refuse is refused. */
  async commitPreview(options: CommitOptions = {}): Promise<CommitPreview> {
    const { commitPreview, pathsToStage } = await import('./files/committing.ts')
    const { all, paths, signal } = options
    // What breaks a table's rules would not be staged.
    if (all === true) await this.#stage(['.'], { signal, trackedOnly: true, dryRun: true })
    const toStage = paths === undefined ? [] : await pathsToStage(this.worktree, paths, { signal })
    if (toStage.length > 0) await this.#stage(toStage, { signal, trackedOnly: true, dryRun: true })
    return commitPreview(this.repo, worktreeFolder(this.worktree), { ...options, toStage })
  }

  /** Commits the merge, pick or revert under way, when all its conflicts are settled. */
  async mergeContinue(
    options: t.OperationOptions & { message?: string; sign?: t.SignChoice } = {},
  ): ReturnType<Repository['commit']> {
    const merging = await this.merging()
    if (merging === null || merging.kind === 'rebase') {
      const what = merging === null ? 'there is no merge to continue' : 'what is under way is a rebase'
      throw new VarveError('VARVE_NOT_POSSIBLE', what, {
        hint: merging === null ? "see 'varve status'" : "go on with 'varve rebase --continue'",
      })
    }
    return this.commit(options)
  }

  /** Settles the conflicts of a path and of what lies below it, or of several; with null of all. It is all or none. */
  async resolve(
    paths: string | readonly t.NamedPath[] | null,
    options: t.ResolveOptions & t.OperationOptions,
  ): Promise<{ resolved: number; left: number }> {
    const { settleConflicts } = await import('./conflicts/conflicts.ts')
    const { resolved, left } = await settleConflicts(this.repo, this.folder, paths, options)
    return { resolved, left }
  }

  /** Settles conflicts as a sheet says. The whole sheet is checked before anything is changed. */
  async resolveSheet(
    sheet: string | Uint8Array,
    options: t.OperationOptions = {},
  ): Promise<{ resolved: number; left: number }> {
    const { resolveBySheet, sheetBytes } = await import('./conflicts/resolve-sheet.ts')
    return resolveBySheet(this.repo, this.folder, sheetBytes(sheet), options)
  }

  /** Settles the key collisions of a table: both rows stay, and those of one side (default: theirs) get new keys. */
  async rekey(
    path: string,
    options: t.OperationOptions & { side?: 'ours' | 'theirs' } = {},
  ): Promise<t.RekeyResult> {
    const { rekeyTable } = await import('./conflicts/rekey.ts')
    return rekeyTable(this.repo, this.folder, path, options)
  }

  /** Opens resolved conflicts of the merge in progress again, and forgets how they were resolved. */
  async reopenConflicts(
    selection: t.ConflictSelection & t.OperationOptions = {},
  ): Promise<{ reopened: number; left: number }> {
    const { reopen } = await import('./conflicts/conflicts.ts')
    return reopen(this.repo, this.folder, selection)
  }
}
