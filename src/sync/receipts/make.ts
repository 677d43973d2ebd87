// The receipt of one round: per table what was read, captured, written and held back, and what both sides hold now.
import { type Cid, digestHex } from '../../encoding/cid.ts'
import { readCommit } from '../../history/commit.ts'
import type { Io } from '../../repo/interface.ts'
import type { CapturedTable, HeldBack, Receipt, TableReceipt } from '../interface.ts'
import { type LinkedTable, linkTree } from '../tables/link-tables.ts'
import type { Round } from '../round.ts'
import type { RoundWritten } from '../apply/interface.ts'
import { tableStates } from './table-states.ts'

export interface RoundEnd {
  readonly startedMs: number
  readonly tables: readonly LinkedTable[]
  readonly captured: readonly CapturedTable[]
  readonly written: Pick<RoundWritten, 'counts' | 'after'> & Partial<Pick<RoundWritten, 'told'>>
  readonly heldBack: readonly HeldBack[]
  /** The branch's commit. */
  readonly commit: Cid | null
  readonly pending: Cid | null
  readonly notes: readonly string[]
}

export async function makeReceipt({ link, options }: Round, io: Io, end: RoundEnd): Promise<Receipt> {
  const { startedMs, heldBack, commit, pending, notes } = end
  const { told } = end.written
  return {
    link: link.name,
    mode: link.mode,
    dryRun: options.dryRun === true,
    startedMs,
    finishedMs: Date.now(),
    tables: await tableReceipts(io, end),
    heldBack,
    commit: commit === null ? null : digestHex(commit),
    pending: pending === null ? null : digestHex(pending),
    notes,
    ...(told === undefined ? {} : { told }),
  }
}

async function tableReceipts(io: Io, end: RoundEnd): Promise<TableReceipt[]> {
  const { tables, commit, written, heldBack } = end
  const root = commit === null ? null : (await readCommit(io.nodes.reader, commit)).tree
  const branch = await tableStates(io, await linkTree(io, root, tables), tables)
  const endpoint = await tableStates(io, written.after, tables)
  return end.captured.map((table) => {
    const { path } = table
    const held = heldBack.filter((row) => row.path === path)
    return {
      ...table,
      written: written.counts.get(path) ?? { added: 0, changed: 0, removed: 0 },
      conflicted: held.filter(({ reason }) => reason === 'conflict' || reason === 'changed').length,
      rejected: held.filter(({ reason }) => reason === 'rejected').length,
      after: { endpoint: endpoint.get(path) ?? null, branch: branch.get(path) ?? null },
    }
  })
}
