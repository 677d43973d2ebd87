// Parts of the changes put aside, and brought back as they were: staged what was staged.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { temporaryDir } from '../support/temporary.ts'

let repo: Repository
let dir: string
const put = (file: string, text: string): void => writeFileSync(path.join(dir, file), text)
const get = (file: string): string => readFileSync(path.join(dir, file), 'utf8')
const people = (...cities: string[]): string =>
  `id,name,city\n1,Ada,${cities[0]!}\n2,Grace,${cities[1]!}\n3,Alan,${cities[2]!}\n`
const states = async (): Promise<object> => {
  const { staged, unstaged } = await repo.status()
  return { staged: staged.map(({ path: at }) => at), unstaged: unstaged.map(({ path: at }) => at) }
}

beforeEach(async () => {
  dir = temporaryDir()
  repo = await Repository.init(dir, { author: { name: 'Ada', email: 'ada@example.org' } })
  put('people.csv', people('London', 'New York', 'Wilmslow'))
  put('a.md', 'one\n')
  put('b.md', 'one\n')
  await repo.track('people.csv', { key: ['id'] })
  await repo.add(['.'])
  await repo.commit({ message: 'First' })
})

afterEach(async () => {
  expect((await repo.fsck()).problems).toEqual([])
  await repo.close()
})

describe('a part', () => {
  test('only the changes of the named paths go, staged ones too, and others stay as they are', async () => {
    put('a.md', 'two\n')
    put('b.md', 'two\n')
    put('people.csv', people('Paris', 'New York', 'Wilmslow'))
    await repo.add(['a.md', 'people.csv'])
    const made = await repo.stashes.push({ paths: ['a.md'] })
    expect([get('a.md'), get('b.md')]).toEqual(['one\n', 'two\n'])
    expect(await states()).toEqual({ staged: ['people.csv'], unstaged: ['b.md'] })
    const changed: string[] = []
    for await (const { path: at } of repo.diffPaths({ from: made!.commit.parents[0]!, to: made!.commit.id }))
      changed.push(at)
    expect(changed).toEqual(['a.md'])
    await repo.stashes.apply(undefined, { drop: true })
    expect(get('a.md')).toBe('two\n')
    expect(await repo.stashes.push({ paths: ['b.md'] })).not.toBe(null)
    expect(await repo.stashes.push({ paths: ['b.md'] })).toBe(null)
    await expect(repo.stashes.push({ paths: ['nothing.md'] })).rejects.toMatchObject({
      code: 'VARVE_PATH_NOT_FOUND',
    })
  })

  test('with keepIndex what is staged stays, in the files and in the index', async () => {
    put('people.csv', people('Paris', 'New York', 'Wilmslow'))
    await repo.add(['people.csv'])
    put('people.csv', people('Paris', 'Boston', 'Wilmslow'))
    put('a.md', 'two\n')
    await repo.stashes.push({ keepIndex: true })
    expect([get('people.csv'), get('a.md')]).toEqual([people('Paris', 'New York', 'Wilmslow'), 'one\n'])
    expect(await states()).toEqual({ staged: ['people.csv'], unstaged: [] })
    // The same cell on both sides is no clash.
    await repo.stashes.apply()
    expect(get('people.csv')).toBe(people('Paris', 'Boston', 'Wilmslow'))
  })
})

