// What both sides of a link last had in common, by what each of them has recorded. The endpoint's record counts: it is
// stored beside its rows, and is restored with them from a backup. Bases are commits; what is known of one besides its
// rows is in its `extra`.
//
//   written ── b1 ── b2 ── intent      announced at once, told one after the other: after a kill it is at any of them
import type { Cid } from '../encoding/cid.ts'
import { cidOf, cidOfDigest, codecOf, digestHex } from '../encoding/cid.ts'
import { fromHex, utf8 } from '../base/bytes.ts'
import type { Tree } from '../files/tree.ts'
import type { Checkpoint, Connector } from '../connectors/interface.ts'
import { isAncestor } from '../history/ancestry.ts'
import { readCommit } from '../history/commit.ts'
import type { Commit } from '../history/interface.ts'
import type { ObjectReader, ObjectWriter } from '../store/interface.ts'
import { lacksRight } from './retry.ts'
import { type LinkState, linkObject, linkRef } from './state.ts'

const restoredNote = 'the endpoint was restored from an earlier state: it is compared with what it had then'

export interface CommonBase {
  /**
   * The base; null when nothing is known to be common: then equal rows are adopted, and rows that differ are
   * conflicts.
   */
  readonly commit: Commit | null
  /** The commit that the endpoint names as the last it was brought to, if it is one of ours. */
  readonly told: Cid | null
  /** The commit that the endpoint names, if this repository does not have it. */
  readonly stranger: string | null
  readonly note: string | null
  /** When the base is this repository's own and known: the live commit that the branch had taken in then. */
  readonly merged: Cid | null
  /**
   * When the base is this repository's own and known: the commit of the branch that the endpoint had been brought to
   * then.
   */
  readonly brought: Cid | null
  /**
   * Whether the endpoint names the base it was told last: from here or, before the last base was found out, from
   * elsewhere.
   */
  readonly isTold: boolean
  /** Whether that base has still to be recorded here: a round wrote it to the endpoint, and ended before it did so. */
  readonly isCut: boolean
  /** Whether the endpoint has gone back to an earlier state, and names the base that it had then. */
  readonly isRestored: boolean
  /** It is another endpoint than before. */
  readonly isMoved: boolean
  /** Another repository has written there since, of whose rounds nothing is known here. */
  readonly isForeign: boolean
}

/** Whether somebody unknown wrote that base, and another base was agreed on since. */
function isAgreed({ base, stranger }: LinkState, said: string | null): boolean {
  return said !== null && base !== null && stranger === cidOf('raw', utf8(said))
}

/**
 * The endpoint's record. Who only reads there may not be allowed to see the table in which others have theirs: a link that
 * has never written has none.
 */
export async function readCheckpoint(
  connector: Connector,
  link: string,
  place: string | null,
  { written, intent, stranger }: LinkState,
): Promise<Checkpoint | null> {
  try {
    return await connector.checkpoint(link, place)
  } catch (error) {
    if (lacksRight(error) && (written ?? intent ?? stranger) === null) return null
    throw error
  }
}

export async function commonBase(
  reader: ObjectReader,
  state: LinkState,
  checkpoint: Checkpoint | null,
  identity: string,
): Promise<CommonBase> {
  const said = checkpoint?.base ?? null
  // What was read of another database since the last write does not hold for this one.
  if (state.identity !== null && state.identity !== identity)
    return { ...(await baseOfStranger(reader, said)), isMoved: true }
  if (said === (state.written && digestHex(state.written)))
    return own(await at(reader, state.base, state.written, null))
  const intended = await announcedAs(reader, state, said)
  if (intended !== null) {
    const note = 'the round before this one was cut short after it had written'
    return { ...own(await at(reader, intended, intended, note)), isCut: true }
  }
  // Nobody has told it more since a round in which we found out what both sides have.
  if (isAgreed(state, said)) return { ...own(await at(reader, state.base, null, null)), stranger: said }
  const stranger = await baseOfStranger(reader, said)
  const { told } = stranger
  // Each base that we told has the one before it as a parent.
  if (told === null || state.written === null || !(await isAncestor(reader, told, state.written)))
    return stranger
  return { ...stranger, note: restoredNote, isRestored: true }
}

/** The base for an endpoint of which only its own record is known. */
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
  const commit = base === null ? null : await readCommit(reader, base)
  return {
    commit,
    told,
    stranger: null,
    note,
    merged: null,
    brought: null,
    isTold: false,
    isCut: false,
    isRestored: false,
    isMoved: false,
    isForeign: false,
  }
}

function own(base: CommonBase): CommonBase {
  const { commit } = base
  const facts = commit && { merged: extraCid(commit, 'live'), brought: extraCid(commit, 'branch') }
  return { ...base, isTold: true, ...facts }
}

/** The link's state once it is recorded how far a round came that was cut short. */
export function notedState(state: LinkState, { isCut, told }: CommonBase): LinkState {
  return isCut ? { ...state, base: told, written: told } : state
}

/**
 * The base of an endpoint that has gone back to an earlier state with the record of today: what it was told last. What was
 * found in common since may be gone there.
 */
export async function baseBeforeRestore(
  reader: ObjectReader,
  { told, stranger }: CommonBase,
): Promise<CommonBase> {
  return { ...(await at(reader, told, told, restoredNote)), stranger, isRestored: true }
}

/** The refs that say on whose word a base was agreed; they are stored together with it. */
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

/** What the endpoint holds, where that is the base but for the spelling of keys. */
interface StoredTree {
  readonly stored?: Cid | null
}

/** `stored`, where it is known, is `captured` under other keys. */
export function storedTree(
  base: Tree,
  { captured, stored }: { captured: Tree; stored: Tree | null },
): StoredTree {
  if (stored === null || base.cid !== captured.cid || stored.cid === captured.cid) return {}
  return { stored: stored.cid }
}

export interface BaseFacts extends StoredTree {
  /** As CommonBase has them. */
  readonly merged: Cid
  readonly brought: Cid | null
  /** The base that was announced together with this one, and that is told right before it. */
  readonly after?: Cid | null
}

/** What the commit of a base stores as its `extra`. */
export function baseExtra({
  merged,
  brought,
  after = null,
  stored = null,
}: BaseFacts): Readonly<Record<string, string>> {
  const facts = { live: merged, branch: brought, after, stored }
  const known = Object.entries(facts).filter((one): one is [string, Cid] => one[1] !== null)
  return Object.fromEntries(known.map(([name, cid]) => [name, digestHex(cid)]))
}

/** Reads a name out of the `extra` of a base. */
export function extraCid({ extra }: Commit, name: 'live' | 'branch' | 'after'): Cid | null {
  const hex = extra[name]
  return typeof hex === 'string' ? cidOfCommit(hex) : null
}

/** The base of this name among those that were announced, and are not yet recorded as told. */
async function announcedAs(
  reader: ObjectReader,
  { intent, written }: LinkState,
  said: string | null,
): Promise<Cid | null> {
  if (said === null) return null
  let at = intent
  while (at !== null && at !== written && digestHex(at) !== said)
    at = extraCid(await readCommit(reader, at), 'after')
  return at === written ? null : at
}

function cidOfCommit(hex: string): Cid | null {
  if (!/^[0-9a-f]{64}$/.test(hex)) return null
  const cid = cidOfDigest('dag-cbor', fromHex(hex))
  return codecOf(cid) === 'dag-cbor' ? cid : null
}
