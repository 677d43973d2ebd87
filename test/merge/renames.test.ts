import { describe, expect, test } from 'vitest'
import type { Cid } from '../../src/encoding/cid.ts'
import type { Path, TreeEntry } from '../../src/files/interface.ts'
import { resolveConflicts } from '../../src/merge/resolve/resolve.ts'
import type { TableObject } from '../../src/table/interface.ts'
import { Bench, type Dump, csv } from './bench.ts'

const rowCount = 40

/** Rows long enough that a table with one of them edited is still known again. */
class Renames extends Bench {
  readonly base: Promise<TableObject> = this.people({})

  people(edits: Readonly<Record<number, string>>, previous?: TableObject): Promise<TableObject> {
    const rows = Array.from({ length: rowCount }, (_, id) => [
      String(id),
      edits[id] ?? `person number ${id}`,
      `street ${id * 7}, house ${id}`,
    ])
    return this.table({ columns: ['id', 'name', 'street'], rows, layout: csv }, previous ?? null)
  }

  async edited(edits: Readonly<Record<number, string>>): Promise<TreeEntry> {
    return this.entry(await this.people(edits, await this.base))
  }

  /** 'README' stands in every tree, so that none is empty. */
  at(entries: Readonly<Record<Path, TreeEntry>>): Promise<Cid> {
    return this.tree({ README: this.file('readme'), ...entries })
  }

  async names(tree: Cid, path: Path): Promise<(string | null)[]> {
    return ((await this.show(tree))[path] as Dump).rows.map((row) => row[1]!)
  }

  async paths(tree: Cid): Promise<Path[]> {
    return Object.keys(await this.show(tree)).filter((path) => path !== 'README')
  }
}

/** Both ways round: `one` as ours and `other` as theirs, then the other way. */
async function bothWays(
  bench: Renames,
  [base, one, other]: readonly [Cid, Cid, Cid],
  check: (outcome: Awaited<ReturnType<Bench['merge']>>, isMirrored: boolean) => Promise<void>,
): Promise<void> {
  await check(await bench.merge(base, one, other), false)
  await check(await bench.merge(base, other, one), true)
}

