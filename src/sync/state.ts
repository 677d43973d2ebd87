// What a repository remembers of a link, as refs, so that it moves with everything else by compare-and-set: the
// endpoint as it was last seen (live), what both sides last had in common (base), and which base the endpoint itself
// has been told (written) or is just being told (intent). The endpoint keeps the last of these with its rows: when the
// two disagree, the endpoint was restored, or a worker was killed between its commit and ours.
import type { Cid, CommitCid } from '../encoding/cid.ts'
import { cidOf, cidOfDigest, codecOf, digestHex } from '../encoding/cid.ts'
import { fromHex, utf8 } from '../base/bytes.ts'
import type { Checkpoint } from '../connectors/interface.ts'
import { isAncestor } from '../history/ancestry.ts'
import { readCommit } from '../history/commit.ts'
import type { Commit } from '../history/interface.ts'
import { linkRefs } from '../history/refs.ts'
import type { Manifest, ObjectReader, ObjectWriter } from '../store/interface.ts'

export interface LinkState {
  readonly live: Cid | null
  readonly base: Cid | null
  readonly written: Cid | null
  readonly intent: Cid | null
  /** A text: the base that somebody unknown told the endpoint, where `base` was agreed on since. */
  readonly stranger: Cid | null
  /** What guards have stopped and nobody has let through yet. */
  readonly pending: Cid | null
  readonly identity: string | null
}

/** Of commits. */
export function linkRef(link: string, what: keyof Omit<LinkState, 'identity' | 'stranger'>): string {
  return `${linkRefs}${link}/${what}`
}

/** Of raw objects, which are no revisions. */
export function linkObject(link: string, what: 'receipt' | 'digests' | 'stranger'): string {
  return `links/${link}/${what}`
}

/** Whether a ref is what a repository remembers of this link. */
export function isOfLink(ref: string, link: string): boolean {
  return ref.startsWith(`${linkRefs}${link}/`) || ref.startsWith(`links/${link}/`)
}

export function identityKey(link: string): string {
  return `link.${link}.identity`
}

/** When a round was that came to the same as the last receipt that is kept. */
export function againKey(link: string): string {
  return `link.${link}.again`
}

export function readLinkState(manifest: Manifest, link: string): LinkState {
  const ref = (what: keyof Omit<LinkState, 'identity' | 'stranger'>): Cid | null =>
    manifest.refs.get(linkRef(link, what)) ?? null
  return {
    live: ref('live'),
    base: ref('base'),
    written: ref('written'),
    intent: ref('intent'),
    stranger: manifest.refs.get(linkObject(link, 'stranger')) ?? null,
    pending: ref('pending'),
    identity: manifest.config.get(identityKey(link)) ?? null,
  }
}

/** Whether the endpoint names what it was told last, from here or, before the last base was found out, from elsewhere. */
export function isTold(state: LinkState, checkpoint: Checkpoint | null): boolean {
  const { written, intent } = state
  const said = checkpoint?.base ?? null
  if (said === null) return written === null
  if (isAgreed(state, said)) return true
  return [written, intent].some((cid) => cid !== null && digestHex(cid) === said)
}

/** Whether it was told that by somebody unknown, and there is a base since. */
function isAgreed({ base, stranger }: LinkState, said: string | null): boolean {
  return said !== null && base !== null && stranger === cidOf('raw', utf8(said))
}

export interface CommonBase {
  /** null: nothing is known to be common; what is equal is adopted, and what differs is a conflict. */
  readonly commit: Commit | null
  /** The commit that the endpoint says it was brought to, as far as it is one of ours. */
  readonly told: Cid | null
  /** What it says it was told, where that is none of ours. */
  readonly stranger: string | null
  readonly note: string | null
  /** Where the base is this repository's own, and known: the live commit that the branch had then taken in. */
  readonly merged: Cid | null
  /** The same: the branch's commit that the endpoint had then been brought to. */
  readonly brought: Cid | null
  /** The endpoint names what it was told by us before it was told more. */
  readonly isRestored: boolean
  /** It is another endpoint than before. */
  readonly isMoved: boolean
}

