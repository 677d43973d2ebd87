// One request of a round with objects in S3 goes wrong, each in its turn and in each way. Objects and the record beside them
// are no transaction: the next round finds its own rows there, brings both sides to what both have asked for, and the one
// after that has nothing to do.
import { expect, test } from 'vitest'
import { DataRepository } from '../../src/api/data-repository.ts'
import { isVarveError } from '../../src/base/errors.ts'
import { createContext } from '../../src/repo/context.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Link, Receipt } from '../../src/sync/interface.ts'
import { openLink } from '../../src/sync/open-link.ts'
import { syncRound } from '../../src/sync/round.ts'
import { spoilings, startFaultyFront } from '../support/faulty-front.ts'
import { startMemoryS3, testEnvironment } from '../support/memory-s3.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const link: Link = {
  name: 'shop',
  endpoint: 's3://bucket',
  mode: 'two-way',
  tables: ['people'],
  into: 'shop',
  branch: 'main',
}
const requestsMax = 100

interface Person {
  readonly id: number
  readonly name: string
  readonly age: number
}

type People = ReadonlyMap<number, Person>

const peopleOf = (rows: readonly Person[]): People =>
  new Map(rows.map((row) => [row.id, row] as const).sort(([a], [b]) => a - b))

// Beside each other: most of the time is spent waiting to try again.
test.concurrent.each([
  ...spoilings.map((how) => [how, 'once'] as const),
  ['cut', 'for good'],
  ['done, and the answer lost', 'for good'],
] as const)('one request of a round goes wrong: %s, %s', async (how, lasting) => {
  const s3 = await startMemoryS3()
  const front = await startFaultyFront(s3.endpoint)
  const store = MemoryStore.create()
  const repository = DataRepository.over(store, { author })
  const there = (): People => {
    const [, ...lines] = s3.files.get('people.csv')!.body.toString().trim().split('\n')
    const rows = lines.map((line) => line.split(','))
    return peopleOf(rows.map(([id, name, age]) => ({ id: Number(id), name: name!, age: Number(age) })))
  }
  const writeThere = (people: People): void => {
    const lines = [...people.values()].map(({ id, name, age }) => `${id},${name},${age}\n`)
    s3.files.set('people.csv', { body: Buffer.from(`id,name,age\n${lines.join('')}`), headers: {} })
  }
  const here = async (): Promise<People> => {
    const rows: Person[] = []
    for await (const row of (await repository.at('main')).table('shop/people').scan())
      rows.push({ ...row } as unknown as Person)
    return peopleOf(rows)
  }
  const sync = async (): Promise<Receipt> => {
    const connector = await openLink(link, {
      environment: { ...testEnvironment, AWS_ENDPOINT_URL: front.url },
    })
    try {
      const repo = createContext(store, { author })
      return await syncRound({ repo, folder: null, connector, link, options: {} })
    } finally {
      await connector.close()
    }
  }
  let expected = peopleOf([
    { id: 1, name: 'Ada', age: 0 },
    { id: 2, name: 'Grace', age: 85 },
  ])
  writeThere(expected)
  await sync()
  for (let n = 0; ; n++) {
    // Both have a row of their own that goes again in the next turn, and each a cell of a row that both have.
    const own = peopleOf([
      { id: 1000 + n, name: 'there', age: n },
      { id: 2000 + n, name: 'here', age: n },
    ])
    const [theirs, ours] = [there(), await here()]
    writeThere(
      peopleOf([
        ...[...theirs.values()].filter(({ id }) => id < 1000 || id >= 2000),
        { ...theirs.get(1)!, age: n },
        own.get(1000 + n)!,
      ]),
    )
    await repository.transaction('main', (tx) => {
      const table = tx.table('shop/people')
      table.put({ ...ours.get(1)!, name: `n${n}` })
      table.put({ ...own.get(2000 + n)! })
      if (ours.has(1999 + n)) table.delete(1999 + n)
    })
    expected = peopleOf([{ id: 1, name: `n${n}`, age: n }, expected.get(2)!, ...own.values()])
    front.spoil(n, how, lasting)
    const fault: unknown = await sync().then(
      () => null,
      (error: unknown) => error,
    )
    const request = front.requests[n]
    front.mend()
    try {
      if (fault !== null && !isVarveError(fault)) throw fault
      const round = await sync()
      expect([round.heldBack, there(), await here()]).toEqual([[], expected, expected])
      const quiet = await sync()
      expect([quiet.commit, quiet.heldBack]).toEqual([round.commit, []])
    } catch (cause) {
      throw new Error(`request ${n}, '${request}': ${String(fault as Error | null)}`, { cause })
    }
    if (request === undefined) break
    expect(n).toBeLessThan(requestsMax)
  }
  expect((await store.fsck()).problems).toEqual([])
})
