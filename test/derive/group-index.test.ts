// The index by which a group's rows are found: what it holds, and that it spares reading the others.
import path from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DataRepository, Repository } from '../../src/index.ts'
import type { GroupDerivation, Row } from '../../src/index.ts'
import { deriveByGroup } from '../../src/derive/by-group.ts'
import { GroupIndex, GroupIndexBuilder, GroupMoves, hashOfGroup } from '../../src/derive/group-index.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { Tree } from '../../src/files/tree.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { createContext } from '../../src/repo/context.ts'
import { readHead } from '../../src/repo/head.ts'
import type { Io } from '../../src/repo/interface.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { ObjectReader } from '../../src/store/interface.ts'
import { Table } from '../../src/table/table.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

function ioOf(store: MemoryStore): Io {
  const writer = store.writer()
  return { writer, nodes: createContext(store).nodes.through(writer) }
}

const keyOf = (id: number): Uint8Array => Uint8Array.of(0x38, id >> 8, id & 255)
const entryOf = (id: number) => ({ key: keyOf(id), value: Uint8Array.of(1), links: [] })

async function built(io: Io, groups: ReadonlyMap<number, string>, runBytes?: number): Promise<GroupIndex> {
  const builder = new GroupIndexBuilder(io, runBytes)
  const ids = [...groups.keys()].toSorted((a, b) => a - b)
  await builder.add(
    ids.map(entryOf),
    ids.map((id) => groups.get(id)!),
  )
  return GroupIndex.load(io, await builder.finish())
}

test('is the same whether it was built or kept up to date, in one go or in several runs', async () => {
  const io = ioOf(MemoryStore.create())
  const rows = fc.dictionary(fc.integer({ min: 0, max: 60 }).map(String), fc.integer({ min: 0, max: 5 }))
  await fc.assert(
    fc.asyncProperty(rows, rows, async (was, is) => {
      const [before, after] = [was, is].map(
        (one) => new Map(Object.entries(one).map(([id, group]) => [Number(id), `1:${group}`])),
      )
      const moves = new GroupMoves()
      for (const id of new Set([...before!.keys(), ...after!.keys()]))
        moves.add(keyOf(id), before!.get(id) ?? null, after!.get(id) ?? null)
      const whole = await built(io, after!)
      expect((await (await built(io, before!)).after(io, moves)).cid).toBe(whole.cid)
      expect((await built(io, after!, 20)).cid).toBe(whole.cid)
      for (const group of new Set(after!.values())) {
        const own = [...after!].flatMap(([id, one]) => (one === group ? [id] : [])).toSorted((a, b) => a - b)
        const keys = await whole.keysOf(hashOfGroup(group))
        expect(await whole.countOf(hashOfGroup(group))).toBe(own.length)
        expect(keys.map((key) => key[1]! * 256 + key[2]!)).toEqual(own)
      }
    }),
    { numRuns: 30 },
  )
})

/** Derives as a repository does, and counts the objects that are read. */
class Sums {
  readonly store: MemoryStore = MemoryStore.create()
  readonly repository: DataRepository = DataRepository.over(this.store, { author })
  seen: string[] = []
  read = 0
  #known: { inputs: ReadonlyMap<string, Cid>; output: Cid; indexes: ReadonlyMap<string, Cid> } | null = null

  async put(rows: readonly Row[], gone: readonly number[] = []): Promise<void> {
    await this.repository.transaction('main', async (tx) => {
      const table = tx.base === null ? tx.createTable('t', { key: ['id'] }) : tx.table('t')
      for (const id of gone) table.delete(id)
      await table.putAll(rows)
    })
  }

  async derive(options: { isAnew?: boolean; hasIndexes?: boolean } = {}): Promise<Row[]> {
    const manifest = await this.store.manifest()
    const writer = this.store.writer()
    const reader: ObjectReader = {
      get: (cids, rest) => {
        this.read += cids.length
        return writer.get(cids, rest)
      },
      has: (cids, rest) => writer.has(cids, rest),
      getStored: (cids, rest) => writer.getStored(cids, rest),
    }
    const io = { writer, nodes: new NodeStore(reader) }
    const { commit } = await readHead(this.store, manifest)
    const entry = await (await Tree.load(io.nodes, commit!.tree)).get('t')
    if (entry?.kind !== 'table') throw new Error('no table')
    const inputs = new Map([['t', entry.table]])
    this.read = 0
    this.seen = []
    const known = options.isAnew === true ? null : this.#known
    const indexes = options.hasIndexes === false ? new Map<string, Cid>() : known?.indexes
    const made = await deriveByGroup(io, {
      derivation: this.#derivation(),
      inputs,
      known: known && { ...known, indexes: indexes! },
    })
    const { read } = this
    const rows: Row[] = []
    for await (const some of (await Table.load(io.nodes, made.table)).scan()) rows.push(...some)
    this.#known = { inputs, output: made.table, indexes: made.indexes! }
    await this.store.update(
      () => ({
        refs: new Map([
          ['derived/sums', made.table],
          ...[...made.indexes!].map(([name, cid]) => [`derived/${name}`, cid] as const),
        ]),
        operation: { name: 'derive', message: '', author: '' },
      }),
      { writer },
    )
    this.read = read
    return rows
  }

