// Slices of one file are parsed side by side, each with the columns that were known when it began.
import { expect, test } from 'vitest'
import { setTimeout as sleep } from 'node:timers/promises'
import { utf8 } from '../../src/base/bytes.ts'
import type { WorkerPool } from '../../src/base/pool.ts'
import { NotATable } from '../../src/formats/not-a-table.ts'
import { readTable } from '../../src/formats/read.ts'
import type { TableObject } from '../../src/table/interface.ts'
import { chunksOf, newPlace, read } from './round-trip.ts'

const names = ['id', 'pad', 'early', 'b', 'a', 'c']
const rowsOfSlice = 2000
const slices = 6

/** Rows of a kilobyte; members by the slice in which their rows are. */
function lines(more: (row: number, slice: number) => object, count = slices * rowsOfSlice): string[] {
  return Array.from({ length: count }, (_, i) =>
    JSON.stringify({ id: i, pad: 'x'.repeat(1000), ...more(i, Math.floor(i / rowsOfSlice)) }),
  )
}

/** Jobs end in an order of their own: each second one is late. */
function disorderly(): { pool: WorkerPool; jobs: () => number } {
  let jobs = 0
  const run = async (
    _: string,
    local: (...args: unknown[]) => unknown,
    args: unknown[],
  ): Promise<unknown> => {
    const copy = structuredClone(args)
    await sleep(jobs++ % 2 === 0 ? 15 : 1)
    return local(...copy)
  }
  return { pool: { isInline: false, run } as unknown as WorkerPool, jobs: () => jobs }
}

async function withPool(text: string, pool: WorkerPool): Promise<TableObject> {
  const place = newPlace()
  const options = { ...place, format: 'jsonl', key: ['id'], where: 'data', pool } as const
  return (await readTable(chunksOf(utf8(text)), options)).table
}

test('columns that come late are numbered in the order of the file', async () => {
  const text = lines((row, slice) => ({
    ...(slice === 0 ? { early: 1 } : {}),
    ...(slice === 2 ? { b: row } : {}),
    ...(slice === 3 ? { a: 'x', b: null } : {}),
    ...(slice === 5 ? { c: true, a: 1.5 } : {}),
  }))
  const { pool, jobs } = disorderly()
  const table = await withPool(`${text.join('\n')}\n`, pool)
  expect(table).toEqual((await read(`${text.join('\n')}\n`, { format: 'jsonl', key: ['id'] })).table)
  expect(table.schema.columns.map(({ name }) => name)).toEqual(names)
  expect(jobs()).toBeGreaterThan(slices)
})

test('a fault has its line, whichever slice is done first', async () => {
  const text = lines(() => ({}))
  text[7000] = '{"id":7000,'
  text[11_000] = 'nothing'
  await expect(withPool(`${text.join('\n')}\n`, disorderly().pool)).rejects.toMatchObject({
    code: 'VARVE_RULE_VIOLATED',
    data: { line: 7001 },
  })
})

test('what is no table is none, also where a thread says so', async () => {
  const text = lines(() => ({}), 2 * rowsOfSlice)
  text[3000] = '{"id":3000,"\\ud800":1}'
  await expect(withPool(`${text.join('\n')}\n`, disorderly().pool)).rejects.toThrow(NotATable)
})
