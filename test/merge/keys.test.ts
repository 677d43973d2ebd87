// Rows whose key was edited: by keys a row that is gone and one that is new, by their cells the same.
import { describe, expect, test } from 'vitest'
import type { Conflict } from '../../src/merge/interface.ts'
import { resolveConflicts } from '../../src/merge/resolve/resolve.ts'
import { keyText } from '../../src/table/key.ts'
import { Bench, type Dump, type TableSpec } from './bench.ts'

const table = (...rows: readonly (readonly string[])[]): TableSpec => ({
  columns: ['id', 'name'],
  rows: rows.map((row) => [row[0]!, row[1] ?? null]),
})

async function merge(
  base: TableSpec,
  ours: TableSpec,
  theirs: TableSpec,
): Promise<{
  dump: Dump
  conflicts: string[]
  notes: readonly string[]
  take(side: 'ours' | 'theirs'): Promise<Dump>
}> {
  const bench = new Bench()
  const before = await bench.table(base)
  const tree = async (spec: TableSpec): ReturnType<Bench['tree']> =>
    bench.tree({ t: bench.entry(await bench.table(spec, before)) })
  const outcome = await bench.merge(await tree(base), await tree(ours), await tree(theirs))
  const name = (conflict: Conflict): string => {
    if (conflict.kind !== 'row') return conflict.kind
    const sides = [conflict.base, conflict.ours, conflict.theirs].map((side) => (side === null ? '-' : 'row'))
    return `${keyText(before.schema, conflict.key)}: ${sides.join(' ')}`
  }
  const shown = async (root: typeof outcome.tree): Promise<Dump> => (await bench.show(root))['t'] as Dump
  return {
    dump: await shown(outcome.tree),
    conflicts: (await bench.conflicts(outcome)).map(name),
    notes: outcome.paths[0]?.notes ?? [],
    take: async (side) => {
      const { nodes, writer } = bench
      const { tree: root, conflicts } = outcome
      return shown(
        (
          await resolveConflicts({
            met: null,
            resolutions: null,
            nodes,
            writer,
            tree: root,
            conflicts: conflicts!,
            take: side,
          })
        ).tree,
      )
    },
  }
}

const base = table(['1', 'Ada'], ['2', 'Bob'], ['3', 'Cy'])

describe('a row whose key both sides changed', () => {
  test('is not there twice: ours stays, and taking theirs takes it away', async () => {
    const merged = await merge(
      base,
      table(['2', 'Bob'], ['3', 'Cy'], ['7', 'Ada']),
      table(['2', 'Bob'], ['3', 'Cy'], ['5', 'Ada']),
    )
    expect(merged.dump.rows.map(([id]) => id)).toEqual(['2', '3', '7'])
    expect(merged.conflicts).toEqual(['5: - - row', '7: - row -'])
    expect(merged.notes).toEqual(["row '1' has the key '7' here and '5' there: choose one"])
    expect((await merged.take('ours')).rows.map(([id]) => id)).toEqual(['2', '3', '7'])
    expect((await merged.take('theirs')).rows.map(([id]) => id)).toEqual(['2', '3', '5'])
  })

  test('to the same key is one row', async () => {
    const both = table(['2', 'Bob'], ['3', 'Cy'], ['7', 'Ada'])
    expect(await merge(base, both, both)).toMatchObject({ dump: { rows: both.rows }, conflicts: [] })
  })

  test('is two rows where its cells are no proof', async () => {
    const twins = table(['1', 'Ada'], ['2', 'Ada'])
    const merged = await merge(twins, table(['7', 'Ada'], ['8', 'Ada']), table(['5', 'Ada']))
    expect(merged.conflicts).toEqual([])
    expect(merged.dump.rows.map(([id]) => id)).toEqual(['5', '7', '8'])
    const bare = await merge(table(['1']), table(['7']), table(['5']))
    expect(bare.dump.rows.map(([id]) => id)).toEqual(['5', '7'])
  })
})

test('a row whose key one side changed and whose cells the other did is a conflict, and both are there', async () => {
  const merged = await merge(
    base,
    table(['2', 'Bob'], ['3', 'Cy'], ['7', 'Ada']),
    table(['1', 'Eve'], ['2', 'Bob'], ['3', 'Cy']),
  )
  expect(merged.conflicts).toEqual(['1: row - row'])
  expect(merged.dump.rows.map(([id]) => id)).toEqual(['2', '3', '7'])
})
