// One thread answers everybody: what takes long must let others have their turns. Turns are counted: the clock is one of ours,
// on which every step takes long.
import { expect, onTestFinished, test, vi } from 'vitest'
import { DataRepository } from '../../src/api/data-repository.ts'
import { type Serving, callTo, serve } from './serving.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

/** How many turns others had while this request was under way. */
async function turnsBeside({ url, admin }: Serving, target: string): Promise<number> {
  let [isUnderWay, turns] = [true, 0]
  const count = (): void => {
    turns++
    if (isUnderWay) setImmediate(count)
  }
  setImmediate(count)
  const { status, text } = await callTo(url, target, { token: admin })
  isUnderWay = false
  expect([status, status === 200 ? '' : text]).toEqual([200, ''])
  return turns
}

test('others have their turns while wide tables are compared and read', async () => {
  const serving = await serve()
  const repo = DataRepository.over(await serving.repository('wide'), { author })
  const rows = (cell: string) =>
    Array.from({ length: 40 }, (_, id) =>
      Object.fromEntries([
        ['id', id],
        ...Array.from({ length: 1000 }, (__, i) => [`column ${i}`, `${cell} ${i}`]),
      ]),
    )
  for (const cell of ['old', 'new']) {
    await repo.transaction('main', async (tx) => {
      const table = cell === 'old' ? tx.createTable('t.csv', { key: ['id'] }) : tx.table('t.csv')
      await table.putAll(rows(cell))
    })
  }
  let nowMs = performance.now()
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 11))
  onTestFinished(() => clock.mockRestore())
  const base = '/v1/repos/wide'
  // Where nobody else has one, the request itself takes some five.
  for (const target of [
    '/wide/compare?from=main~1&to=main',
    `${base}/diff?from=main~1&to=main`,
    `${base}/diff/file?from=main~1&to=main&path=t.csv`,
    `${base}/rows?table=t.csv&column=id&column=column%205`,
    `${base}/table?table=t.csv`,
  ]) {
    expect([target, (await turnsBeside(serving, target)) > 15]).toEqual([target, true])
  }
})
