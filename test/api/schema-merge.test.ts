// Merges of tables whose files changed shape on a side: what people do to a header, end to end.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { Repository } from '../../src/index.ts'
import type { MergeResult } from '../../src/api/interface.ts'
import { temporaryDir } from '../support/temporary.ts'

const dir = temporaryDir()
let folders = 0

interface Case {
  readonly base: string
  readonly ours: string
  readonly theirs: string
  readonly key?: { readonly base: string; readonly ours?: string; readonly theirs?: string }
}

interface Merged {
  readonly repo: Repository
  readonly result: MergeResult
  readonly text: string
}

/** Three versions of a file, added as a person would, and merged. */
async function merged({ base, ours, theirs, key = { base: 'id' } }: Case): Promise<Merged> {
  const root = path.join(dir, `repo-${folders++}`)
  const repo = await Repository.init(root, { author: { name: 'Ada', email: 'ada@example.org' } })
  const file = path.join(root, 't.csv')
  const commit = async (text: string, keyColumn: string | undefined): Promise<void> => {
    writeFileSync(file, text)
    if (keyColumn !== undefined) await repo.track('t.csv', { key: [keyColumn] })
    await repo.add(['.'])
    await repo.commit({ message: 'Change' })
  }
  await commit(base, key.base)
  await repo.switch('theirs', { create: true })
  await commit(theirs, key.theirs)
  await repo.switch('main')
  await commit(ours, key.ours)
  const result = await repo.merge('theirs')
  return { repo, result, text: readFileSync(file, 'utf8') }
}

const rows = (head: string, ...lines: readonly string[]): string => `${head}\n${lines.join('\n')}\n`
const base = rows('id,name,city', '1,Ann,Wien', '2,Bob,Paris', '3,Eve,Rome')

describe('a header that was renamed', () => {
  test('is a renamed column in diff, and takes the rows and cells of the other side', async () => {
    const { repo, result, text } = await merged({
      base,
      ours: rows('id,name,town', '1,Ann,Wien', '2,Bob,Paris', '3,Eve,Rome'),
      theirs: rows('id,name,city', '1,Ann,Linz', '2,Bob,Paris', '3,Eve,Rome', '4,Ida,Oslo'),
    })
    expect(result).toMatchObject({ outcome: 'merged', conflictCount: 0 })
    expect(text).toBe(rows('id,name,town', '1,Ann,Linz', '2,Bob,Paris', '3,Eve,Rome', '4,Ida,Oslo'))
    const [diff] = await collect(repo.diff({ from: 'main~1~1', to: 'main~1' }))
    expect(diff!.schemaChanges).toEqual(["column 'city' renamed to 'town'"])
    await repo.close()
  })

  test('of the key merges with rows that the other side added', async () => {
    const { repo, result, text } = await merged({
      base,
      ours: rows('number,name,city', '1,Ann,Wien', '2,Bob,Paris', '3,Eve,Rome'),
      theirs: rows('id,name,city', '1,Ann,Wien', '2,Bob,Nice', '3,Eve,Rome', '4,Ida,Oslo'),
      key: { base: 'id', ours: 'number' },
    })
    expect(result).toMatchObject({ outcome: 'merged', conflictCount: 0 })
    expect(text).toBe(rows('number,name,city', '1,Ann,Wien', '2,Bob,Nice', '3,Eve,Rome', '4,Ida,Oslo'))
    await repo.close()
  })
})

describe('one side that writes every line anew', () => {
  const edited = rows('id,name,city', '1,Ann,Linz', '2,Bob,Paris', '3,Eve,Rome')
  test.each([
    ['with quotes', '"id","name","city"\n"1","Ann","Wien"\n"2","Bob","Paris"\n"3","Eve","Rome"\n'],
    ['with CRLF', base.replaceAll('\n', '\r\n')],
    ['with a byte order mark', `\uFEFF${base}`],
    ['with semicolons', base.replaceAll(',', ';')],
    ['in another order of columns', rows('city,id,name', 'Wien,1,Ann', 'Paris,2,Bob', 'Rome,3,Eve')],
    ['with a new column', rows('id,name,age,city', '1,Ann,30,Wien', '2,Bob,40,Paris', '3,Eve,50,Rome')],
    ['in another order of rows', rows('id,name,city', '3,Eve,Rome', '1,Ann,Wien', '2,Bob,Paris')],
    ['without the last line end', base.trimEnd()],
  ])('%s takes the cells that the other edited, either way round', async (_, rewritten) => {
    for (const [ours, theirs] of [
      [rewritten, edited],
      [edited, rewritten],
    ] as const) {
      const { repo, result, text } = await merged({ base, ours, theirs })
      expect(result).toMatchObject({ outcome: 'merged', conflictCount: 0 })
      expect(text).toBe(rewritten.replace('Wien', 'Linz'))
      expect(result.paths.flatMap(({ notes = [] }) => notes)).toEqual([])
      await repo.close()
    }
  })

  test('each in another way takes ours, and says so', async () => {
    const { repo, result, text } = await merged({
      base,
      ours: base.replaceAll(',', ';').replaceAll('\n', '\r\n'),
      theirs: edited.replaceAll(',', '\t'),
    })
    expect(text).toBe(edited.replaceAll(',', ';').replaceAll('\n', '\r\n'))
    expect(result.paths[0]!.notes).toEqual([
      'both sides changed the delimiter in different ways: ours is kept',
    ])
    await repo.close()
  })
})