describe('--index', () => {
  beforeEach(async () => {
    put('people.csv', people('Paris', 'New York', 'Wilmslow'))
    await repo.add(['people.csv'])
    put('people.csv', people('Paris', 'Boston', 'Wilmslow'))
    put('a.md', 'two\n')
    await repo.stashes.push()
    expect(await states()).toEqual({ staged: [], unstaged: [] })
  })

  const stagedCities = async (): Promise<unknown[]> => {
    const cells: unknown[] = []
    for await (const diff of repo.diff({ staged: true, paths: ['people.csv'] }))
      for await (const rows of diff.rows())
        cells.push(...rows.flatMap((row) => row.cells.map((cell) => cell.after)))
    return cells
  }

  test('stages what had been staged, over what has come meanwhile, and leaves the rest unstaged', async () => {
    put('people.csv', people('London', 'New York', 'Bletchley'))
    await repo.commit({ message: 'Second', all: true })
    await repo.gc({ graceMs: 0, manifestsKeptMax: 1 })
    await repo.stashes.apply(undefined, { drop: true, index: true })
    expect([get('people.csv'), get('a.md')]).toEqual([people('Paris', 'Boston', 'Bletchley'), 'two\n'])
    expect(await states()).toEqual({ staged: ['people.csv'], unstaged: ['a.md', 'people.csv'] })
    expect(await stagedCities()).toEqual(['Paris'])
    expect(await repo.stashes.list()).toEqual([])
  })

  test('is taken back in one step, unless the files have changed since', async () => {
    await repo.stashes.apply(undefined, { drop: true, index: true })
    put('a.md', 'three\n')
    await expect(repo.undo()).rejects.toMatchObject({ code: 'VARVE_UNCOMMITTED' })
    put('a.md', 'two\n')
    await repo.undo()
    expect([get('a.md'), get('people.csv'), (await repo.stashes.list()).length]).toEqual([
      'one\n',
      people('London', 'New York', 'Wilmslow'),
      1,
    ])
    expect(await states()).toEqual({ staged: [], unstaged: [] })
    await repo.stashes.apply(undefined, { index: true })
    await repo.undo()
    expect([get('a.md'), (await repo.stashes.list()).length]).toEqual(['one\n', 1])
  })

  test('putting aside is taken back in one step: staged is what was staged', async () => {
    await repo.undo()
    expect([get('people.csv'), get('a.md')]).toEqual([people('Paris', 'Boston', 'Wilmslow'), 'two\n'])
    expect(await states()).toEqual({ staged: ['people.csv'], unstaged: ['a.md', 'people.csv'] })
    expect(await stagedCities()).toEqual(['Paris'])
    await repo.stashes.push({ keepIndex: true })
    await repo.undo()
    expect([get('people.csv'), get('a.md')]).toEqual([people('Paris', 'Boston', 'Wilmslow'), 'two\n'])
    await repo.stashes.push({ paths: ['a.md'] })
    await repo.undo()
    expect([get('people.csv'), get('a.md')]).toEqual([people('Paris', 'Boston', 'Wilmslow'), 'two\n'])
    expect(await stagedCities()).toEqual(['Paris'])
  })

  test('a branch begins where they were put aside', async () => {
    put('people.csv', people('Rome', 'New York', 'Wilmslow'))
    await repo.commit({ message: 'Clashes', all: true })
    await expect(repo.stashes.apply()).rejects.toMatchObject({ code: 'VARVE_UNCOMMITTED' })
    await repo.stashes.branch('aside')
    const status = await repo.status()
    expect([status.branch, get('people.csv')]).toEqual(['aside', people('Paris', 'Boston', 'Wilmslow')])
    expect(await states()).toEqual({ staged: ['people.csv'], unstaged: ['a.md', 'people.csv'] })
    expect(await repo.stashes.list()).toEqual([])
    expect(existsSync(path.join(dir, 'a.md'))).toBe(true)
  })
})

test('what cannot be put aside now stages nothing', async () => {
  await repo.createBranch('other')
  put('a.md', 'here\n')
  await repo.commit({ message: 'Here', all: true })
  await repo.switch('other')
  put('a.md', 'there\n')
  await repo.commit({ message: 'There', all: true })
  await repo.merge('main')
  put('b.md', 'two\n')
  await expect(repo.stashes.push()).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE' })
  expect((await repo.status()).unstaged.map(({ path: at }) => at)).toContain('b.md')
})

