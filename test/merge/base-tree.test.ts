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
