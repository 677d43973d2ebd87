import { describe, expect, test } from 'vitest'
import type { Cid, CommitCid } from '../../src/encoding/cid.ts'
import { readCommit, writeCommit } from '../../src/history/commit.ts'
import { mergeBaseTree } from '../../src/merge/merge-base-tree.ts'
import { Bench } from './bench.ts'

const ada = { name: 'Ada', email: 'ada@example.org', timeMs: 0, zoneMinutes: 0 }

class History extends Bench {
  async commit(tree: Cid, ...parents: CommitCid[]): Promise<CommitCid> {
    const generations = await Promise.all(
      parents.map(async (cid) => (await readCommit(this.writer, cid)).generation),
    )
    const generation = 1 + Math.max(0, ...generations)
    return writeCommit(this.writer, {
      tree,
      parents,
      author: ada,
      committer: ada,
      message: '',
      generation,
      extra: {},
    })
  }

  table1(a: string | null, b: string | null): Promise<Cid> {
    return this.table({ columns: ['id', 'a', 'b'], rows: [['1', a, b]] }).then((table) =>
      this.tree({ t: this.entry(table) }),
    )
  }

  async base(ours: CommitCid, theirs: CommitCid): Promise<Cid | null> {
    return mergeBaseTree({ nodes: this.nodes, writer: this.writer, ours, theirs })
  }
}

describe('base of a merge', () => {
  test('unrelated histories have none', async () => {
    const bench = new History()
    const one = await bench.commit(await bench.tree({ a: bench.file('1') }))
    const two = await bench.commit(await bench.tree({ a: bench.file('2') }))
    expect(await bench.base(one, two)).toBeNull()
  })

  test('one common ancestor gives its tree', async () => {
    const bench = new History()
    const tree = await bench.tree({ a: bench.file('1') })
    const root = await bench.commit(tree)
    const one = await bench.commit(await bench.tree({ a: bench.file('2') }), root)
    const two = await bench.commit(await bench.tree({ a: bench.file('3') }), root)
    expect(await bench.base(one, two)).toBe(tree)
  })

  test('ancestors of a criss-cross are merged', async () => {
    const bench = new History()
    const root = await bench.commit(await bench.table1('a', 'b'))
    const left = await bench.commit(await bench.table1('A', 'b'), root)
    const right = await bench.commit(await bench.table1('a', 'B'), root)
    const ours = await bench.commit(await bench.table1('A', 'B'), left, right)
    const theirs = await bench.commit(await bench.table1('A', 'B'), right, left)
    expect(await bench.base(ours, theirs)).toBe(await bench.table1('A', 'B'))
  })

  test('where ancestors of a criss-cross clash, two resolutions of it clash again', async () => {
    const bench = new History()
    const root = await bench.commit(await bench.table1('a', 'b'))
    const left = await bench.commit(await bench.table1('1', 'b'), root)
    const right = await bench.commit(await bench.table1('2', 'b'), root)
    const ours = await bench.table1('1', 'b')
    const theirs = await bench.table1('2', 'b')
    const base = await bench.base(
      await bench.commit(ours, left, right),
      await bench.commit(theirs, right, left),
    )
    expect(base).toBe(await bench.table1(null, 'b'))
    for (const [one, other] of [
      [ours, theirs],
      [theirs, ours],
    ] as const) {
      expect((await bench.merge(base, one, other)).conflictCount).toBe(1)
    }
    expect((await bench.merge(base, ours, ours)).conflictCount).toBe(0)
  })

  test('files on which ancestors clash are not in the base', async () => {
    const bench = new History()
    const tree = (text: string): Promise<Cid> => bench.tree({ f: bench.file(text), g: bench.file('g') })
    const root = await bench.commit(await tree('a'))
    const left = await bench.commit(await tree('b'), root)
    const right = await bench.commit(await tree('c'), root)
    const base = await bench.base(
      await bench.commit(await tree('b'), left, right),
      await bench.commit(await tree('c'), right, left),
    )
    expect(await bench.show(base!)).toEqual({ g: 'g' })
  })
})

