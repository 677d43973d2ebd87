// Commits and tags that a person makes, signed where they or their settings ask for it. What is made on its own (rounds of
// links, stashes, notes) is written without: nobody is there to give a passphrase, or to vouch for it.
import { VarveError } from '../base/errors.ts'
import type { Cid, CommitCid } from '../encoding/cid.ts'
import { encodeCommit, encodeTag } from '../history/commit.ts'
import type { Commit, Signature, Tag } from '../history/interface.ts'
import { withSignature } from '../history/signed.ts'
import type { Manifest, ObjectWriter } from '../store/interface.ts'
import type { Repo } from './interface.ts'

/** true: with the key of the settings; a text: with this key; false: not at all. */
export type SignChoice = boolean | string

export interface SignRequest {
  readonly kind: 'commit' | 'tag'
  readonly payload: Uint8Array
  readonly by: Signature
  readonly manifest: Manifest
  /** undefined: as the settings have it. */
  readonly asked: SignChoice | undefined
}

/** The signature, or null where there is to be none. */
export type Signer = (request: SignRequest) => Promise<string | null>

/** What is made in this context is signed as asked for; undefined changes nothing. */
export function signingAs(repo: Repo, asked: SignChoice | undefined): Repo {
  return asked === undefined ? repo : { ...repo, sign: asked }
}

/** Writes a commit, with the signature that it is to have. */
export async function putCommit(
  repo: Repo,
  manifest: Manifest,
  writer: ObjectWriter,
  commit: Omit<Commit, 'cid'>,
): Promise<CommitCid> {
  return put(repo, writer, { kind: 'commit', payload: encodeCommit(commit), by: commit.committer, manifest })
}

/** Writes an annotated tag, as a commit. */
export async function putTag(
  repo: Repo,
  manifest: Manifest,
  writer: ObjectWriter,
  tag: Omit<Tag, 'cid'>,
): Promise<Cid> {
  return put(repo, writer, { kind: 'tag', payload: encodeTag(tag), by: tag.tagger, manifest })
}

async function put(
  { signer, sign: asked }: Repo,
  writer: ObjectWriter,
  request: Omit<SignRequest, 'asked'>,
): Promise<Cid> {
  const { payload } = request
  if (signer === null && asked !== undefined && asked !== false) {
    throw new VarveError('VARVE_NOT_POSSIBLE', 'nothing is signed here', { hint: "commit without 'sign'" })
  }
  const signature = (await signer?.({ ...request, asked })) ?? null
  return writer.put('dag-cbor', signature === null ? payload : withSignature(payload, signature))
}