describe('a table that was renamed', () => {
  test('on one side takes the edits of the other, its own edits included', async () => {
    const bench = new Renames()
    const base = await bench.at({ 'old.csv': await bench.edited({}) })
    const renamed = await bench.at({ 'dir/new.csv': await bench.edited({ 3: 'C' }) })
    const edited = await bench.at({ 'old.csv': await bench.edited({ 7: 'G' }) })
    await bothWays(bench, [base, renamed, edited], async (outcome, isMirrored) => {
      expect(outcome.conflictCount).toBe(0)
      expect(await bench.paths(outcome.tree)).toEqual(['dir/new.csv'])
      const names = await bench.names(outcome.tree, 'dir/new.csv')
      expect([names[3], names[7], names[8]]).toEqual(['C', 'G', 'person number 8'])
      const moved = outcome.paths.find(({ path }) => path === 'dir/new.csv')
      expect(moved).toMatchObject({ result: 'merged', rowsChanged: 1 })
      expect(moved!.from).toBe(isMirrored ? 'old.csv' : undefined)
    })
  })

  test('is known again by its rows, however short they are, with a third of them edited', async () => {
    const bench = new Renames()
    const flags = (edited: (id: number) => boolean): Promise<TableObject> =>
      bench.table({
        columns: ['id', 'flag'],
        rows: Array.from({ length: 30 }, (_, id) => [String(id), edited(id) ? 'no' : 'yes']),
      })
    const base = await bench.at({ 'old.csv': bench.entry(await flags(() => false)) })
    const renamed = await bench.at({ 'new.csv': bench.entry(await flags((id) => id % 3 === 0)) })
    const edited = await bench.at({ 'old.csv': bench.entry(await flags((id) => id === 1)) })
    const outcome = await bench.merge(base, renamed, edited)
    expect(outcome.conflictCount).toBe(0)
    expect(((await bench.show(outcome.tree))['new.csv'] as Dump).rows.slice(0, 3)).toEqual([
      ['0', 'no'],
      ['1', 'no'],
      ['2', 'yes'],
    ])
  })

  test('to one name on both sides is merged by cells against what it was', async () => {
    const bench = new Renames()
    const base = await bench.at({ 'old.csv': await bench.edited({}) })
    const one = await bench.at({ 'new.csv': await bench.edited({ 3: 'C', 5: 'E' }) })
    const other = await bench.at({ 'new.csv': await bench.edited({ 5: 'e', 7: 'G' }) })
    await bothWays(bench, [base, one, other], async (outcome) => {
      expect(await bench.paths(outcome.tree)).toEqual(['new.csv'])
      const names = await bench.names(outcome.tree, 'new.csv')
      expect([names[3], names[7]]).toEqual(['C', 'G'])
      expect(await bench.conflicts(outcome)).toMatchObject([
        { kind: 'cell', path: 'new.csv', column: 'name', base: { kind: 'text' } },
      ])
    })
  })

  test('to two names is one conflict, not two tables; each side holds the merged rows', async () => {
    const bench = new Renames()
    const base = await bench.at({ 'old.csv': await bench.edited({}) })
    const one = await bench.at({ 'one.csv': await bench.edited({ 3: 'C' }) })
    const other = await bench.at({ 'other.csv': await bench.edited({ 7: 'G' }) })
    const outcome = await bench.merge(base, one, other)
    expect(await bench.paths(outcome.tree)).toEqual(['one.csv'])
    expect(await bench.conflicts(outcome)).toMatchObject([
      {
        kind: 'file',
        path: 'one.csv',
        reason: 'rename-rename',
        names: { base: 'old.csv', ours: 'one.csv', theirs: 'other.csv' },
      },
    ])
    const { tree, conflicts } = { tree: outcome.tree, conflicts: outcome.conflicts! }
    const io = { nodes: bench.nodes, writer: bench.writer }
    for (const [take, path] of [
      ['ours', 'one.csv'],
      ['theirs', 'other.csv'],
    ] as const) {
      const settled = await resolveConflicts({
        met: null,
        resolutions: null,
        ...io,
        tree,
        conflicts,
        path: 'one.csv',
        take,
      })
      expect(settled.left).toBe(0)
      expect(await bench.paths(settled.tree)).toEqual([path])
      const names = await bench.names(settled.tree, path)
      expect([names[3], names[7]]).toEqual(['C', 'G'])
    }
    const back = await resolveConflicts({
      met: null,
      resolutions: null,
      ...io,
      tree,
      conflicts,
      take: 'base',
    })
    expect(await bench.paths(back.tree)).toEqual(['old.csv'])
  })

  test('to two names, with a cell that clashes, keeps each side as it is', async () => {
    const bench = new Renames()
    const base = await bench.at({ 'old.csv': await bench.edited({}) })
    const one = await bench.at({ 'one.csv': await bench.edited({ 3: 'C' }) })
    const other = await bench.at({ 'other.csv': await bench.edited({ 3: 'c' }) })
    const outcome = await bench.merge(base, one, other)
    expect(outcome.conflictCount).toBe(1)
    const settled = await resolveConflicts({
      met: null,
      resolutions: null,

      nodes: bench.nodes,
      writer: bench.writer,
      tree: outcome.tree,
      conflicts: outcome.conflicts!,
      take: 'theirs',
    })
    expect((await bench.names(settled.tree, 'other.csv'))[3]).toBe('c')
  })

  test('on one side and deleted on the other is a conflict, whoever did which', async () => {
    const bench = new Renames()
    const base = await bench.at({ 'old.csv': await bench.edited({}) })
    const renamed = await bench.at({ 'new.csv': await bench.edited({ 3: 'C' }) })
    const gone = await bench.at({})
    await bothWays(bench, [base, renamed, gone], async (outcome, isMirrored) => {
      expect(await bench.paths(outcome.tree)).toEqual(isMirrored ? [] : ['new.csv'])
      expect(await bench.conflicts(outcome)).toMatchObject([
        {
          path: 'new.csv',
          reason: 'rename-delete',
          names: {
            base: 'old.csv',
            ours: isMirrored ? null : 'new.csv',
            theirs: isMirrored ? 'new.csv' : null,
          },
        },
      ])
      for (const take of ['ours', 'theirs'] as const) {
        const settled = await resolveConflicts({
          met: null,
          resolutions: null,

          nodes: bench.nodes,
          writer: bench.writer,
          tree: outcome.tree,
          conflicts: outcome.conflicts!,
          take,
        })
        const isKept = (take === 'ours') !== isMirrored
        expect(await bench.paths(settled.tree)).toEqual(isKept ? ['new.csv'] : [])
      }
    })
  })

  test('to a name that the other side gave to another file is a conflict that keeps both', async () => {
    const bench = new Renames()
    const base = await bench.at({ 'old.csv': await bench.edited({}) })
    const renamed = await bench.at({ 'new.csv': await bench.edited({}) })
    const added = await bench.at({
      'old.csv': await bench.edited({ 3: 'C' }),
      'new.csv': bench.file('x,y\n'),
    })
    await bothWays(bench, [base, renamed, added], async (outcome) => {
      const conflicts = await bench.conflicts(outcome)
      expect(conflicts.map(({ path }) => path)).toEqual(['new.csv', 'old.csv'])
    })
  })
})

