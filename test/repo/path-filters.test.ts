// The law: histories of paths and rows are the same with filters and without, and cost what touched them.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeGraph, encodeGraph } from '../../src/history/commit-graph-file.ts'
import { DataRepository } from '../../src/index.ts'
import type { TableObject } from '../../src/table/interface.ts'
import { WrappedStore } from '../remote/wrapped-store.ts'
import { type Dataset, DrawnHistory, DrawnRepository } from './drawn.ts'
import { KeptStore } from './kept-store.ts'

const columnSets = [
  ['id', 'name'],
  ['id', 'name', 'city'],
  ['id', 'city', 'name'],
]

const steps = fc.array(
  fc.record({
    parents: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 2 }),
    file: fc.constantFrom('a', 'b', 'd/e', 'd/f/g', 'moved/e'),
    what: fc.constantFrom(
      'edit',
      'edit',
      'remove',
      'move',
      'rows',
      'rows',
      'columns',
      'as a file',
      'nothing',
    ),
    value: fc.integer({ min: 0, max: 3 }),
    id: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 3, maxLength: 25 },
)

interface State {
  readonly files: Readonly<Record<string, string>>
  readonly rows: Readonly<Record<string, readonly string[]>> | null
  readonly columns: number
}

async function draw(all: typeof steps extends fc.Arbitrary<infer T> ? T : never): Promise<DrawnHistory> {
  const history = new DrawnHistory()
  const states: State[] = []
  let last: TableObject | null = null
  for (const [i, step] of all.entries()) {
    const back = [...new Set(step.parents.map((steps) => i - steps).filter((at) => at >= 0))]
    const before: State = states[back[0] ?? -1] ?? {
      files: { a: 'a\n' },
      rows: { 1: ['x', 'y'] },
      columns: 0,
    }
    const files: Record<string, string> = { ...before.files }
    const rows: Record<string, readonly string[]> = { ...before.rows }
    let { columns } = before
    if (step.what === 'edit')
      files[step.file] = `${step.file} ${step.value} and a line that stays\n`.repeat(4)
    if (step.what === 'remove') delete files[step.file]
    if (step.what === 'move' && files[step.file] !== undefined) {
      files['moved/e'] = files[step.file]!
      if (step.file !== 'moved/e') delete files[step.file]
    }
    if (step.what === 'rows') rows[step.id] = [`n${step.value}`, `c${step.value}`]
    if (step.what === 'columns') columns = (columns + 1) % columnSets.length
    const state: State = { files, rows: step.what === 'as a file' ? null : rows, columns }
    states.push(state)
    const names = columnSets[columns]!
    const listed = Object.entries(rows).map(([id, [name, city]]) =>
      names.map((column) => (column === 'id' ? id : column === 'name' ? name! : city!)),
    )
    const dataset: Record<string, Dataset[string]> = { ...files }
    if (state.rows === null) dataset['t.csv'] = [names, ...listed].map((row) => `${row.join()}\n`).join('')
    else dataset['t.csv'] = last = await history.bench.table({ columns: names, rows: listed }, last)
    await history.commit(`${i}: ${back.join(' ')}`, dataset)
  }
  return history
}

async function answersOf(repo: DrawnRepository): Promise<unknown> {
  const answers: unknown[] = []
  const ask = async (question: () => Promise<unknown>): Promise<void> => {
    answers.push(await question().catch((error: Error) => error.message))
  }
  for (const path of ['a', 'b', 'd', 'd/e', 'd/f/', 'moved/e', 't.csv', 'never', '']) {
    await ask(() => repo.log(path))
    await ask(() => repo.log(path, { follow: false }))
  }
  for (const key of [1, 2, 9]) {
    await ask(() => repo.rowLog('t.csv', { key }))
    await ask(() => repo.rowLog('t.csv', { key, column: 'city' }))
    await ask(() => repo.rowLog('t.csv', { key, firstParent: true }))
  }
  await ask(() => repo.blame('t.csv'))
  await ask(() => repo.blame('t.csv', { key: 1 }))
  await ask(() => repo.blame('t.csv', { key: 2, columns: ['name'] }))
  await ask(() => repo.blameLines('a'))
  return answers
}

describe('histories by filters', () => {
  test('are what they are without', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const history = await draw(all)
        const plain = await history.open((store) => new WrappedStore(store, {}))
        const expected = await answersOf(plain)
        const files = new Map<string, Uint8Array>()
        const kept = await history.open((store) => new KeptStore(store, files))
        // Once while they are made, once by them.
        expect(await answersOf(kept)).toEqual(expected)
        expect(await answersOf(kept)).toEqual(expected)
        expect((await kept.repo.fsck()).problems).toEqual([])
      }),
      { numRuns: 12 },
    )
  }, 60_000)

  test('read nothing of commits that touch something else, not even the commits', async () => {
    const history = new DrawnHistory()
    let table: TableObject | null = null
    for (let i = 0; i < 200; i++) {
      if (i % 40 === 0)
        table = await history.bench.table(
          {
            columns: ['id', 'name'],
            rows: [
              ['1', `row ${i}`],
              ['2', i < 80 ? 'early' : 'late'],
            ],
          },
          table,
        )
      await history.commit(`${i}: ${i - 1}`, {
        items: table!,
        note: `note ${i}\n`,
        seldom: i < 150 ? 'a' : 'b',
      })
    }
    const files = new Map<string, Uint8Array>()
    const first = await history.open((store) => new KeptStore(store, files))
    expect(await first.log('seldom')).toBe('150 0')
    expect(await first.rowLog('items', { key: 2 })).toEqual(['80 name: early -> late', '0 added'])
    expect([...files.keys()]).toEqual(['history'])
    const later = new KeptStore(history.store, files)
    const repo = new DrawnRepository(DataRepository.over(later))
    expect(await repo.log('seldom')).toBe('150 0')
    expect(later.read.size).toBeLessThan(25)
    const before = later.read.size
    expect(await repo.rowLog('items', { key: 2 })).toEqual(['80 name: early -> late', '0 added'])
    expect(later.read.size - before).toBeLessThan(40)
  })

  test('fsck says where what was kept is not so', async () => {
    const history = new DrawnHistory()
    for (let i = 0; i < 300; i++) await history.commit(`${i}: ${i - 1}`, { note: `note ${i}\n` })
    const files = new Map<string, Uint8Array>()
    const repo = await history.open((store) => new KeptStore(store, files))
    await repo.log('note')
    const sound = new DrawnRepository(DataRepository.over(new KeptStore(history.store, files)))
    expect((await sound.repo.fsck()).problems).toEqual([])
    // The same bytes with another time in them, and a checksum that is right.
    const graph = decodeGraph(files.get('history')!)!
    graph.times[7] = graph.times[7]! + 1
    const lying = new Map([['history', encodeGraph(graph)]])
    const deceived = new DrawnRepository(DataRepository.over(new KeptStore(history.store, lying)))
    const [problem] = (await deceived.repo.fsck()).problems
    expect(problem).toMatchObject({ where: 'cache/history' })
  })
})
