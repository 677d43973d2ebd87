// Where HEAD is: the branch, its commit and that commit's tree, read from one manifest.
import type { Cid, CommitCid } from '../encoding/cid.ts'
import { readCommit, readTag } from '../history/commit.ts'
import type { Commit } from '../history/interface.ts'
import { noCommitsYet } from '../history/refs.ts'
import type { Manifest, ObjectReader } from '../store/interface.ts'
import { indexBaseRef, indexRef } from './interface.ts'

export interface Head {
  /** The ref that moves with a commit: 'refs/heads/main', or 'HEAD' when detached. */
  readonly ref: string
  /** null on a branch without commits. */
  readonly commit: Commit | null
}

export async function readHead(reader: ObjectReader, manifest: Manifest): Promise<Head> {
  const ref = manifest.head ?? 'HEAD'
  const cid = manifest.refs.get(ref)
  return { ref, commit: cid === undefined ? null : await readCommit(reader, cid) }
}

export async function readBranch(
  reader: ObjectReader,
  manifest: Manifest,
  ref: string,
): Promise<Commit | null> {
  const cid = manifest.refs.get(ref)
  return cid === undefined ? null : readCommit(reader, cid)
}

export async function peelToCommit(reader: ObjectReader, cid: Cid): Promise<CommitCid> {
  return (await readTag(reader, cid))?.target ?? cid
}

/** The head's commit. @throws VarveError VARVE_REF_NOT_FOUND before the first commit */
export async function requireHead(
  reader: ObjectReader,
  manifest: Manifest,
): Promise<Head & { commit: Commit }> {
  const head = await readHead(reader, manifest)
  if (head.commit === null) throw noCommitsYet(head.ref)
  return { ref: head.ref, commit: head.commit }
}

export function indexOf(manifest: Manifest): { index: Cid | null; base: Cid | null } {
  return { index: manifest.refs.get(indexRef) ?? null, base: manifest.refs.get(indexBaseRef) ?? null }
}
