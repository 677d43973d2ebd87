// What a write has to do in each table: from what was read there to what it shall hold.
import type { Path } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import type { RowCounts } from '../interface.ts'
import { emptyTable } from '../tables/empty-table.ts'
import { tableAt } from '../tables/link-tables.ts'
import { type TableStep, countChanges } from '../tables/differences.ts'
import type { ApplyStep } from './interface.ts'

export async function tableSteps(step: ApplyStep, after: Tree): Promise<Map<string, TableStep>> {
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

/** Whether a guard has stopped a table. It is then held back, and everything has to be planned again. */
export async function guardWritten(
  { io, tables, captured, held, stops }: ApplyStep,
  steps: ReadonlyMap<string, TableStep>,
  after: Tree,
): Promise<boolean> {
  let isStopped = false
  if (stops === null) return false
  for (const linked of tables) {
    if (held.isWhole(linked.path)) continue
    const [from, to] = [await captured.get(linked.path), await after.get(linked.path)]
    const change = { ...steps.get(linked.table.name)!, from, to }
    if (await stops.guardDeletes(io, linked, 'branch', change)) isStopped = true
  }
  return isStopped
}

export async function countSteps(
  { io, tables }: ApplyStep,
  steps: ReadonlyMap<string, TableStep>,
): Promise<Map<Path, RowCounts>> {
  const all = new Map<Path, RowCounts>()
  for (const { table, path } of tables) all.set(path, await countChanges(io.nodes, steps.get(table.name)!))
  return all
}

export function addCounts(all: Map<Path, RowCounts>, counts: ReadonlyMap<Path, RowCounts>): void {
  for (const [path, { added, changed, removed }] of counts) {
    const known = all.get(path) ?? { added: 0, changed: 0, removed: 0 }
    all.set(path, {
      added: known.added + added,
      changed: known.changed + changed,
      removed: known.removed + removed,
    })
  }
}

export function countRows(counts: ReadonlyMap<Path, RowCounts>): number {
  return [...counts.values()].reduce((all, { added, changed, removed }) => all + added + changed + removed, 0)
}
