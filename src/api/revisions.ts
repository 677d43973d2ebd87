// Questions about names of commits and how commits stand to each other, for scripts and programs.
import { isAncestor, mergeBases } from '../history/ancestry.ts'
import { resolveRevision } from '../history/revision.ts'
import { type DescribeOptions, describe } from '../repo/describe.ts'
import type { Repo } from '../repo/interface.ts'
import { idOf } from './info.ts'

export type { DescribeOptions }

export interface RevisionInfo {
  readonly commit: string
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

export async function revisionInfo({ store }: Repo, revision: string): Promise<RevisionInfo> {
  const { commit, ref } = await resolveRevision(store, revision)
  return { commit: idOf(commit), ref: ref === 'HEAD' ? null : ref }
}

export async function mergeBasesOf({ store }: Repo, a: string, b: string): Promise<string[]> {
  const manifest = await store.manifest()
  const [one, other] = [await resolveRevision(store, a, manifest), await resolveRevision(store, b, manifest)]
  return (await mergeBases(store, one.commit, other.commit)).map((cid) => idOf(cid))
}

export async function reaches({ store }: Repo, descendant: string, ancestor: string): Promise<boolean> {
  const manifest = await store.manifest()
  const below = await resolveRevision(store, ancestor, manifest)
  const above = await resolveRevision(store, descendant, manifest)
  return isAncestor(store, below.commit, above.commit)
}

export async function described(
  repo: Repo,
  revision: string,
  options: DescribeOptions,
): Promise<Description> {
  const found = await describe(repo, revision, options)
  return { ...found, commit: idOf(found.commit) }
}
