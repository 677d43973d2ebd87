// The last part of a round: the endpoint becomes what was merged, but for the rows that are held back. The base that it
// is about to be told is durable here before it is told; what the endpoint will not take is held back too, and all is
// tried again without it.
import { VarveError } from '../base/errors.ts'
import { toHex } from '../base/bytes.ts'
import type { Checkpoint, EndpointTable, HeldBackRow, RowChange } from '../connectors/interface.ts'
import { type Cid, digestHex } from '../encoding/cid.ts'
import type { Path } from '../files/interface.ts'
import { Tree } from '../files/tree.ts'
import { readCommit } from '../history/commit.ts'
import { operatorOf } from '../repo/context.ts'
import type { Io } from '../repo/interface.ts'
import { emptyTable } from './empty-table.ts'
import type { HeldRows } from './held-rows.ts'
import type { RowCounts } from './interface.ts'
import type { Stops } from './pending/stops.ts'
import { type LinkedTable, tableAt, tablesThere } from './link-tables.ts'
import { linkCommit } from './link-commit.ts'
import type { Round } from './round.ts'
import { type TableStep, countChanges, rowChanges } from './row-changes.ts'
import { type LinkState, linkRef, readLinkState } from './state.ts'

const attemptsMax = 6

export interface ApplyStep {
  readonly round: Round
  readonly io: Io
  readonly tables: readonly LinkedTable[]
  readonly captured: Tree
  readonly live: Cid
  readonly base: Tree | null
  readonly target: Tree
  readonly common: Tree
  /** What the endpoint says it was brought to. */
  readonly told: Cid | null
  /** Tip of the branch. */
  readonly branch: Cid | null
  readonly checkpoint: Checkpoint | null
  readonly state: LinkState
  readonly held: HeldRows
  readonly stops: Stops
}

export interface Written {
  /** Rows written, by path. */
  readonly counts: ReadonlyMap<Path, RowCounts>
  /** What the endpoint's tables then hold. */
  readonly after: Tree
}

export async function applyStep(step: ApplyStep): Promise<Written> {
  const { round, io, held } = step
  const { connector, link, options } = round
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const after = await held.put(io, step.target, step.captured)
    const base = await held.put(io, step.common, await keptBase(step))
    const steps = await tableSteps(step, after)
    if (link.mode === 'capture') {
      if (options.dryRun !== true) await remember(step, { base, after: null, written: null })
      return { counts: new Map(), after: step.captured }
    }
    if (await guardWritten(step, steps, after)) continue
    const counts = await countSteps(step, steps)
    if (options.dryRun === true) return { counts, after }
    const isQuiet = [...counts.values()].every((one) => one.added + one.changed + one.removed === 0)
    if (isQuiet) {
      await remember(step, { base, after: null, written: null })
      return { counts, after: step.captured }
    }
    const commit = await announced(step, base)
    await announce(step, commit)
    const { fence, base: told } = await connector.takeOver(link.name)
    if (told !== (step.checkpoint?.base ?? null)) throw overtaken(link.name)
    const applied = await connector.apply({
      link: link.name,
      fence,
      base: digestHex(commit),
      tables: tablesThere(step.tables),
      changes: (table, kind) => changesOf(step, steps, counts, table, kind),
      signal: options.signal,
    })
    if (applied.outcome === 'applied') {
      await remember(step, { base, after, written: commit })
      return { counts, after }
    }
    for (const row of applied.rows) held.add(heldBack(step.tables, row))
  }
  throw new VarveError(
    'VARVE_NOT_POSSIBLE',
    `the endpoint of '${link.name}' changes faster than it can be written to`,
    {
      data: { link: link.name, attempts: attemptsMax, passing: true },
      hint: 'nothing is lost; run the sync again when fewer writers are at work',
    },
  )
}

/**
 * What held rows have in common. In two ways the branch has taken in what was read, clashes apart: that it did so once more
 * must not look like a change of its own when the endpoint's row changes again.
 */
async function keptBase({ round, io, held, captured, base }: ApplyStep): Promise<Tree> {
  const before = base ?? Tree.empty(io.nodes, io.writer)
  return round.link.mode === 'two-way' ? held.unmerged().put(io, captured, before) : before
}

/** Nothing is read where nothing of the kind is to be done. */
async function* changesOf(
  { io, tables }: ApplyStep,
  steps: ReadonlyMap<string, TableStep>,
  counts: ReadonlyMap<Path, RowCounts>,
  table: EndpointTable,
  kind: RowChange['kind'],
): AsyncGenerator<readonly RowChange[]> {
  const { added, changed, removed } = counts.get(tables.find((one) => one.table === table)!.path)!
  if ({ insert: added, update: changed, delete: removed }[kind] === 0) return
  yield* rowChanges(io.nodes, steps.get(table.name)!, table, kind)
}