test('a branch that a stash begins is taken back in one step, files and staged changes as before', async () => {
  put('a.md', 'two\n')
  await repo.add(['a.md'])
  put('people.csv', people('Paris', 'New York', 'Wilmslow'))
  await repo.stashes.push()
  put('b.md', 'more\n')
  await repo.commit({ message: 'Second', all: true })
  put('b.md', 'staged\n')
  await repo.add(['b.md'])
  await expect(repo.stashes.branch('main')).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE' })
  // The staged change clashes with where the branch would begin: nothing has moved.
  await expect(repo.stashes.branch('aside')).rejects.toMatchObject({ code: 'VARVE_UNCOMMITTED' })
  await repo.restore(['b.md'], { source: 'HEAD', staged: true, worktree: true })
  await repo.stashes.branch('aside')
  expect((await repo.status()).branch).toBe('aside')
  expect([get('a.md'), get('b.md')]).toEqual(['two\n', 'one\n'])
  expect(await states()).toEqual({ staged: ['a.md'], unstaged: ['people.csv'] })
  expect((await repo.undo()).undone).toMatch(/^stash \(branch --index\)/)
  expect((await repo.status()).branch).toBe('main')
  expect([get('a.md'), get('b.md')]).toEqual(['one\n', 'more\n'])
  expect(get('people.csv')).toBe(people('London', 'New York', 'Wilmslow'))
  expect(await states()).toEqual({ staged: [], unstaged: [] })
  expect((await repo.stashes.list()).length).toBe(1)
  expect((await repo.branches()).map(({ name }) => name)).toEqual(['main'])
})

describe('a table with a row that is broken', () => {
  const broken = 'id,name,city\n1,Ada\n2,"Grace\n'
  beforeEach(async () => {
    put('people.csv', broken)
    put('a.md', 'two\n')
    await repo.stashes.push()
    expect([get('people.csv'), get('a.md')]).toEqual([people('London', 'New York', 'Wilmslow'), 'one\n'])
  })

  test.each([false, true])('comes back byte for byte, and is not staged (--index: %j)', async (index) => {
    await repo.stashes.apply(undefined, { drop: true, index })
    expect([get('people.csv'), get('a.md')]).toEqual([broken, 'two\n'])
    const { unstaged } = await repo.status()
    expect(unstaged.map(({ path: at }) => at)).toContain('people.csv')
    await repo.undo()
    expect([get('people.csv'), get('a.md')]).toEqual([people('London', 'New York', 'Wilmslow'), 'one\n'])
    expect(await states()).toEqual({ staged: [], unstaged: [] })
    await repo.stashes.apply(undefined, { drop: true, index })
    put('people.csv', people('Paris', 'New York', 'Wilmslow'))
    await repo.commit({ message: 'Mended', all: true })
    expect(await (await repo.at('HEAD')).table('people.csv').get(1n)).toMatchObject({ city: 'Paris' })
  })

  test('is taken back with the stash', async () => {
    await repo.undo()
    expect([get('people.csv'), get('a.md')]).toEqual([broken, 'two\n'])
    expect(await states()).toEqual({ staged: [], unstaged: ['a.md', 'people.csv'] })
  })

  test('where its rows have changed since, clashes and changes nothing', async () => {
    put('people.csv', people('Rome', 'New York', 'Wilmslow'))
    await repo.commit({ message: 'Second', all: true })
    await expect(repo.stashes.apply()).rejects.toMatchObject({ code: 'VARVE_UNCOMMITTED' })
    expect(get('people.csv')).toBe(people('Rome', 'New York', 'Wilmslow'))
    expect((await repo.stashes.list()).length).toBe(1)
  })
})

describe('a stash that is staged already, in a file that was edited since', () => {
  beforeEach(async () => {
    put('a.md', 'two\n')
    await repo.stashes.push()
    await repo.stashes.apply()
    put('a.md', 'edited\n')
  })

  test('is not dropped by a pop, until the file shows it or is committed', async () => {
    await expect(repo.stashes.apply(undefined, { drop: true })).rejects.toMatchObject({
      code: 'VARVE_UNCOMMITTED',
      data: { paths: ['a.md'] },
    })
    expect([get('a.md'), (await repo.stashes.list()).length]).toEqual(['edited\n', 1])
    put('a.md', 'two\n')
    await repo.stashes.apply(undefined, { drop: true })
    expect([get('a.md'), (await repo.stashes.list()).length]).toEqual(['two\n', 0])
  })
})
