// The receipt of a round that told a sink of rows. Nothing is read there: what its side holds is what it has confirmed.
import { type Cid, digestHex } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import type { Commit } from '../../history/interface.ts'
import type { Io } from '../../repo/interface.ts'
import { Table } from '../../table/table.ts'
import type { DeliverRound } from './deliver.ts'
import { deliveredTable } from './tables.ts'
import type { HeldBack, Receipt, RowCounts, TableReceipt, TableState } from '../interface.ts'

export const noCounts: RowCounts = { added: 0, changed: 0, removed: 0 }

export interface DeliveryEnd {
  readonly round: DeliverRound
  readonly startedMs: number
  readonly paths: readonly Path[]
  readonly counts: ReadonlyMap<Path, RowCounts>
  /** Everything that was sent to the sink; null when nothing was. */
  readonly told: Tree | null
  /** The tables of the branch's tip as they were to be sent; null when they are sent as they are. */
  readonly wanted: Tree | null
  readonly tip: Commit
  readonly heldBack: readonly HeldBack[]
  readonly pending: Cid | null
  readonly notes: readonly string[]
}

export async function deliveryReceipt(io: Io, end: DeliveryEnd): Promise<Receipt> {
  const { link, options } = end.round
  return {
    link: link.name,
    mode: link.mode,
    dryRun: options.dryRun === true,
    startedMs: end.startedMs,
    finishedMs: Date.now(),
    tables: await Promise.all(end.paths.map((path) => tableReceipt(io, end, path))),
    heldBack: end.heldBack,
    commit: digestHex(end.tip.cid),
    pending: end.pending === null ? null : digestHex(end.pending),
    notes: end.notes,
  }
}

async function tableReceipt(io: Io, end: DeliveryEnd, path: Path): Promise<TableReceipt> {
  const { counts, told, wanted, tip, heldBack } = end
  const written = counts.get(path) ?? noCounts
  const branch = wanted ?? (await Tree.load(io.nodes, tip.tree))
  const after = { endpoint: await stateOf(io, told, path), branch: await stateOf(io, branch, path) }
  const rejected = heldBack.filter((row) => row.path === path && row.reason === 'rejected').length
  return { table: path, path, read: 0, captured: noCounts, written, conflicted: 0, rejected, after }
}

async function stateOf(io: Io, tree: Tree | null, path: Path): Promise<TableState | null> {
  const table = await deliveredTable(io, tree, path)
  return table === null
    ? null
    : { rows: (await Table.of(io.nodes, table)).count, checksum: digestHex(table.rows) }
}