describe('a folder that was renamed', () => {
  const files = (bench: Bench, folder: string): Record<Path, TreeEntry> => ({
    [`${folder}/a.txt`]: bench.file('the first text of the folder\n'),
    [`${folder}/b.txt`]: bench.file('the second text of the folder\n'),
    [`${folder}/deep/c.txt`]: bench.file('the third text of the folder\n'),
  })

  test('takes along what the other side adds to it, at any depth', async () => {
    const bench = new Renames()
    const base = await bench.at(files(bench, 'data'))
    const renamed = await bench.at(files(bench, 'tables/v1'))
    const added = await bench.at({
      ...files(bench, 'data'),
      'data/new.txt': bench.file('new\n'),
      'data/deep/new.txt': bench.file('deep and new\n'),
    })
    await bothWays(bench, [base, renamed, added], async (outcome, isMirrored) => {
      expect(outcome.conflictCount).toBe(0)
      expect(await bench.paths(outcome.tree)).toEqual([
        'tables/v1/a.txt',
        'tables/v1/b.txt',
        'tables/v1/deep/c.txt',
        'tables/v1/deep/new.txt',
        'tables/v1/new.txt',
      ])
      if (isMirrored)
        expect(outcome.paths).toContainEqual({
          path: 'tables/v1/new.txt',
          from: 'data/new.txt',
          result: 'merged',
          conflicts: 0,
        })
    })
  })

  test('that still holds something stays where it is, and so does what is added to it', async () => {
    const bench = new Renames()
    const base = await bench.at(files(bench, 'data'))
    const { 'tables/deep/c.txt': _, ...two } = files(bench, 'tables')
    const split = await bench.at({ ...two, 'data/deep/c.txt': files(bench, 'data')['data/deep/c.txt']! })
    const added = await bench.at({ ...files(bench, 'data'), 'data/new.txt': bench.file('new\n') })
    await bothWays(bench, [base, split, added], async (outcome) => {
      expect(await bench.paths(outcome.tree)).toContain('data/new.txt')
    })
  })

  test('keeps what stands in its new place already: the added file stays where it was added', async () => {
    const bench = new Renames()
    const base = await bench.at(files(bench, 'data'))
    const renamed = await bench.at({ ...files(bench, 'tables'), 'tables/new.txt': bench.file('mine\n') })
    const added = await bench.at({ ...files(bench, 'data'), 'data/new.txt': bench.file('yours\n') })
    await bothWays(bench, [base, renamed, added], async (outcome) => {
      expect(outcome.conflictCount).toBe(0)
      expect(await bench.show(outcome.tree)).toMatchObject({
        'tables/new.txt': 'mine\n',
        'data/new.txt': 'yours\n',
      })
    })
  })

  test('takes along a table, and its entry in varve.yaml', async () => {
    const bench = new Renames()
    const config = (...tables: string[]): TreeEntry =>
      bench.file(`# ours to keep\ntables:\n${tables.map((path) => `  ${path}:\n    key: id\n`).join('')}`)
    const base = await bench.at({ ...files(bench, 'data'), 'varve.yaml': config('other.csv') })
    const renamed = await bench.at({ ...files(bench, 'tables'), 'varve.yaml': config('other.csv') })
    const added = await bench.at({
      ...files(bench, 'data'),
      'data/people.csv': await bench.edited({}),
      'varve.yaml': config('other.csv', 'data/people.csv'),
    })
    await bothWays(bench, [base, renamed, added], async (outcome) => {
      const shown = await bench.show(outcome.tree)
      expect(shown['varve.yaml']).toBe(
        '# ours to keep\ntables:\n  other.csv:\n    key: id\n  tables/people.csv:\n    key: id\n',
      )
      expect(Object.keys(shown)).toContain('tables/people.csv')
      expect(Object.keys(shown)).not.toContain('data/people.csv')
    })
  })
})

test('10,000 files edited here and moved there are followed in less than some seconds', async () => {
  const bench = new Renames()
  const many = (folder: string, text: string): Record<Path, TreeEntry> =>
    Object.fromEntries(
      Array.from({ length: 10_000 }, (_, i) => [`${folder}/${i}`, bench.file(`${i}\n${text}\n`)]),
    )
  const base = await bench.at(many('data', 'x'))
  const moved = await bench.at(many('moved', 'x'))
  const edited = await bench.at(many('data', 'y'))
  const outcome = await bench.merge(base, moved, edited)
  expect(outcome.conflictCount).toBe(0)
  const shown = await bench.show(outcome.tree)
  expect(Object.keys(shown)).toHaveLength(10_001)
  expect(shown['moved/77']).toBe('77\ny\n')
}, 30_000)