describe('bad input', () => {
  test('a side with a key twice cannot be added as a table, and clashes as a file', async () => {
    const root = path.join(dir, 'twice')
    const repo = await Repository.init(root, { author: { name: 'Ada', email: 'ada@example.org' } })
    writeFileSync(path.join(root, 't.csv'), base)
    await repo.track('t.csv', { key: ['id'] })
    await repo.add(['.'])
    await repo.commit({ message: 'Base' })
    await repo.switch('theirs', { create: true })
    writeFileSync(path.join(root, 't.csv'), `${base}1,Ann,Linz\n`)
    await expect(repo.add(['t.csv'])).rejects.toMatchObject({
      code: 'VARVE_RULE_VIOLATED',
      data: { path: 't.csv', line: 5, firstLine: 2, reason: 'duplicate-key' },
    })
    await repo.add(['t.csv'], { asFile: true })
    await repo.commit({ message: 'Twice' })
    await repo.switch('main')
    writeFileSync(path.join(root, 't.csv'), base.replace('Rome', 'Bari'))
    await repo.commit({ message: 'Ours', all: true })
    const result = await repo.merge('theirs')
    expect(result).toMatchObject({ outcome: 'conflict', conflictCount: 1 })
    expect(await collect(repo.conflicts())).toMatchObject([{ kind: 'file', reason: 'type' }])
    await repo.close()
  })

  test.each([
    ['a row with too few cells', `${base}4,Ida\n`, 'ragged-row'],
    ['a row with too many cells', `${base}4,Ida,Oslo,x\n`, 'ragged-row'],
    ['a row without a key', `${base},Ida,Oslo\n`, 'empty-key'],
    [
      'a cell of 17 MiB',
      `${base}4,Ida,${'x'.repeat(17 << 20)}\n`,
      'a cell is larger than 16 MiB or a row larger than 900 KiB',
    ],
  ])('%s is refused with its line', async (_, text, reason) => {
    const root = path.join(dir, `bad-${folders++}`)
    const repo = await Repository.init(root, { author: { name: 'Ada', email: 'ada@example.org' } })
    writeFileSync(path.join(root, 't.csv'), text)
    await expect(repo.track('t.csv', { key: ['id'] })).rejects.toMatchObject({
      data: { line: 5, reason },
    })
    await repo.close()
  })

  test.each([
    ['mixed line ends', 'id,n\r\n1,a\n2,b\r\n3,c\n'],
    ['empty and quoted empty cells', 'id,n\n1,\n2,""\n3,x\n'],
  ])('%s stay where nothing was changed', async (_, text) => {
    const {
      repo,
      result,
      text: found,
    } = await merged({
      base: text,
      ours: text.replace('3,', '4,'),
      theirs: text.replace('1,', '9,'),
    })
    expect(result).toMatchObject({ outcome: 'merged', conflictCount: 0 })
    expect(found).toBe(text.replace('3,', '4,').replace('1,', '9,'))
    await repo.close()
  })

  test('numbers spelled anew on one side keep that spelling; spelled differently on both they are a conflict', async () => {
    const table = (n: string, m: string): string => rows('id,n,m', `1,${n},${m}`)
    const { repo, result, text } = await merged({
      base: table('1', '1'),
      ours: table('1.0', '1.0'),
      theirs: table('1', '1.00'),
    })
    expect(result).toMatchObject({ outcome: 'conflict', conflictCount: 1 })
    expect(text).toBe(table('1.0', '1.0'))
    expect(await collect(repo.conflicts())).toMatchObject([{ column: 'm', ours: '1.0', theirs: '1.00' }])
    await repo.close()
  })

  test('a cell of 100 MB makes the file a plain one, and add says why', async () => {
    const root = path.join(dir, 'long')
    const repo = await Repository.init(root, { author: { name: 'Ada', email: 'ada@example.org' } })
    const file = path.join(root, 't.csv')
    writeFileSync(file, base)
    await repo.track('t.csv', { key: ['id'] })
    await repo.add(['.'])
    writeFileSync(file, `${base}4,Ida,${'x'.repeat(100 << 20)}\n`)
    expect((await repo.add(['.'])).notTables).toEqual([
      { path: 't.csv', reason: 'a row is longer than 64 MiB' },
    ])
    await repo.close()
  })

  test('ten thousand columns merge', async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `c${i}`)
    const wide = (cell: (row: number, i: number) => number): string =>
      rows(
        `id,${names.join()}`,
        ...[1, 2].map((row) => `${row},${names.map((__, i) => cell(row, i)).join()}`),
      )
    const { repo, result, text } = await merged({
      base: wide((row, i) => row * i),
      ours: wide((row, i) => (i === 9_999 ? 7 : row * i)),
      theirs: wide((row, i) => (i === 0 ? 8 : row * i)),
    })
    expect(result).toMatchObject({ outcome: 'merged', conflictCount: 0 })
    expect(text).toBe(wide((row, i) => (i === 9_999 ? 7 : i === 0 ? 8 : row * i)))
    await repo.close()
  })
})
