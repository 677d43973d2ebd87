// Questions about names of commits and how commits stand to each other, for scripts and programs.
import { type CommitCid, digestHex } from '../encoding/cid.ts'
import { commonBases, independent, isAncestor, mergeBases } from '../history/ancestry.ts'
import { readCommit } from '../history/commit.ts'
import { resolveRevision, splitRevisionPath } from '../history/revision.ts'
import { type DescribeOptions, describe } from '../repo/describe.ts'
import type { Repo } from '../repo/interface.ts'
import { namedEntry, withoutTree } from '../repo/named-tree.ts'
import { contentId } from './entry-info.ts'
import { idOf } from './info.ts'
import type { OperationOptions } from './interface.ts'

export type { DescribeOptions }

export interface RevisionInfo {
  /** Of what was named: the commit's, that of its files ('main^{tree}'), or that of one's content ('main:people.csv'). */
  readonly id: string
  /** null: what is staged was named (':people.csv'), or a side of the merge in progress. */
  readonly commit: string | null
  /** The branch or tag that was named, in full: 'refs/heads/main'; null: none was. */
  readonly ref: string | null
}

export interface Description {
  readonly commit: string
  /** null: no such tag is among its ancestors. */
  readonly tag: string | null
  /** Commits that it has beyond the tag. */
  readonly depth: number
}

export async function revisionInfo(repo: Repo, named: string): Promise<RevisionInfo> {
  const { store } = repo
  const manifest = await store.manifest()
  const { revision, path } = splitRevisionPath(named)
  if (path !== null) {
    const entry = await namedEntry(repo, revision || 'HEAD', path, manifest)
    const from = revision.startsWith(':')
      ? null
      : await resolveRevision(store, withoutTree(revision || 'HEAD'), manifest)
    return { id: contentId(entry), commit: from === null ? null : idOf(from.commit), ref: null }
  }
  const isTree = withoutTree(revision) !== revision
  const { commit, ref } = await resolveRevision(store, withoutTree(revision), manifest)
  if (isTree)
    return { id: digestHex((await readCommit(store, commit)).tree), commit: idOf(commit), ref: null }
  return { id: idOf(commit), commit: idOf(commit), ref: ref === 'HEAD' ? null : ref }
}

export interface MergeBaseOptions extends OperationOptions {
  /** Of all of them, as of a merge of them all; else of the first and a merge of the others. */
  readonly octopus?: boolean
}

export async function mergeBasesOf(
  { store }: Repo,
  revisions: readonly string[],
  { octopus = false, signal }: MergeBaseOptions,
): Promise<string[]> {
  const [first, ...others] = await commitsOf(store, revisions)
  const bases = octopus
    ? commonBases(store, [first!, ...others], { signal })
    : mergeBases(store, first!, others, { signal })
  return (await bases).map((cid) => idOf(cid))
}

export async function independentOf(
  { store }: Repo,
  revisions: readonly string[],
  { signal }: OperationOptions,
): Promise<string[]> {
  const commits = await commitsOf(store, revisions)
  return (await independent(store, commits, { signal })).map((cid) => idOf(cid))
}

async function commitsOf(store: Repo['store'], revisions: readonly string[]): Promise<CommitCid[]> {
  const manifest = await store.manifest()
  const commits: CommitCid[] = []
  for (const revision of revisions) commits.push((await resolveRevision(store, revision, manifest)).commit)
  return commits
}

export async function reaches(
  { store }: Repo,
  descendant: string,
  ancestor: string,
  { signal }: OperationOptions,
): Promise<boolean> {
  const manifest = await store.manifest()
  const below = await resolveRevision(store, ancestor, manifest)
  const above = await resolveRevision(store, descendant, manifest)
  return isAncestor(store, below.commit, above.commit, { signal })
}

export async function described(
  repo: Repo,
  revision: string,
  options: DescribeOptions,
): Promise<Description> {
  const found = await describe(repo, revision, options)
  return { ...found, commit: idOf(found.commit) }
}