/** What both sides last had in common, by what each of them says. The endpoint's word counts: it is with its rows. */
export async function commonBase(
  reader: ObjectReader,
  state: LinkState,
  checkpoint: Checkpoint | null,
  identity: string,
): Promise<CommonBase> {
  const said = checkpoint?.base ?? null
  // What was read of another database since it was last written to says nothing of this one.
  if (state.identity !== null && state.identity !== identity)
    return { ...(await baseOfStranger(reader, said)), isMoved: true }
  const isSaid = (cid: Cid | null): boolean => (cid === null ? null : digestHex(cid)) === said
  if (isSaid(state.written)) return own(await at(reader, state.base, state.written, null))
  if (state.intent !== null && isSaid(state.intent)) {
    const note = 'the round before this one was cut short after it had written'
    return own(await at(reader, state.intent, state.intent, note))
  }
  // Nobody has told it more since a round in which we found out what both sides have.
  if (isAgreed(state, said)) return { ...own(await at(reader, state.base, null, null)), stranger: said }
  const stranger = await baseOfStranger(reader, said)
  const { told } = stranger
  // Each base that we told has the one before it as a parent.
  if (told === null || state.written === null || !(await isAncestor(reader, told, state.written)))
    return stranger
  const note = 'the endpoint was restored from an earlier state: it is compared with what it had then'
  return { ...stranger, note, isRestored: true }
}

/** Of an endpoint of which nothing is known but what it says. */
async function baseOfStranger(reader: ObjectReader, said: string | null): Promise<CommonBase> {
  const unknown = 'equal rows are taken as they are, others are conflicts'
  if (said === null) return at(reader, null, null, `the endpoint has no record of this link: ${unknown}`)
  const commit = cidOfCommit(said)
  if (commit !== null && (await reader.has([commit]))[0] === true)
    return at(
      reader,
      commit,
      commit,
      'the endpoint was last written from elsewhere, in a history that is here',
    )
  const note = `the endpoint was last written by a history that is not here: ${unknown}`
  return { ...(await at(reader, null, null, note)), stranger: said }
}

async function at(
  reader: ObjectReader,
  base: Cid | null,
  told: Cid | null,
  note: string | null,
): Promise<CommonBase> {
  const commit = base === null ? null : await readCommit(reader, base as CommitCid)
  return {
    commit,
    told,
    stranger: null,
    note,
    merged: null,
    brought: null,
    isRestored: false,
    isMoved: false,
  }
}

function own(base: CommonBase): CommonBase {
  const cidIn = (name: keyof BaseExtra): Cid | null => {
    const hex = base.commit?.extra[name]
    return typeof hex === 'string' ? cidOfCommit(hex) : null
  }
  return { ...base, merged: cidIn('live'), brought: cidIn('branch') }
}

/** Noted together with a base: under whose word it was agreed on. */
export function toldRefs(
  writer: ObjectWriter,
  link: string,
  { told, stranger }: Pick<CommonBase, 'told' | 'stranger'>,
): (readonly [string, Cid | null])[] {
  return [
    [linkRef(link, 'written'), told],
    [linkObject(link, 'stranger'), stranger === null ? null : writer.put('raw', utf8(stranger))],
  ]
}

/** What a base keeps as its `extra`: `merged` and `brought` as CommonBase has them. */
export interface BaseExtra {
  readonly live: string
  readonly branch?: string
}

export function baseExtra({ merged, brought }: { merged: Cid; brought: Cid | null }): BaseExtra {
  return { live: digestHex(merged), ...(brought === null ? {} : { branch: digestHex(brought) }) }
}

function cidOfCommit(hex: string): Cid | null {
  if (!/^[0-9a-f]{64}$/.test(hex)) return null
  const cid = cidOfDigest('dag-cbor', fromHex(hex))
  return codecOf(cid) === 'dag-cbor' ? cid : null
}
