// A link's branch that is not the one of the last round: it was deleted or renamed, or, where the link keeps in step whichever
// is checked out, another one was checked out that lacks what the last round left. What was read is kept beside it, and
// nothing is merged or written. Else the link would begin a branch anew with nothing but what has changed since, or write
// the older rows of another one over what its users have read and changed.
import type { Tree } from '../files/tree.ts'
import { type CommitCid, cidOfDigest, digestHex } from '../encoding/cid.ts'
import { fromHex } from '../base/bytes.ts'
import { isAncestor } from '../history/ancestry.ts'
import { branchPrefix, shortRefName } from '../history/refs.ts'
import { readBranch } from '../repo/head.ts'
import type { Io } from '../repo/interface.ts'
import type { Manifest, ObjectReader } from '../store/interface.ts'
import type { Begun } from './begin.ts'
import type { CapturedTable, Receipt } from './interface.ts'
import { branchOf } from './merge/merge-branch.ts'
import { lastReceipt } from './receipts/log.ts'
import { makeReceipt } from './receipts/make.ts'
import type { Round } from './round.ts'
import { waitingTable } from './tables/link-tables.ts'

/** Why all tables of a link wait. */
export interface Waiting {
  /** The branch after the last round, or as it is; null: none. */
  readonly commit: CommitCid | null
  /** For people. */
  readonly message: string
}

/** Null where the branch is that of the last round, or none is known. */
export async function lostBranch({ repo, link }: Round, { nodes }: Io): Promise<Waiting | null> {
  const hex = (await lastReceipt(repo, link.name))?.commit ?? null
  if (hex === null) return null
  const { reader } = nodes
  const commit = cidOfDigest('dag-cbor', fromHex(hex)) as CommitCid
  const manifest = await repo.store.manifest()
  const ref = branchOf(link, manifest)
  const tip = await readBranch(reader, manifest, ref)
  if (tip?.cid === commit || (await reader.has([commit]))[0] !== true) return null
  const name = shortRefName(ref)
  if (tip === null) {
    const again = `'varve branch ${name} ${digestHex(commit).slice(0, 12)}'`
    return {
      commit,
      message: `the branch '${name}' is gone: bring it back, ${again}, or name another in varve.yaml`,
    }
  }
  // One that is named may be set back on purpose, and a mirror is equal to whatever is checked out.
  const isAsked = link.branch === null && (link.mode === 'two-way' || link.mode === 'capture')
  if (!isAsked || (await isAncestor(reader, commit, tip.cid))) return null
  const other = await branchWith(reader, manifest, commit)
  if (other === null) return null
  const what = `'${name}' is checked out, and lacks what the last round left in '${other}'`
  const next = `switch back, merge it, or say in varve.yaml that this is the link's branch`
  return { commit, message: `${what}: ${next}` }
}

/** A branch that has the commit; one that was set back behind it is none. */
async function branchWith(
  reader: ObjectReader,
  { refs }: Manifest,
  commit: CommitCid,
): Promise<string | null> {
  for (const [ref, tip] of refs)
    if (ref.startsWith(branchPrefix) && (await isAncestor(reader, commit, tip as CommitCid)))
      return shortRefName(ref)
  return null
}

export interface ReadTables {
  readonly captured: Tree
  readonly tables: readonly CapturedTable[]
  readonly notes: readonly string[]
}

/** Ends the round: nothing is merged or written, and all its tables wait. */
export async function waitWhole(
  round: Round,
  io: Io,
  { startedMs, tables, held, state }: Begun,
  { waiting, read }: { readonly waiting: Waiting; readonly read: ReadTables },
): Promise<Receipt> {
  for (const linked of tables) held.add(waitingTable(linked, waiting.message))
  return makeReceipt(round, io, {
    startedMs,
    tables,
    captured: read.tables,
    written: { counts: new Map(), after: read.captured },
    heldBack: await held.named(io, read.captured),
    commit: waiting.commit,
    pending: state.pending,
    notes: read.notes,
  })
}
