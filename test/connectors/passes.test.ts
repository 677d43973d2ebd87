// How rows come in batches: a database is never handed more large values at once than memory is meant for.
import { expect, test } from 'vitest'
import type { ApplyPlan, EndpointTable, RowChange } from '../../src/connectors/interface.ts'
import { type BatchWriter, writeInPasses } from '../../src/connectors/passes.ts'

const table = { name: 't', columns: [], key: [], references: [] } as unknown as EndpointTable

function planOf(sizes: readonly number[]): ApplyPlan {
  return {
    tables: [table],
    changes: async function* (_: EndpointTable, kind: RowChange['kind']) {
      if (kind !== 'insert') return
      const change = (contentBytes: number, i: number): RowChange => ({
        kind: 'insert',
        key: Uint8Array.of(i),
        before: null,
        after: [],
        contentBytes,
      })
      yield sizes.map(change)
    },
  } as unknown as ApplyPlan
}

async function batchesOf(sizes: readonly number[], group: (at: number) => string): Promise<number[][]> {
  const batches: number[][] = []
  const writer: BatchWriter<EndpointTable> = {
    groupOf: (_, change) => group(change.key[0]!),
    attempt: (_, batch) => {
      batches.push(batch.map(({ key }) => key[0]!))
      return Promise.resolve(true)
    },
    park: () => Promise.resolve(true),
    finish: () => Promise.resolve(),
    settle: () => Promise.resolve(),
  }
  await writeInPasses(planOf(sizes), writer, 4)
  return batches
}

const mib = 1 << 20

test('a batch ends with its rows, or with the value that makes it large', async () => {
  expect(await batchesOf([0, 0, 0, 0, 0], () => '')).toEqual([[0, 1, 2, 3], [4]])
  expect(await batchesOf([5 * mib, 5 * mib, 9 * mib, 1, 1], () => '')).toEqual([[0, 1], [2], [3, 4]])
})

test('where rows go in several groups, large values of any of them end all', async () => {
  const sizes = [5 * mib, 1, 5 * mib, 1, 1, 1]
  expect(await batchesOf(sizes, (at) => (at % 2 === 0 ? 'even' : 'odd'))).toEqual([[0, 2], [1], [3, 5], [4]])
})
