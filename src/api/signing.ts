// Signatures as the public API has them. Which programs run, and whose keys are good, is what `signing` of the options says:
// the user's own word. A repository's settings say whether to sign and with which key, no more.
import { type Cid, digestHex } from '../encoding/cid.ts'
import { VarveError } from '../base/errors.ts'
import { parseCommit, readTag } from '../history/commit.ts'
import type { Commit } from '../history/interface.ts'
import { tagRef } from '../history/refs.ts'
import { resolveRevision } from '../history/revision.ts'
import { signedParts } from '../history/signed.ts'
import type { Repo } from '../repo/interface.ts'
import type { SignRequest } from '../repo/signing.ts'
import type { SignatureCheck, SignatureFormat, SigningContext } from '../signing/interface.ts'
import type { Manifest } from '../store/interface.ts'
import type { OpenOptions, VerifiedObject } from './interface.ts'

/** The signature that the request asks for, or null where the settings ask for none. */
export async function signRequested(
  { signing, environment = {} }: OpenOptions,
  { kind, payload, by, manifest, asked }: SignRequest,
): Promise<string | null> {
  const { config } = manifest
  const isOwn = kind === 'commit' ? signing?.commits : signing?.tags
  const set = config.get(`${kind}.gpgSign`)
  const isOn = signing !== undefined && (set === undefined ? isOwn === true : set === 'true')
  if (!(asked ?? isOn)) return null
  const { signBytes } = await import('../signing/sign.ts')
  const format = (config.get('gpg.format') as SignatureFormat | undefined) ?? signing?.format
  const settings = { ...signing, ...(format === undefined ? {} : { format }) }
  const key = typeof asked === 'string' ? asked : (config.get('user.signingKey') ?? signing?.key ?? null)
  return signBytes({ settings, environment }, payload, { key, by })
}

export function signingContext(
  { signing = {}, environment = {} }: OpenOptions,
  signal?: AbortSignal,
): SigningContext {
  return { settings: signing, environment, signal }
}

/** What the signature of a commit is worth. */
export async function checkCommit(
  context: SigningContext,
  { store }: Pick<Repo, 'store'>,
  cid: Cid,
): Promise<SignatureCheck> {
  const { checkSignature } = await import('../signing/check.ts')
  const [bytes] = await store.get([cid])
  const { timeMs } = parseCommit(cid, bytes!).committer
  return checkSignature(context, { ...signedParts(bytes!, `commit ${cid}`), timeMs })
}

export async function verifyCommit(
  context: SigningContext,
  repo: Repo,
  revision: string,
): Promise<VerifiedObject> {
  const { commit } = await resolveRevision(repo.store, revision, await repo.store.manifest())
  return { id: digestHex(commit), ...(await checkCommit(context, repo, commit)) }
}

/** @throws VarveError VARVE_REF_NOT_FOUND; VARVE_NOT_POSSIBLE for a tag that is only a name */
export async function verifyTag(
  context: SigningContext,
  { store }: Repo,
  name: string,
): Promise<VerifiedObject> {
  const cid = (await store.manifest()).refs.get(tagRef(name))
  if (cid === undefined)
    throw new VarveError('VARVE_REF_NOT_FOUND', `no tag '${name}'`, { hint: "see 'varve tag' for the names" })
  const tag = await readTag(store, cid)
  if (tag === null) {
    throw new VarveError('VARVE_NOT_POSSIBLE', `tag '${name}' is only a name: nothing could be signed`, {
      hint: `'varve verify-commit ${name}' checks its commit; 'varve tag -s NAME' makes a signed tag`,
    })
  }
  const { checkSignature } = await import('../signing/check.ts')
  const [bytes] = await store.get([cid])
  const signed = { ...signedParts(bytes!, `tag ${cid}`), timeMs: tag.tagger.timeMs }
  return { id: digestHex(cid), ...(await checkSignature(context, signed)) }
}

/** For merges: refuses a commit without a good signature, where that is asked for, here or in the settings. */
export function inspector(
  context: SigningContext,
  repo: Repo,
  manifest: Manifest,
  asked: boolean | undefined,
): ((commit: Commit) => Promise<void>) | undefined {
  const isSet =
    context.settings.verifyMerges === true || manifest.config.get('merge.verifySignatures') === 'true'
  if (!(asked ?? isSet)) return undefined
  return async ({ cid }) => {
    const { hasTrust } = await import('../signing/check.ts')
    const check = await checkCommit(context, repo, cid)
    // Nobody asked for more or less: a key that nobody vouches for is not enough here.
    const isEnough = context.settings.trustMin !== undefined || hasTrust(check.trust, 'marginal')
    if (check.valid && isEnough) return
    throw new VarveError('VARVE_REFUSED', `commit ${digestHex(cid).slice(0, 8)} ${faultOf(check)}`, {
      data: { commit: digestHex(cid), code: check.code, signer: check.signer, key: check.key },
      hint: `see 'varve verify-commit ${digestHex(cid).slice(0, 8)}'; nothing was merged`,
    })
  }
}

function faultOf({ code, signer, key }: SignatureCheck): string {
  if (code === 'N') return 'has no signature'
  if (code === 'B') return 'has a bad signature'
  const whose = signer === '' ? key : signer
  const by = whose === '' ? '' : `, allegedly by ${whose}`
  if (code === 'E') return `has a signature that cannot be checked${by}`
  if (code === 'X' || code === 'Y' || code === 'R') return `has a signature that is no longer good${by}`
  return `has a signature whose key nobody trusts${by}`
}
