// What a repository remembers of a link, as refs, so that it moves with everything else by compare-and-set: the
// endpoint as it was last seen (live), what both sides last had in common (base), and which base the endpoint itself
// has been told (written) or is just being told (intent). The endpoint keeps the last of these with its rows: when the
// two disagree, the endpoint was restored, or a worker was killed between its commit and ours.
import type { Cid, CommitCid } from '../encoding/cid.ts'
import { cidOfDigest, codecOf, digestHex } from '../encoding/cid.ts'
import { fromHex } from '../base/bytes.ts'
import type { Checkpoint } from '../connectors/interface.ts'
import { readCommit } from '../history/commit.ts'
import type { Commit } from '../history/interface.ts'
import { linkRefs } from '../history/refs.ts'
import type { Manifest, ObjectReader } from '../store/interface.ts'

export interface LinkState {
  readonly live: Cid | null
  readonly base: Cid | null
  readonly written: Cid | null
  readonly intent: Cid | null
  readonly identity: string | null
}

/** Of commits. */
export function linkRef(link: string, what: 'live' | 'base' | 'written' | 'intent'): string {
  return `${linkRefs}${link}/${what}`
}

/** Of raw objects, which are no revisions. */
export function linkObject(link: string, what: 'receipt' | 'digests'): string {
  return `links/${link}/${what}`
}

/** Whether a ref is what a repository remembers of this link. */
export function isOfLink(ref: string, link: string): boolean {
  return ref.startsWith(`${linkRefs}${link}/`) || ref.startsWith(`links/${link}/`)
}

export function identityKey(link: string): string {
  return `link.${link}.identity`
}

export function readLinkState(manifest: Manifest, link: string): LinkState {
  const ref = (what: 'live' | 'base' | 'written' | 'intent'): Cid | null =>
    manifest.refs.get(linkRef(link, what)) ?? null
  return {
    live: ref('live'),
    base: ref('base'),
    written: ref('written'),
    intent: ref('intent'),
    identity: manifest.config.get(identityKey(link)) ?? null,
  }
}

export interface CommonBase {
  /** null: nothing is known to be common; what is equal is adopted, and what differs is a conflict. */
  readonly commit: Commit | null
  /** The commit that the endpoint says it was brought to, as far as it is one of ours. */
  readonly told: Cid | null
  readonly note: string | null
}

/** What both sides last had in common, by what each of them says. The endpoint's word counts: it is with its rows. */
export async function commonBase(
  reader: ObjectReader,
  state: LinkState,
  checkpoint: Checkpoint | null,
): Promise<CommonBase> {
  const said = checkpoint?.base ?? null
  const isSaid = (cid: Cid | null): boolean => (cid === null ? null : digestHex(cid)) === said
  if (isSaid(state.written)) return at(reader, state.base, state.written, null)
  if (state.intent !== null && isSaid(state.intent))
    return at(
      reader,
      state.intent,
      state.intent,
      'the round before this one was cut short after it had written',
    )
  const unknown = 'equal rows are taken as they are, others are conflicts'
  if (said === null)
    return { commit: null, told: null, note: `the endpoint has lost its record of this link: ${unknown}` }
  const commit = cidOfCommit(said)
  if (commit === null || (await reader.has([commit]))[0] !== true)
    return {
      commit: null,
      told: null,
      note: `the endpoint was last written by a history that is not here: ${unknown}`,
    }
  const note = 'the endpoint was restored from an earlier state: it is compared with what it had then'
  return at(reader, commit, commit, note)
}

async function at(
  reader: ObjectReader,
  base: Cid | null,
  told: Cid | null,
  note: string | null,
): Promise<CommonBase> {
  return { commit: base === null ? null : await readCommit(reader, base as CommitCid), told, note }
}

function cidOfCommit(hex: string): Cid | null {
  if (!/^[0-9a-f]{64}$/.test(hex)) return null
  const cid = cidOfDigest('dag-cbor', fromHex(hex))
  return codecOf(cid) === 'dag-cbor' ? cid : null
}
