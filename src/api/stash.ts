// Changes put aside: what `Repository.stashes` gives.
import { requireAuthor } from '../repo/context.ts'
import type { Repo } from '../repo/interface.ts'
import { type Stash, bringBack, dropStash, findStash, listStashes, putAside } from '../repo/stash.ts'
import { stage } from '../worktree/add.ts'
import { worktreeFolder } from '../worktree/folder.ts'
import type { Worktree } from '../worktree/interface.ts'
import { commitInfoOf } from './info.ts'
import type { CommitInfo, OperationOptions } from './interface.ts'

export interface StashInfo {
  /** 'stash/3', which is a revision too; the newest has the largest number. */
  readonly name: string
  /** What was put aside, against its only parent. */
  readonly commit: CommitInfo
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
   * Puts all changes of versioned files aside, with `untracked` those of other files too, and makes the files as HEAD
   * has them. null: there were none.
   */
  async push(
    options: OperationOptions & { message?: string; untracked?: boolean } = {},
  ): Promise<StashInfo | null> {
    const { untracked = false, ...rest } = options
    const worktree = this.#worktree()
    // Before anything is staged, as for a commit.
    requireAuthor(this.#repo, await this.#repo.store.manifest())
    await stage(worktree, ['.'], { ...rest, trackedOnly: !untracked })
    const made = await putAside(this.#repo, worktreeFolder(worktree), rest)
    return made === null ? null : infoOf(made)
  }

  /** Newest first. */
  async list(): Promise<readonly StashInfo[]> {
    return (await listStashes(this.#repo)).map(infoOf)
  }

  /** @throws VarveError VARVE_REF_NOT_FOUND */
  async get(name?: string): Promise<StashInfo> {
    return infoOf(await findStash(this.#repo, name))
  }

  /**
   * Lays what was put aside over what is there, and stages it.
   * @throws VarveError VARVE_UNCOMMITTED, where both clash: nothing is changed then; VARVE_REF_NOT_FOUND
   */
  async apply(name?: string, options: OperationOptions & { drop?: boolean } = {}): Promise<StashInfo> {
    const { drop = false, ...rest } = options
    return infoOf(
      await bringBack(this.#repo, worktreeFolder(this.#worktree()), name, { ...rest, keep: !drop }),
    )
  }

  /** @throws VarveError VARVE_REF_NOT_FOUND */
  async drop(name?: string): Promise<StashInfo> {
    return infoOf(await dropStash(this.#repo, name))
  }
}

function infoOf({ name, commit }: Stash): StashInfo {
  return { name, commit: commitInfoOf(commit, new Map()) }
}
