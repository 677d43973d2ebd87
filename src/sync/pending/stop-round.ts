// Rounds that a guard stops as a whole: the endpoint is another database, or has gone back to an earlier state. Nothing
// moves; what would have become of its tables waits.
import type { Tree } from '../../files/tree.ts'
import { readBranch } from '../../repo/head.ts'
import type { Io } from '../../repo/interface.ts'
import type { Manifest } from '../../store/interface.ts'
import { Table } from '../../table/table.ts'
import type { HeldRows } from '../held/held-rows.ts'
import type { CapturedTable, Receipt } from '../interface.ts'
import { type LinkedTable, tableAt } from '../tables/link-tables.ts'
import { branchOf, mergeIntoBranch } from '../merge/merge-branch.ts'
import type { Sides } from '../merge/interface.ts'
import { makeReceipt } from '../receipts/make.ts'
import type { Round } from '../round.ts'
import type { LinkState } from '../state.ts'
import type { Stop } from './interface.ts'
import { keepPending } from './keep.ts'
import type { Stops } from './stops.ts'

export interface StoppedRound {
  readonly round: Round
  readonly io: Io
  readonly startedMs: number
  readonly manifest: Manifest
  readonly state: LinkState
  readonly tables: readonly LinkedTable[]
  readonly held: HeldRows
  readonly stops: Stops
  readonly before: Tree
}

export interface RoundStop {
  readonly guard: Exclude<Stop['guard'], 'deletes' | 'schema'>
  /** The link's tables on the side at issue. */
  readonly from: Tree
  readonly read: Tree
  /** What they would have become. */
  readonly wanted: Tree
  readonly identity: string | null
  readonly restored: string | null
  readonly notes: readonly string[]
}

/** What waits is what would come into the branch by a capture, and otherwise what would be written back. */
export async function stopRestored(
  stopped: StoppedRound,
  sides: Sides,
  { read, restored, notes }: Pick<RoundStop, 'read' | 'restored' | 'notes'>,
): Promise<Receipt> {
  const { round, io, held, tables, before } = stopped
  const known = { guard: 'restored', read, identity: null, restored, notes } as const
  if (round.link.mode === 'capture')
    return stopRound(stopped, { ...known, from: sides.base ?? before, wanted: read })
  // A merge that moves nothing.
  const trial = { ...round, options: { ...round.options, dryRun: true } }
  const merged = await mergeIntoBranch(trial, io, sides)
  await held.addConflicts(io, merged.conflicts, tables)
  const wanted = await held.put(io, merged.target, read)
  return stopRound(stopped, { ...known, from: read, wanted })
}

export async function stopRound(stopped: StoppedRound, whole: RoundStop): Promise<Receipt> {
  const { round, io, startedMs, manifest, state, tables, held, stops, before } = stopped
  const { guard, from, read, wanted, identity, restored, notes } = whole
  const what = guard === 'identity' ? 'is another database than before' : 'has gone back to an earlier state'
  const message = `the endpoint of '${round.link.name}' ${what}`
  await stops.addAll(tables, { guard, side: 'endpoint', message }, { from, to: wanted })
  const pending = await keepPending(round, io, {
    stops,
    pending: state.pending,
    facts: { identity, restored },
    manifest,
  })
  const tip = await readBranch(io.nodes.reader, manifest, branchOf(round.link, manifest))
  return makeReceipt(round, io, {
    startedMs,
    tables,
    captured: await readOnly(io, tables, read),
    written: { counts: new Map(), after: from },
    heldBack: await held.named(io, before),
    commit: tip?.cid ?? null,
    pending,
    notes,
  })
}

async function readOnly(io: Io, tables: readonly LinkedTable[], read: Tree): Promise<CapturedTable[]> {
  const captured = { added: 0, changed: 0, removed: 0 }
  const all: CapturedTable[] = []
  for (const { table, path } of tables) {
    const found = await tableAt(io, read, path)
    const rows = found === null ? 0 : (await Table.of(io.nodes, found)).count
    all.push({ table: table.name, path, read: rows, captured })
  }
  return all
}
