// What one commit of the branch changes in the endpoint, where each commit is a transaction there.
import { fromHex } from '../../base/bytes.ts'
import type { Tree } from '../../files/tree.ts'
import type { Commit } from '../../history/interface.ts'
import { sameEntry } from '../../prolly/entry-batch.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import type { HeldRows } from '../held/held-rows.ts'
import type { HeldBack } from '../interface.ts'
import type { Sides } from '../merge/interface.ts'
import { branchSide, mergeSides } from '../merge/merge-sides.ts'
import { endpointView } from '../tables/endpoint-view.ts'
import { tableAt } from '../tables/link-tables.ts'
import type { ApplyStep } from './interface.ts'

/** Rows that the endpoint refused, and what they were to become. */
export interface RefusedRows {
  readonly rows: readonly HeldBack[]
  readonly target: Tree
}

/** What a commit's step is made from, besides the step before it. */
export interface StepInput {
  readonly sides: Sides
  /** By the endpoint, in the commit before. */
  readonly refused: RefusedRows
  /** What waits in the whole round. */
  readonly waiting: HeldRows
}

export async function commitStep(
  now: ApplyStep,
  commit: Commit,
  { sides, refused, waiting }: StepInput,
): Promise<ApplyStep> {
  const { round, io } = now
  const { tables } = sides
  const merged = await mergeSides(round, io, sides, await branchSide(io, commit.tree, tables))
  const target = await endpointView(io, tables, now.captured, merged.target, 'as captured')
  const common = await endpointView(io, tables, sides.captured, merged.common)
  const held = waiting.whatever()
  await held.addConflicts(io, merged.conflicts, tables)
  await held.addOtherKeys(io, tables, { tree: merged.target, captured: now.captured })
  for (const row of refused.rows) if (await isSameRow(io, row, refused.target, target)) held.add(row)
  return { ...now, target, common, branch: commit.cid, held, stops: null }
}

/** The rows of a written step that were refused. */
export function refusedIn({ held, target }: ApplyStep): RefusedRows {
  const rows = held.list.filter(
    ({ reason, tooLarge }) => (reason === 'rejected' && tooLarge === undefined) || reason === 'changed',
  )
  return { rows, target }
}

async function isSameRow(io: Io, { path, keyHex }: HeldBack, before: Tree, after: Tree): Promise<boolean> {
  const [old, now] = [await tableAt(io, before, path), await tableAt(io, after, path)]
  if (old === null || now === null || old.rows === now.rows || keyHex === '') return old?.rows === now?.rows
  const key = [fromHex(keyHex)]
  const [one] = await (await ProllyMap.load(io.nodes, old.rows)).getMany(key)
  const [other] = await (await ProllyMap.load(io.nodes, now.rows)).getMany(key)
  return sameEntry(one!, other!)
}
