// Searches through long histories, on a clock of ours on which every look at it takes a long time.
import { expect, onTestFinished, test, vi } from 'vitest'
import { DataRepository } from '../../src/api/data-repository.ts'
import { linkOf, readPage } from './reading.ts'
import { serve } from './serving.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

test('a search that takes too long shows what it found, and goes on where it stopped', async () => {
  const { call, repository } = await serve()
  const repo = DataRepository.over(await repository('long'), { author })
  for (let i = 0; i < 230; i++) {
    await repo.transaction(
      'main',
      async (tx) => {
        if (i === 0) tx.createTable('items', { key: ['id'] }).put({ id: 1, name: 'first' })
        if (i === 0) await tx.writeFile('old.txt', 'old\n')
        if (i === 120) tx.table('items').put({ id: 1, name: 'second' })
        await tx.writeFile('new.txt', `${i}\n`)
      },
      { message: `commit ${i}` },
    )
  }
  let nowMs = performance.now()
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 100))
  onTestFinished(() => clock.mockRestore())
  for (const [target, expected] of [
    ['/long/history?path=old.txt', ['commit 0']],
    ['/long/row?table=items&key=1', ['commit 120', 'commit 0']],
  ] as const) {
    const found: string[] = []
    let pages = 0
    for (let at: string | null = target; at !== null; pages++) {
      const page = readPage(await call(at))
      found.push(...page.all('a').flatMap(({ text }) => (/^commit \d+$/.test(text) ? [text] : [])))
      const goesOn = page.all('a').some(({ text }) => text === 'Look further back')
      at = goesOn ? linkOf(page, 'Look further back', at) : null
    }
    expect([target, found, pages]).toEqual([target, expected, 3])
  }
})
