// Changes put aside: what `Repository.stashes` gives.
import { PathSelection } from '../files/path-selection.ts'
import type { NamedPath } from '../files/pathspec.ts'
import type { Repo } from '../repo/interface.ts'
import type { Stash } from '../repo/stash/stash.ts'
import { worktreeFolder } from '../worktree/folder.ts'
import type { Worktree } from '../worktree/interface.ts'
import { commitInfoOf } from './info.ts'
import type { ChosenOptions } from './files/chosen-options.ts'
import type { CommitInfo, OperationOptions } from './interface.ts'

export interface StashInfo {
  /** 'stash/3', which can be used as a revision. The newest stash has the largest number. */
  readonly name: string
  /** The commit that holds the changes, as the difference from its only parent. */
  readonly commit: CommitInfo
}

export interface StashPushOptions extends OperationOptions {
  readonly message?: string
  readonly untracked?: boolean
  readonly keepIndex?: boolean
  readonly paths?: readonly NamedPath[]
  /** Instead of `paths`: files, and of each only these of its changes, as `diff` tells them from HEAD to the files. */
  readonly chosen?: readonly StashedChanges[]
}

/** Without rows and hunks all that has changed in the file is meant. */
export interface StashedChanges extends Pick<ChosenOptions, 'rows' | 'hunks'> {
  readonly path: string
}

/** Names are 'stash/3', '3', or 'stash@{0}' counted from the newest; default: the newest. */
export class Stashes {
  readonly #repo: Repo
  readonly #worktree: () => Worktree

  constructor(repo: Repo, worktree: () => Worktree) {
    this.#repo = repo
    this.#worktree = worktree
  }

  /**
   * Puts aside all changes of versioned files (or only those of `paths`), with `untracked` also those of other
   * files, and makes the files as they are in HEAD, or with `keepIndex` as they were staged. Null when there were no
   * changes. With `chosen`, some rows or hunks of files are put aside, and all else stays as it is, staged or not.
   */
  async push(options: StashPushOptions = {}): Promise<StashInfo | null> {
    const { putAside } = await import('../repo/stash/stash.ts')
    const folder = worktreeFolder(this.#worktree())
    const { chosen: some, ...rest } = options
    if (some !== undefined) {
      const { chosenParts } = await import('./files/chosen-stash.ts')
      const chosen = chosenParts(some, rest)
      const parted = await putAside(this.#repo, folder, { ...rest, paths: [...chosen.keys()], chosen })
      return parted === null ? null : infoOf(parted)
    }
    const spec = rest.paths === undefined ? null : new PathSelection(rest.paths)
    const has = spec === null ? null : (path: string): boolean => spec.has(path)
    const made = await putAside(this.#repo, folder, { ...rest, has })
    return made === null ? null : infoOf(made)
  }

  /** All stashes, newest first. */
  async list(): Promise<readonly StashInfo[]> {
    const { listStashes } = await import('../repo/stash/stash.ts')
    return (await listStashes(this.#repo)).map(infoOf)
  }

  /** One stash by its name, the newest by default. @throws VarveError VARVE_REF_NOT_FOUND */
  async get(name?: string): Promise<StashInfo> {
    const { findStash } = await import('../repo/stash/stash.ts')
    return infoOf(await findStash(this.#repo, name))
  }

  /**
   * Merges the stashed changes into what is there, and stages them; with `index`, only those that had been staged.
   * @throws VarveError VARVE_UNCOMMITTED when both conflict, and then nothing is changed; VARVE_REF_NOT_FOUND
   */
  async apply(
    name?: string,
    options: OperationOptions & { drop?: boolean; index?: boolean } = {},
  ): Promise<StashInfo> {
    const { bringBack } = await import('../repo/stash/bring-back.ts')
    const { drop = false, ...rest } = options
    return infoOf(
      await bringBack(this.#repo, worktreeFolder(this.#worktree()), name, { ...rest, keep: !drop }),
    )
  }

  /**
   * Makes a branch at the commit where the changes were put aside, checks it out, and brings the changes back as
   * they were. The stash is dropped. All of this is one operation.
   * @throws VarveError VARVE_NOT_POSSIBLE when the branch exists, VARVE_UNCOMMITTED
   */
  async branch(branch: string, name?: string, options: OperationOptions = {}): Promise<StashInfo> {
    const { bringBack } = await import('../repo/stash/bring-back.ts')
    const folder = worktreeFolder(this.#worktree())
    return infoOf(await bringBack(this.#repo, folder, name, { ...options, keep: false, index: true, branch }))
  }

  /** Forgets a stash. @throws VarveError VARVE_REF_NOT_FOUND */
  async drop(name?: string): Promise<StashInfo> {
    const { dropStash } = await import('../repo/stash/stash.ts')
    return infoOf(await dropStash(this.#repo, name))
  }
}

function infoOf({ name, commit }: Stash): StashInfo {
  return { name, commit: commitInfoOf(commit, new Map()) }
}
