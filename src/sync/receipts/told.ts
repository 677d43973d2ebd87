// What both sides have in common where another repository works for the link as well: its receipts, which come along with
// its branch, say which base the endpoint was told then, and at which commit of the branch both sides were equal.
//
//   c ──────> tip of the branch       Nobody but its users has written to the endpoint since it was told that base: it
//   └ told ─> endpoint as it is       differs from c by their changes alone.
//
// Over a base of before c, what the other repository has read, and a user has taken back since, would look like a change of
// the branch.
import { type CommitCid, cidOfDigest, digestHex } from '../../encoding/cid.ts'
import { fromHex } from '../../base/bytes.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import { isAncestor } from '../../history/ancestry.ts'
import { readCommit } from '../../history/commit.ts'
import type { Commit } from '../../history/interface.ts'
import { receiptsRef } from '../../history/refs.ts'
import { readBranch } from '../../repo/head.ts'
import type { Io } from '../../repo/interface.ts'
import type { Manifest } from '../../store/interface.ts'
import type { Begun } from '../begin.ts'
import { commitTree } from '../branch-change.ts'
import type { CommonBase } from '../common-base.ts'
import type { Link, LoggedReceipt } from '../interface.ts'
import { linkCommit } from '../link-commit.ts'
import { branchOf } from '../merge/merge-branch.ts'
import type { Waiting } from '../lost-branch.ts'
import type { Round } from '../round.ts'
import { endpointView } from '../tables/endpoint-view.ts'
import { type LinkedTable, linkTree } from '../tables/link-tables.ts'
import { HeldRows } from '../held/held-rows.ts'
import { receiptLog } from './log.ts'
import { withReadings } from './readings.ts'

const receiptsMax = 1_000

type Known = Pick<Begun, 'manifest' | 'tables' | 'state' | 'before'>

/**
 * The base, where receipts that have come from elsewhere since the last round tell a later one than was found, and with what
 * the branch has of later readings. Where the endpoint was told one that no receipt knows, others have written, and what they
 * wrote is not known here: `isForeign`.
 */
export async function orByReceipts(
  round: Round,
  io: Io,
  begun: Known,
  found: CommonBase,
): Promise<CommonBase> {
  const { link } = round
  const { manifest, state } = begun
  const isKnown = found.isTold || found.stranger !== null
  if (!isKnown || found.isMoved || found.isCut || found.isRestored) return found
  const said = found.stranger ?? (state.written && digestHex(state.written))
  const tip = await readBranch(io.nodes.reader, manifest, branchOf(link, manifest))
  if (tip === null) return found
  const receipt = await lastToldOf(round, io, { manifest, found, said, tip })
  if (receipt === 'restored') return found
  if (receipt === null && found.commit === null && said !== null)
    return { ...found, isForeign: (await hasReceipts(round)) && isGuarded(link) }
  const commit = await laterBase(round, io, begun, { receipt, found: found.commit, tip })
  if (commit === found.commit) return found
  const note = found.isTold ? null : 'the endpoint was last written from elsewhere, as receipts tell'
  return { ...found, commit, note, merged: null, brought: null }
}

/** What to wait for where somebody has written there of whom nothing is known here; null: nothing. */
export async function unknownWriter(
  { repo, link, options }: Round,
  { nodes }: Io,
  { isForeign, stranger }: CommonBase,
): Promise<Waiting | null> {
  if (!isForeign || options.retry === true) return null
  const manifest = await repo.store.manifest()
  const tip = await readBranch(nodes.reader, manifest, branchOf(link, manifest))
  const who = `another repository has written ${stranger!.slice(0, 12)} there since`
  const next = `fetch from it and merge, or, if it is gone, 'varve sync retry ${link.name}'`
  return { commit: tip?.cid ?? null, message: `${who}: ${next}` }
}

function isGuarded({ mode }: Link): boolean {
  return mode === 'two-way' || mode === 'materialize'
}

async function hasReceipts({ repo, link }: Round): Promise<boolean> {
  for await (const _ of receiptLog(repo, { link: link.name, limit: 1 })) return true
  return false
}

interface Told {
  readonly manifest: Manifest
  readonly found: CommonBase
  readonly said: string | null
  readonly tip: Commit
}

