// Branches, tags and what operations did to them; and how revisions are related.
import { shortRefName } from '../history/refs.ts'
import { idOf } from './info.ts'
import type * as t from './interface.ts'
import { LogRepository } from './log-repository.ts'
import { branchInfo, tagInfo } from './ref-info.ts'
import { signingContext, verifyCommit, verifyTag } from './signing.ts'

export class RefRepository extends LogRepository {
  /**
   * The commit that a revision stands for, and the branch or tag that it names.
   * @throws VarveError VARVE_REF_NOT_FOUND
   */
  async revisionInfo(revision: string): Promise<t.RevisionInfo> {
    const { revisionInfo } = await import('./revisions.ts')
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
    const { mergeBasesOf } = await import('./revisions.ts')
    return mergeBasesOf(this.repo, [a, ...[b].flat()], options)
  }

  /** Those of the revisions that are not an ancestor of any other of them. */
  async independent(revisions: readonly string[], options: t.OperationOptions = {}): Promise<string[]> {
    const { independentOf } = await import('./revisions.ts')
    return independentOf(this.repo, revisions, options)
  }

  /** Whether `ancestor` is the same commit as `descendant`, or one of its ancestors. */
  async isAncestor(ancestor: string, descendant: string, options: t.OperationOptions = {}): Promise<boolean> {
    const { reaches } = await import('./revisions.ts')
    return reaches(this.repo, descendant, ancestor, options)
  }

  /** The nearest tag at a commit or at one of its ancestors: the one with the fewest commits in between. */
  async describe(revision: string, options: t.DescribeOptions = {}): Promise<t.Description> {
    const { described } = await import('./revisions.ts')
    return described(this.repo, revision, options)
  }

  /** Branches by name; options choose, sort, and add those of remotes. */
  async branches(options: t.BranchesOptions = {}): Promise<readonly t.BranchInfo[]> {
    const { listBranches } = await import('../repo/branches.ts')
    return (await listBranches(this.repo, options)).map(branchInfo)
  }

  /** The current branch; null when HEAD is detached. */
  async currentBranch(): Promise<string | null> {
    const { head } = await this.repo.store.manifest()
    return head === null ? null : shortRefName(head)
  }

  /**
   * Makes a branch at a revision (default: HEAD), without going to it. @throws VarveError VARVE_NOT_POSSIBLE where
   * there is one of that name
   */
  async createBranch(
    name: string,
    options: { startPoint?: string; force?: boolean } = {},
  ): Promise<t.BranchInfo> {
    const { createBranch } = await import('../repo/branches.ts')
    return branchInfo(await createBranch(this.repo, name, { ...options, isBare: this.folder === null }))
  }

  /** Lets a branch follow `upstream`, a branch of a remote ('origin/main'); null ends that. */
  async setUpstream(name: string, upstream: string | null): Promise<void> {
    const { followBranch } = await import('../repo/branches.ts')
    await followBranch(this.repo, name, upstream)
  }

  /**
   * Deletes a branch. Without `force`, one whose commits no other ref has is refused. @throws VarveError
   * VARVE_REF_NOT_FOUND, VARVE_NOT_POSSIBLE
   */
  async deleteBranch(name: string, options: { force?: boolean } = {}): Promise<void> {
    const { deleteBranch } = await import('../repo/branches.ts')
    await deleteBranch(this.repo, name, options)
  }

  /** Renames a branch; its settings go along. @throws VarveError VARVE_REF_NOT_FOUND, VARVE_NOT_POSSIBLE */
  async renameBranch(from: string, to: string): Promise<void> {
    const { renameBranch } = await import('../repo/branches.ts')
    await renameBranch(this.repo, from, to)
  }

  /** Tags by name; options choose and sort. */
  async tags(options: t.TagsOptions = {}): Promise<readonly t.TagInfo[]> {
    const { listTags } = await import('../repo/tags.ts')
    return (await listTags(this.repo, options)).map(tagInfo)
  }

  /**
   * Makes a tag at a revision (default: HEAD); with `message` an annotated one, which can be signed. `force` replaces a
   * tag of that name.
   */
  async createTag(
    name: string,
    options: { revision?: string; message?: string; force?: boolean; sign?: t.SignChoice } = {},
  ): Promise<t.TagInfo> {
    const { createTag } = await import('../repo/tags.ts')
    return tagInfo(await createTag(this.repo, name, options))
  }

  /** What the signature of a commit is worth. One that is missing or bad is a result, not an error. */
  async verifyCommit(revision: string, { signal }: t.OperationOptions = {}): Promise<t.VerifiedObject> {
    return verifyCommit(signingContext(this.options, signal), this.repo, revision)
  }

  /** As `verifyCommit`, of an annotated tag. @throws VarveError VARVE_REF_NOT_FOUND, VARVE_NOT_POSSIBLE */
  async verifyTag(name: string, { signal }: t.OperationOptions = {}): Promise<t.VerifiedObject> {
    return verifyTag(signingContext(this.options, signal), this.repo, name)
  }

  /** Deletes a tag. @throws VarveError VARVE_REF_NOT_FOUND */
  async deleteTag(name: string): Promise<void> {
    const { deleteTag } = await import('../repo/tags.ts')
    await deleteTag(this.repo, name)
  }

  /** Takes back the last operation, whatever it was; called again, the one before it. */
  async undo(options: t.OperationOptions & { dryRun?: boolean } = {}): Promise<t.UndoResult> {
    const { undo } = await import('../repo/undo.ts')
    const { operation, message } = await undo(this.repo, this.folder, options)
    const manifest = await this.repo.store.manifest()
    const head = manifest.refs.get(manifest.head ?? 'HEAD') ?? null
    return { undone: message === '' ? operation : `${operation}: ${message}`, head: idOf(head) }
  }

  /** What happened in this repository, newest first; with `ref` only what moved that branch. */
  async *reflog(
    options: t.OperationOptions & { ref?: string; limit?: number } = {},
  ): AsyncGenerator<t.ReflogEntry> {
    const { reflog } = await import('../repo/reflog.ts')
    for await (const entry of reflog(this.repo, options)) yield { ...entry, commit: idOf(entry.commit) }
  }
}
