// Changes put aside: what `Repository.stashes` gives.
import type { Repo } from '../repo/interface.ts'
import { bringBack } from '../repo/stash/bring-back.ts'
import { type Stash, dropStash, findStash, listStashes, putAside } from '../repo/stash/stash.ts'
import { worktreeFolder } from '../worktree/folder.ts'
import type { Worktree } from '../worktree/interface.ts'
import { PathSpec } from '../worktree/pathspec.ts'
import { commitInfoOf } from './info.ts'
import type { CommitInfo, OperationOptions } from './interface.ts'

export interface StashInfo {
  /** 'stash/3', which is a revision too; the newest has the largest number. */
  readonly name: string
  /** What was put aside, against its only parent. */
  readonly commit: CommitInfo
}

export interface StashPushOptions extends OperationOptions {
  readonly message?: string
  readonly untracked?: boolean
  readonly keepIndex?: boolean
  readonly paths?: readonly string[]
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
   * Puts all changes of versioned files (of `paths` alone) aside, with `untracked` those of other files too, and makes the
   * files as HEAD has them, with `keepIndex` as they were staged. null: there were none.
   */
  async push(options: StashPushOptions = {}): Promise<StashInfo | null> {
    const folder = worktreeFolder(this.#worktree())
    const spec = options.paths === undefined ? null : new PathSpec(options.paths)
    const has = spec === null ? null : (path: string): boolean => spec.has(path)
    const made = await putAside(this.#repo, folder, { ...options, has })
    return made === null ? null : infoOf(made)
  }

  /** All stashes, newest first. */
  async list(): Promise<readonly StashInfo[]> {
    return (await listStashes(this.#repo)).map(infoOf)
  }

  /** @throws VarveError VARVE_REF_NOT_FOUND */
  async get(name?: string): Promise<StashInfo> {
    return infoOf(await findStash(this.#repo, name))
  }

  /**
   * Lays what was put aside over what is there, and stages it, with `index` what had been staged alone.
   * @throws VarveError VARVE_UNCOMMITTED, where both clash: nothing is changed then; VARVE_REF_NOT_FOUND
   */
  async apply(
    name?: string,
    options: OperationOptions & { drop?: boolean; index?: boolean } = {},
  ): Promise<StashInfo> {
    const { drop = false, ...rest } = options
    return infoOf(
      await bringBack(this.#repo, worktreeFolder(this.#worktree()), name, { ...rest, keep: !drop }),
    )
  }

  /**
   * Begins a branch where the changes were put aside, goes there, and brings them back as they were; the stash is dropped.
   * All of it is one operation. @throws VarveError VARVE_NOT_POSSIBLE where the branch exists, VARVE_UNCOMMITTED
   */
  async branch(branch: string, name?: string, options: OperationOptions = {}): Promise<StashInfo> {
    const folder = worktreeFolder(this.#worktree())
    return infoOf(await bringBack(this.#repo, folder, name, { ...options, keep: false, index: true, branch }))
  }

  /** @throws VarveError VARVE_REF_NOT_FOUND */
  async drop(name?: string): Promise<StashInfo> {
    return infoOf(await dropStash(this.#repo, name))
  }
}

function infoOf({ name, commit }: Stash): StashInfo {
  return { name, commit: commitInfoOf(commit, new Map()) }
}
