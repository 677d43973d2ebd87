// What differs between two versions of a table's rows, looked for once a round: it is counted, judged by guards and then
// written. Few differences are kept, so that the leaves of both are read once.
import { diffMaps } from '../../prolly/diff.ts'
import type { Difference } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import type { TableObject } from '../../table/interface.ts'
import type { RowCounts } from '../interface.ts'
import { KeptDifferences } from './kept-differences.ts'

const keptBytesMax = 8 << 20
/** Pairs of tables whose differences are kept. */
const keptPairs = 4

export interface TableStep {
  readonly before: TableObject
  readonly after: TableObject
}

interface Found {
  readonly counts: RowCounts
  /** null: too many to be kept. */
  readonly differences: KeptDifferences | null
}

/** What was found about two row maps. They are named by their content, so it stays true. */
const found = new WeakMap<NodeStore, Map<string, Promise<Found>>>()

export async function countChanges(nodes: NodeStore, step: TableStep): Promise<RowCounts> {
  return (await foundBetween(nodes, step)).counts
}

/** Notes counts that are known without comparing the tables. */
export function noteCounts(nodes: NodeStore, step: TableStep, counts: RowCounts): void {
  void note(nodes, step, Promise.resolve({ counts, differences: null }))
}

export async function* differencesOf(
  nodes: NodeStore,
  step: TableStep,
): AsyncGenerator<readonly Difference[]> {
  const differences = (await found.get(nodes)?.get(nameOf(step)))?.differences ?? null
  if (differences !== null) yield* differences.inBatches()
  else yield* diffMaps(await mapOf(nodes, step.before), await mapOf(nodes, step.after))
}

export function kindOf({
  before,
  after,
}: Pick<Difference, 'before' | 'after'>): 'insert' | 'update' | 'delete' {
  if (before === null) return 'insert'
  return after === null ? 'delete' : 'update'
}

function foundBetween(nodes: NodeStore, step: TableStep): Promise<Found> {
  return found.get(nodes)?.get(nameOf(step)) ?? note(nodes, step, find(nodes, step))
}

function note(nodes: NodeStore, step: TableStep, what: Promise<Found>): Promise<Found> {
  const known = found.get(nodes) ?? new Map<string, Promise<Found>>()
  found.set(nodes, known)
  if (known.size >= keptPairs) known.delete(known.keys().next().value!)
  known.set(nameOf(step), what)
  return what
}

async function find(nodes: NodeStore, { before, after }: TableStep): Promise<Found> {
  const [old, now] = [await mapOf(nodes, before), await mapOf(nodes, after)]
  if (old.count === 0 || now.count === 0)
    return { counts: { added: now.count, changed: 0, removed: old.count }, differences: null }
  const counts = { insert: 0, update: 0, delete: 0 }
  let kept: KeptDifferences | null = new KeptDifferences()
  for await (const differences of diffMaps(old, now)) {
    for (const one of differences) {
      counts[kindOf(one)]++
      kept?.add(one)
      if (kept !== null && kept.bytes > keptBytesMax) kept = null
    }
  }
  return {
    counts: { added: counts.insert, changed: counts.update, removed: counts.delete },
    differences: kept,
  }
}

function mapOf(nodes: NodeStore, { rows }: TableObject): Promise<ProllyMap> {
  return ProllyMap.load(nodes, rows)
}

function nameOf({ before, after }: TableStep): string {
  return `${before.rows} ${after.rows}`
}
