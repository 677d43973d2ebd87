// One round of a link. The endpoint is read, what it changed is merged into the branch, and what the branch changed is
// written to the endpoint, each row guarded by what was read:
//
//   captured ──┐                                     B  base: what both sides last had
//              ├─ merge over B ─> merged ─> branch   held rows: endpoint and B keep what they have
//   branch ────┘                    └─────> endpoint
//
// A quiet round makes no commit and writes nothing. A kill between any two steps leaves a state from which the next
// round comes to the same end: all is decided by values, and the endpoint's own record says which base it has.
import { VarveError, throwIfAborted } from '../base/errors.ts'
import type { Connector } from '../connectors/interface.ts'
import type { Cid } from '../encoding/cid.ts'
import { Tree } from '../files/tree.ts'
import { readCommit } from '../history/commit.ts'
import { withWriter } from '../repo/context.ts'
import type { Folder, Io, Repo } from '../repo/interface.ts'
import { applyStep } from './apply.ts'
import { TableDigests } from './digests.ts'
import { columnsOnlyHere } from './drift.ts'
import { guardDeletes, guardIdentity } from './guards.ts'
import { HeldRows } from './held-rows.ts'
import type { CapturedTable, Link, Receipt, RowCounts, SyncOptions } from './interface.ts'
import { type LinkedTable, linkedTables, tableAt } from './link-tables.ts'
import { readMark } from './log/mark.ts'
import { OpenLog } from './log/open-log.ts'
import { mergeIntoBranch } from './merge-branch.ts'
import { publishLive } from './publish.ts'
import { readEndpoint } from './read-endpoint.ts'
import { rememberReceipt } from './receipts/log.ts'
import { makeReceipt } from './receipts/make.ts'
import { countChanges } from './row-changes.ts'
import { commonBase, linkObject, readLinkState } from './state.ts'
import { Table } from '../table/table.ts'

export interface Round {
  readonly repo: Repo
  /** The user's files, where the branch is checked out there. */
  readonly folder: Folder | null
  readonly connector: Connector
  readonly link: Link
  readonly options: SyncOptions
}

const noCounts: RowCounts = { added: 0, changed: 0, removed: 0 }

export async function syncRound(round: Round): Promise<Receipt> {
  const log = new OpenLog({ isFollowing: false, compareMs: null })
  try {
    return await syncRoundWith(round, log)
  } finally {
    await log.close()
  }
}

/** As `syncRound`, with a line to the endpoint's log that outlives the round. */
export async function syncRoundWith(round: Round, log: OpenLog): Promise<Receipt> {
  const { repo, connector, link, options } = round
  const startedMs = Date.now()
  const manifest = await repo.store.manifest()
  const state = readLinkState(manifest, link.name)
  const identity = await connector.identity()
  guardIdentity(link.name, state.identity, identity, options)
  const checkpoint = await connector.checkpoint(link.name)
  const tables = linkedTables(link, await connector.discover(link.tables))
  return withWriter(repo, async (writer, nodes) => {
    const io: Io = { writer, nodes }
    const before = await treeOf(io, state.live)
    const digests = await TableDigests.load(nodes.reader, manifest.refs.get(linkObject(link.name, 'digests')))
    const held = new HeldRows()
    const mark = readMark(manifest, link.name)
    const reading = await readEndpoint(round, io, log, { tables, before, digests, held, mark })
    const { captured } = reading
    throwIfAborted(options.signal)
    const receipts = await describeCaptured(io, round, tables, before, captured)
    const live = await publishLive(round, io, { state, before, identity, reading })
    await reading.acknowledge()
    const base = await commonBase(nodes.reader, state, checkpoint)
    const baseTree = base.commit === null ? null : await Tree.load(nodes, base.commit.tree)
    const merged = await mergeIntoBranch(round, io, { tables, base: baseTree, captured, live })
    await held.addConflicts(io, merged.conflicts, tables)
    const step = {
      round,
      io,
      tables,
      captured,
      live,
      base: baseTree,
      target: merged.target,
      common: merged.common,
      told: base.told,
      branch: merged.commit,
      checkpoint,
      state,
      held,
    }
    const written = await applyStep(step)
    const receipt = await makeReceipt(round, io, {
      startedMs,
      tables,
      captured: receipts,
      written,
      heldBack: await held.named(io, captured),
      commit: merged.commit,
      notes: [
        ...reading.notes,
        ...(base.note === null ? [] : [base.note]),
        ...(await notesOf(io, round, tables, merged.target)),
      ],
    })
    if (options.dryRun !== true) await rememberReceipt(round, receipt)
    return receipt
  })
}

async function notesOf(
  io: Io,
  { link }: Round,
  tables: readonly LinkedTable[],
  target: Tree,
): Promise<string[]> {
  if (link.mode === 'capture') return []
  const notes: string[] = []
  for (const { table, path } of tables) {
    const schema = (await tableAt(io, target, path))?.schema
    const names = schema === undefined ? [] : columnsOnlyHere(schema, table)
    if (names.length > 0)
      notes.push(`'${table.name}' has no column ${names.join(', ')}: what is in it stays here`)
  }
  return notes
}

async function treeOf(io: Io, commit: Cid | null): Promise<Tree> {
  if (commit === null) return Tree.empty(io.nodes, io.writer)
  return Tree.load(io.nodes, (await readCommit(io.nodes.reader, commit)).tree)
}

async function describeCaptured(
  io: Io,
  { link, options }: Round,
  tables: readonly LinkedTable[],
  before: Tree,
  captured: Tree,
): Promise<CapturedTable[]> {
  const receipts: CapturedTable[] = []
  for (const { table, path } of tables) {
    const [old, now] = [await tableAt(io, before, path), await tableAt(io, captured, path)]
    if (now === null) throw new VarveError('VARVE_CORRUPT', `table '${table.name}' was not read`)
    const read = (await Table.of(io.nodes, now)).count
    const counts =
      old === null ? { ...noCounts, added: read } : await countChanges(io.nodes, { before: old, after: now })
    const known = old === null ? 0 : (await Table.of(io.nodes, old)).count
    const where = 'the endpoint'
    guardDeletes({ link: link.name, table: table.name, where, before: known, after: read, counts }, options)
    receipts.push({ table: table.name, path, read, captured: counts })
  }
  return receipts
}
