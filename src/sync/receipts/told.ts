// What both sides have in common where another repository works for the link as well: its receipts, which come along with
// its branch, say which base the endpoint was told then, and at which commit of the branch both sides were equal.
//
//   c ──────> tip of the branch       Nobody but its users has written to the endpoint since it was told that base: it
//   └ told ─> endpoint as it is       differs from c by their changes alone.
//
// Over a base of before c, what the other repository has read, and a user has taken back since, would look like a change of
// the branch.
import { type Cid, type CommitCid, cidOfDigest, digestHex } from '../../encoding/cid.ts'
import { fromHex } from '../../base/bytes.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { isAncestor, walkCommits } from '../../history/ancestry.ts'
import { readCommit } from '../../history/commit.ts'
import type { Commit } from '../../history/interface.ts'
import { receiptsRef } from '../../history/refs.ts'
import { readBranch } from '../../repo/head.ts'
import type { Io } from '../../repo/interface.ts'
import type { Begun } from '../begin.ts'
import { commitTree } from '../branch-change.ts'
import type { CommonBase } from '../common-base.ts'
import type { LoggedReceipt } from '../interface.ts'
import { isMadeBy, linkCommit } from '../link-commit.ts'
import { branchOf } from '../merge/merge-branch.ts'
import type { Round } from '../round.ts'
import { endpointView } from '../tables/endpoint-view.ts'
import { linkTree } from '../tables/link-tables.ts'
import { receiptLog } from './log.ts'

const receiptsMax = 1_000
const commitsMax = 10_000

/** The base, where receipts that have come from elsewhere since the last round tell a later one than was found. */
export async function orByReceipts(
  round: Round,
  io: Io,
  begun: Pick<Begun, 'manifest' | 'tables' | 'state' | 'before'>,
  found: CommonBase,
): Promise<CommonBase> {
  const { repo, link } = round
  const { manifest, state } = begun
  const isKnown = found.isTold || found.stranger !== null
  if (!isKnown || found.isMoved || found.isCut || found.isRestored) return found
  const said = found.stranger ?? (state.written && digestHex(state.written))
  const tip = await readBranch(io.nodes.reader, manifest, branchOf(link, manifest))
  if (tip === null) return found
  const others: CommitCid[] = []
  const known = manifest.refs.get(receiptsRef(link.name)) ?? null
  for await (const receipt of receiptLog(repo, { link: link.name, limit: receiptsMax, known })) {
    const { told } = receipt
    if (told !== undefined && told !== said) others.push(commitOf(receipt.id))
    // It has been told more since, and was restored from a backup.
    else if (told === said && (await isBeforeAny(io, commitOf(receipt.id), others))) return found
    else if (told === said && (await isIn(io, receipt, tip))) {
      if (await hasReadMore(round, io, receipt, tip)) return found
      const commit = await baseOf(round, io, begun, { receipt, found: found.commit })
      const note = found.isTold ? null : 'the endpoint was last written from elsewhere, as receipts tell'
      return { ...found, commit, note, merged: null, brought: null }
    }
  }
  return found
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

/** Whether the branch has a later reading of the endpoint, of a round whose receipt is not here. */
async function hasReadMore(
  { link }: Round,
  { nodes }: Io,
  { commit }: LoggedReceipt,
  tip: Commit,
): Promise<boolean> {
  let count = 0
  for await (const one of walkCommits(nodes.reader, [tip.cid], { exclude: [commitOf(commit!)] }))
    if (isMadeBy(one, link.name) || ++count > commitsMax) return true
  return false
}

/** The tables that were equal on both sides then, and what was found of others. */
async function baseOf(
  round: Round,
  io: Io,
  { tables, before }: Pick<Begun, 'tables' | 'before'>,
  { receipt, found }: { readonly receipt: LoggedReceipt; readonly found: Commit | null },
): Promise<Commit> {
  const entries = new Map<Path, TreeEntry>()
  const at: Cid = commitOf(receipt.commit!)
  const then = await linkTree(io, (await readCommit(io.nodes.reader, at)).tree, tables)
  for (const { path } of tables) {
    const after = receipt.tables.find((one) => one.path === path)?.after
    const entry = await then.get(path)
    const there = after?.endpoint?.checksum
    const isEqual = there !== undefined && there === after?.branch?.checksum
    if (isEqual && entry !== null) entries.set(path, entry)
  }
  const both = await (await commitTree(io, found?.cid ?? null)).update(io.writer, entries)
  const { cid: tree } = await endpointView(io, tables, before, both)
  const message = `In common with ${round.link.endpoint}`
  return readCommit(io.writer, await linkCommit(round, io, { tree, parents: [at], message }))
}