/** The last receipt which says that the endpoint was told this, of a state that the branch has. */
async function lastToldOf(
  { repo, link }: Round,
  io: Io,
  { manifest, found, said, tip }: Told,
): Promise<LoggedReceipt | 'restored' | null> {
  const others: CommitCid[] = []
  // Where nothing is in common, what was known before counts too: no round may have made use of it.
  const known = found.commit === null ? null : (manifest.refs.get(receiptsRef(link.name)) ?? null)
  for await (const receipt of receiptLog(repo, { link: link.name, limit: receiptsMax, known })) {
    const { told } = receipt
    if (told !== undefined && told !== said) others.push(commitOf(receipt.id))
    // It has been told more since, and was restored from a backup.
    else if (told === said && (await isBeforeAny(io, commitOf(receipt.id), others))) return 'restored'
    else if (told === said && (await isIn(io, receipt, tip))) return receipt
  }
  return null
}

function commitOf(hex: string): CommitCid {
  return cidOfDigest('dag-cbor', fromHex(hex)) as CommitCid
}

async function isBeforeAny(
  { nodes }: Io,
  receipt: CommitCid,
  others: readonly CommitCid[],
): Promise<boolean> {
  for (const other of others) if (await isAncestor(nodes.reader, receipt, other)) return true
  return false
}

async function isIn({ nodes }: Io, { commit }: LoggedReceipt, tip: Commit): Promise<boolean> {
  if (commit === null || (await nodes.reader.has([commitOf(commit)]))[0] !== true) return false
  return isAncestor(nodes.reader, commitOf(commit), tip.cid)
}

interface Later {
  readonly receipt: LoggedReceipt | null
  readonly found: Commit | null
  readonly tip: Commit
}

/**
 * The tables that were equal on both sides when the receipt was made, what was found of others, and what was read later than
 * either; the commit that was found where that is all.
 */
async function laterBase(
  round: Round,
  io: Io,
  { tables, before, state }: Known,
  { receipt, found, tip }: Later,
): Promise<Commit | null> {
  const asked = { link: round.link.name, tables, tip, read: null }
  let base = await commitTree(io, found?.cid ?? null)
  const known = (found?.parents ?? []) as CommitCid[]
  if (found !== null) base = await withReadings(io, base, { ...asked, known, read: state.live })
  const at = receipt === null ? null : commitOf(receipt.commit!)
  if (receipt !== null && at !== null) {
    const own = found === null ? await commitTree(io, state.base) : base
    base = await base.update(io.writer, await commonThen(io, { tables, own }, receipt))
    base = (await endpointView(io, tables, before, base)) as Tree
    base = await withReadings(io, base, { ...asked, known: [at] })
  }
  if (found !== null && base.cid === found.tree) return found
  const message = `In common with ${round.link.endpoint}`
  const parents = [at ?? tip.cid]
  return readCommit(io.writer, await linkCommit(round, io, { tree: base.cid, parents, message }))
}

/** The tables as they were in common then: without the rows that waited, which are as this repository had them in common last. */
async function commonThen(
  io: Io,
  { tables, own }: { readonly tables: readonly LinkedTable[]; readonly own: Tree },
  receipt: LoggedReceipt,
): Promise<Map<Path, TreeEntry>> {
  const entries = new Map<Path, TreeEntry>()
  const { tree } = await readCommit(io.nodes.reader, commitOf(receipt.commit!))
  const then = await linkTree(io, tree, tables)
  const held = heldThen(receipt)
  const common = held === null ? then : await held.put(io, then, own)
  for (const { path } of tables) {
    const after = receipt.tables.find((one) => one.path === path)?.after
    const entry = await common.get(path)
    const there = after?.endpoint?.checksum
    const isEqual = there !== undefined && there === after?.branch?.checksum
    const isKnown = isEqual || (held !== null && there !== undefined && !held.isWhole(path))
    if (isKnown && entry !== null) entries.set(path, entry)
  }
  return entries
}

/** The rows that waited after a round that brings both sides in step; null where they are not all known. */
function heldThen({ mode, heldBack, heldBackCount }: LoggedReceipt): HeldRows | null {
  if (mode !== 'two-way' || heldBackCount > heldBack.length) return null
  const held = new HeldRows()
  for (const { table, path, key, keyHex, reason } of heldBack) {
    if (keyHex === undefined || path === undefined) return null
    const isTable = keyHex === '' ? ({ isTable: true } as const) : {}
    held.add({ table, path, key, keyHex, reason, message: '', ...isTable })
  }
  return held
}