describe('criss-cross merges below each other', () => {
  /** A tree with a table, a text and, while it is there, a file. */
  async function dataset(
    bench: History,
    { a, b, text, kept }: { a: string; b: string; text: string; kept: boolean },
  ): Promise<Cid> {
    return bench.tree({
      t: bench.entry(
        await bench.table({
          columns: ['id', 'a', 'b'],
          rows: [
            ['1', a, b],
            ['2', 'x', 'y'],
          ],
        }),
      ),
      'notes.txt': bench.file(text),
      ...(kept ? { 'old.txt': bench.file('old\n') } : {}),
    })
  }

  /** Two lines that merge each other three times over, each merge with both sides' work; no clash anywhere. */
  async function threeDeep(bench: History): Promise<{ ours: CommitCid; theirs: CommitCid }> {
    const root = await bench.commit(await dataset(bench, { a: '0', b: '0', text: '0\n-\n0\n', kept: true }))
    let [left, right] = [root, root]
    for (let depth = 1; depth <= 3; depth++) {
      const before = depth - 1
      const mine = await dataset(bench, {
        a: String(depth),
        b: String(before),
        text: `${depth}\n-\n${before}\n`,
        kept: true,
      })
      const yours = await dataset(bench, {
        a: String(before),
        b: String(depth),
        text: `${before}\n-\n${depth}\n`,
        kept: depth < 2,
      })
      const both = await dataset(bench, {
        a: String(depth),
        b: String(depth),
        text: `${depth}\n-\n${depth}\n`,
        kept: depth < 2,
      })
      const mineOnly =
        depth < 3 ? mine : await dataset(bench, { a: '3', b: '2', text: '3\n-\n2\n', kept: false })
      const one = await bench.commit(mineOnly, left)
      const other = await bench.commit(yours, right)
      ;[left, right] = [await bench.commit(both, one, other), await bench.commit(both, other, one)]
    }
    return { ours: left, theirs: right }
  }

  test('three deep: cells, lines and a removal of both lines are in the base, and nothing clashes', async () => {
    const bench = new History()
    const { ours, theirs } = await threeDeep(bench)
    const base = await bench.base(ours, theirs)
    expect(base).toBe(await dataset(bench, { a: '3', b: '3', text: '3\n-\n3\n', kept: false }))
  })

  test('three deep: what each side does next merges, and is a conflict only where both did it', async () => {
    const bench = new History()
    const { ours, theirs } = await threeDeep(bench)
    const mine = await dataset(bench, { a: '4', b: '3', text: '4\n-\n3\n', kept: false })
    const yours = await dataset(bench, { a: '5', b: '5', text: '3\n-\n5\n', kept: false })
    const one = await bench.commit(mine, ours)
    const other = await bench.commit(yours, theirs)
    const outcome = await bench.merge(await bench.base(one, other), mine, yours)
    expect(await bench.conflicts(outcome)).toMatchObject([{ kind: 'cell', path: 't', column: 'a' }])
    expect(await bench.show(outcome.tree)).toEqual({
      t: {
        columns: ['id', 'a', 'b'],
        rows: [
          ['1', '4', '5'],
          ['2', 'x', 'y'],
        ],
      },
      'notes.txt': '4\n-\n5\n',
    })
  })

  test('three deep, clashing each time: a resolution given on one line alone is kept, two are a conflict', async () => {
    const bench = new History()
    const at = (value: string): Promise<Cid> => bench.table1(value, 'b')
    const root = await bench.commit(await at('0'))
    let [left, right] = [root, root]
    for (let depth = 1; depth <= 3; depth++) {
      const one = await bench.commit(await at(`l${depth}`), left)
      const other = await bench.commit(await at(`r${depth}`), right)
      const settled = await at(`s${depth}`)
      ;[left, right] = [await bench.commit(settled, one, other), await bench.commit(settled, other, one)]
    }
    const base = await bench.base(left, right)
    expect((await bench.merge(base, await at('s3'), await at('s3'))).conflictCount).toBe(0)
    const apart = await bench.merge(base, await at('mine'), await at('yours'))
    expect(await bench.conflicts(apart)).toMatchObject([{ kind: 'cell', column: 'a' }])
  })
})