  #derivation(): GroupDerivation {
    return {
      path: 'sums',
      from: [{ name: 't', path: 't' }],
      by: { t: ['g'] },
      key: ['g'],
      columns: [
        { name: 'g', type: 'text' },
        { name: 'sum', type: 'int' },
      ],
      version: '1',
      group: ({ by, rows: { t } }) => {
        this.seen.push(by[0] as string)
        return { g: by[0] as string, sum: t!.reduce((sum, row) => sum + Number(row['n']), 0) }
      },
    }
  }
}

test('of a large table only the rows of touched groups are read, and the index goes along', async () => {
  const sums = new Sums()
  await sums.put(Array.from({ length: 12_000 }, (_, id) => ({ id, g: `g${(id * 7) % 2400}`, n: id })))
  await sums.derive()
  const whole = sums.read
  expect(whole).toBeGreaterThan(20)
  for (let round = 0; round < 2; round++) {
    await sums.put(
      [
        { id: 4 + round, g: `g${round}`, n: 1 },
        { id: 40_000 + round, g: 'new', n: 2 },
      ],
      [70 + round],
    )
    const rows = await sums.derive()
    expect(sums.read).toBeLessThan(whole)
    expect(new Set(sums.seen).size).toBeLessThan(8)
    expect(await sums.derive({ isAnew: true })).toEqual(rows)
  }
  // Without an index all rows are read, and then there is one again.
  await sums.put([{ id: 9, g: 'g9', n: 1 }])
  await sums.derive({ hasIndexes: false })
  expect(sums.read).toBeGreaterThan(whole)
  await sums.put([{ id: 9, g: 'g9', n: 2 }])
  const rows = await sums.derive()
  expect(sums.read).toBeLessThan(whole)
  expect(await sums.derive({ isAnew: true })).toEqual(rows)
})

test('two groups that share a hash are two groups', async () => {
  const [one, other] = ['Aa', 'BB']
  expect(hashOfGroup(`2:${one}`)).toBe(hashOfGroup(`2:${other}`))
  const sums = new Sums()
  await sums.put([
    { id: 1, g: one, n: 1 },
    { id: 2, g: other, n: 2 },
    { id: 3, g: one, n: 4 },
  ])
  await sums.derive()
  await sums.put([{ id: 2, g: other, n: 5 }])
  const rows = await sums.derive()
  expect(sums.seen).toEqual([other, other])
  expect(rows).toEqual(await sums.derive({ isAnew: true }))
  await sums.put([{ id: 2, g: one, n: 5 }])
  expect(await sums.derive()).toEqual([{ g: one, sum: 10 }])
})

test('gc keeps the index, and it goes with the groups', async () => {
  const dir = temporaryDir()
  await using repo = await Repository.init(dir, { author })
  const store = await DiskStore.open(path.join(dir, '.varve'))
  await repo.transaction('main', async (tx) => {
    const rows = Array.from({ length: 500 }, (_, id) => ({ id, g: `g${id % 50}`, n: 1 }))
    await tx.createTable('t', { key: ['id'] }).putAll(rows)
  })
  await repo.reset('main', { mode: 'hard' })
  const common = {
    path: 'sums',
    key: ['g'],
    columns: [
      { name: 'g', type: 'text' as const },
      { name: 'rows', type: 'int' as const },
    ],
    version: '1',
  }
  const grouped: GroupDerivation = {
    ...common,
    from: [{ name: 't', path: 't' }],
    by: { t: ['g'] },
    group: ({ by, rows }) => ({ g: by[0] as string, rows: rows['t']!.length }),
  }
  const indexes = async (): Promise<Cid[]> =>
    [...(await store.manifest()).refs].flatMap(([ref, cid]) =>
      /^derived\/[0-9a-f]{32}\/[0-9a-f]{32}$/.test(ref) ? [cid] : [],
    )
  await repo.derive({ functions: [grouped] })
  const [index] = await indexes()
  await repo.gc({ graceMs: 0 })
  expect(await store.has([index!])).toEqual([true])
  await repo.derive({ functions: [grouped] })
  expect(await indexes()).toEqual([index])
  const byRow = { ...common, from: 't', rows: (row: Row) => (row['id'] === 1 ? { g: 'g1', rows: 1 } : null) }
  await repo.derive({ functions: [byRow] })
  expect(await indexes()).toEqual([])
  await store.close()
})