async function tableSteps(step: ApplyStep, after: Tree): Promise<Map<string, TableStep>> {
  const { io, tables, captured } = step
  const steps = new Map<string, TableStep>()
  for (const { table, path } of tables) {
    const before = (await tableAt(io, captured, path)) ?? emptyTable(io, table)
    steps.set(table.name, {
      before,
      after: (await tableAt(io, after, path)) ?? { ...before, rows: emptyTable(io, table).rows },
    })
  }
  return steps
}

/** Whether a table was stopped; it is then held back, and all is to be looked at again. */
async function guardWritten(
  { io, tables, captured, held, stops }: ApplyStep,
  steps: ReadonlyMap<string, TableStep>,
  after: Tree,
): Promise<boolean> {
  let isStopped = false
  for (const linked of tables) {
    if (held.isWhole(linked.path)) continue
    const [from, to] = [await captured.get(linked.path), await after.get(linked.path)]
    const change = { ...steps.get(linked.table.name)!, from, to }
    if (await stops.guardDeletes(io, linked, 'branch', change)) isStopped = true
  }
  return isStopped
}

async function countSteps(
  { io, tables }: ApplyStep,
  steps: ReadonlyMap<string, TableStep>,
): Promise<Map<Path, RowCounts>> {
  const all = new Map<Path, RowCounts>()
  for (const { table, path } of tables) all.set(path, await countChanges(io.nodes, steps.get(table.name)!))
  return all
}

/**
 * What the endpoint is going to be told. Its parents are the branch and what was told before: so what a restored
 * endpoint may name is still here after any number of rounds, and is known to be ours.
 */
function announced(step: ApplyStep, base: Tree): Promise<Cid> {
  const { round, io, branch, state, told } = step
  const parents = [...new Set([branch, state.written, told])].filter((cid) => cid !== null)
  const message = `Write to ${round.link.endpoint}`
  return linkCommit(round, io, { tree: base.cid, parents, message })
}

/** Before the endpoint is told of a base, it is here: a kill in between is then no question. */
async function announce({ round, io }: ApplyStep, intent: Cid): Promise<void> {
  const { repo, link, options } = round
  await repo.store.update(
    (current) => ({
      refs: new Map([[linkRef(link.name, 'intent'), intent]]),
      operation: { name: 'sync', message: `${link.name}: write`, author: operatorOf(repo, current) },
    }),
    { writer: io.writer, signal: options.signal },
  )
}

interface Outcome {
  readonly base: Tree
  /** The endpoint as it is now; null when nothing was written. */
  readonly after: Tree | null
  readonly written: Cid | null
}

async function remember(step: ApplyStep, { base, after, written }: Outcome): Promise<void> {
  const { round, io, state, live } = step
  const { repo, link } = round
  // The merge may have moved it.
  const { base: last } = readLinkState(await repo.store.manifest(), link.name)
  const known = last === null ? null : (await readCommit(io.nodes.reader, last)).tree
  const refs = new Map<string, Cid | null>()
  if (written !== null) {
    refs.set(linkRef(link.name, 'written'), written)
    refs.set(linkRef(link.name, 'base'), written)
    refs.set(linkRef(link.name, 'intent'), null)
  } else {
    const parents = step.branch === null ? [] : [step.branch]
    const message = `In step with ${link.endpoint}`
    if (known !== base.cid)
      refs.set(linkRef(link.name, 'base'), await linkCommit(round, io, { tree: base.cid, parents, message }))
    // From here on our base counts again, whatever the endpoint was told in a round that we know nothing of.
    if (step.told !== state.written) refs.set(linkRef(link.name, 'written'), step.told)
  }
  if (after !== null) {
    const message = `Written to ${link.endpoint}`
    const now = await linkCommit(round, io, { tree: after.cid, parents: [live], message })
    refs.set(linkRef(link.name, 'live'), now)
  }
  if (refs.size === 0) return
  await repo.store.update(
    (current) => ({
      refs,
      operation: { name: 'sync', message: link.name, author: operatorOf(repo, current) },
    }),
    { writer: io.writer },
  )
}

function heldBack(tables: readonly LinkedTable[], row: HeldBackRow): Parameters<HeldRows['add']>[0] {
  const path = tables.find(({ table }) => table.name === row.table)!.path
  return { table: row.table, path, key: '', keyHex: toHex(row.key), reason: row.reason, message: row.message }
}

function overtaken(link: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `another worker has synchronized '${link}' meanwhile`, {
    data: { link, passing: true },
    hint: 'nothing was written; run it again',
  })
}
