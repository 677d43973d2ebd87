import { readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { DataRepository, Repository } from '../../src/index.ts'
import { temporaryDir } from '../support/temporary.ts'
import { author, commitEdit, diverged, isClean, read, subjects, withPeople, write } from './people.ts'

const filesOf = (dir: string): string[] =>
  (readdirSync(dir, { recursive: true, encoding: 'utf8' }) as string[]).sort()

/** main has age 31, move has city Linz or, with `clash`, another age too. */
async function inMemory(clash: boolean): Promise<DataRepository> {
  const repo = DataRepository.over(undefined, { author })
  const put = (branch: string, city: string, age: number): Promise<unknown> =>
    repo.transaction(branch, (tx) => tx.table('people').put({ id: 1, city, age }))
  await repo.transaction('main', (tx) => {
    tx.createTable('people', { key: ['id'] }).put({ id: 1, city: 'Wien', age: 30 })
  })
  await repo.createBranch('move', { startPoint: 'main' })
  await put('move', 'Linz', clash ? 29 : 30)
  await put('main', 'Wien', 31)
  return repo
}

describe('a dry run of a merge', () => {
  test('tells paths, rows, cells and conflicts, and leaves no file, ref or object behind', async () => {
    const repo = await diverged(['Wien', 'Linz'], ['1,Ann,Wien', '1,Anna,Graz\n9,Zoe,Oslo'])
    const before = { files: filesOf(repo.root!), sequence: (await repo.repo.store.manifest()).sequence }
    const stats = await repo.repo.store.stats()
    const preview = await repo.mergePreview('side')
    expect(preview).toMatchObject({
      outcome: 'conflict',
      into: 'main',
      conflictCount: 1,
      paths: [{ path: 'people.csv', result: 'conflict', rowsAdded: 1, rowsChanged: 1, conflicts: 1 }],
      changes: [{ path: 'people.csv', rows: { added: 1, removed: 0, changed: 1, cells: 1 } }],
      conflicts: [{ kind: 'cell', key: [1], column: 'city', base: 'Wien', ours: 'Linz', theirs: 'Graz' }],
    })
    expect(filesOf(repo.root!)).toEqual(before.files)
    expect((await repo.repo.store.manifest()).sequence).toBe(before.sequence)
    expect(await repo.repo.store.stats()).toEqual(stats)
    expect(read(repo, 'people.csv')).toContain('1,Ann,Linz')
    expect(await isClean(repo)).toBe(true)
  })

  test('says what merge then does', async () => {
    const repo = await diverged(['Wien', 'Linz'], ['Rome', 'Roma'])
    const preview = await repo.mergePreview('side')
    expect(preview).toMatchObject({ outcome: 'merged', conflictCount: 0, conflicts: [] })
    const { paths, outcome } = await repo.merge('side')
    expect({ paths, outcome }).toEqual({ paths: preview.paths, outcome: preview.outcome })
    expect(await repo.mergePreview('side')).toMatchObject({ outcome: 'up-to-date', paths: [], changes: [] })
  })

  test('goes between any two revisions, also while a merge is under way', async () => {
    const repo = await diverged(['Wien', 'Linz'], ['Wien', 'Graz'])
    await repo.merge('side')
    expect(await repo.mergePreview('side', { into: 'main~1' })).toMatchObject({
      outcome: 'fast-forward',
      into: 'main~1',
      changes: [{ path: 'people.csv', rows: { changed: 1, cells: 1 } }],
    })
    expect(await repo.mergePreview('main', { into: 'side' })).toMatchObject({
      outcome: 'conflict',
      into: 'side',
      conflicts: [{ ours: 'Graz', theirs: 'Linz' }],
    })
  })

  test('gives no more conflicts than asked for, and the number of all', async () => {
    const repo = await diverged(['Wien\n2,Bob,Paris', 'A\n2,Bob,B'], ['Wien\n2,Bob,Paris', 'C\n2,Bob,D'])
    const preview = await repo.mergePreview('side', { conflictsMax: 1 })
    expect(preview).toMatchObject({ conflictCount: 2, conflicts: [{ id: '1' }] })
    expect(preview.conflicts).toHaveLength(1)
    expect((await repo.mergePreview('side', { conflictsMax: 0 })).conflicts).toEqual([])
  })
})

describe('a merge without files', () => {
  test('in memory gives its conflicts as values and changes nothing', async () => {
    const repo = await inMemory(true)
    const before = await repo.repo.store.manifest()
    expect(await repo.merge('move')).toMatchObject({
      outcome: 'conflict',
      conflictCount: 1,
      conflicts: [{ kind: 'cell', path: 'people', key: [1], column: 'age', base: 30, ours: 31, theirs: 29 }],
    })
    expect(await repo.repo.store.manifest()).toEqual(before)
    expect(await repo.cherryPick('move')).toMatchObject({
      outcome: 'conflict',
      conflicts: [{ column: 'age' }],
    })
  })

  test('in memory can be looked at first, and merges', async () => {
    const repo = await inMemory(false)
    expect(await repo.mergePreview('move')).toMatchObject({ outcome: 'merged', conflictCount: 0 })
    await expect(repo.merge('move', { noCommit: true })).rejects.toMatchObject({
      code: 'VARVE_NOT_POSSIBLE',
      message: 'a repository without files cannot stage a merge',
    })
    const merged = await repo.merge('move')
    expect(merged).toMatchObject({ outcome: 'merged', conflictCount: 0 })
    expect(merged).not.toHaveProperty('conflicts')
  })

  test('in a bare repository does the same', async () => {
    const here = await diverged(['Wien', 'Linz'], ['Wien', 'Graz'])
    const bare = await Repository.clone(here.root!, path.join(temporaryDir(), 'bare'), {
      author,
      bare: true,
    })
    expect(await bare.mergePreview('origin/side')).toMatchObject({ outcome: 'conflict', conflictCount: 1 })
    const merged = await bare.merge('origin/side')
    expect(merged.conflicts).toMatchObject([{ path: 'people.csv', ours: 'Linz', theirs: 'Graz' }])
  })
})

describe('histories that have nothing in common', () => {
  test('merge only when asked, and then what both have is a conflict', async () => {
    const a = await withPeople()
    const b = await Repository.init(temporaryDir(), { author })
    write(b, 'notes.txt', 'something else\n')
    write(b, 'more.txt', 'more\n')
    await b.add(['.'])
    await b.commit({ message: 'other first' })
    await a.addRemote('origin', b.root!)
    await expect(a.pull('origin', 'main')).rejects.toMatchObject({
      code: 'VARVE_NOT_POSSIBLE',
      hint: expect.stringContaining('--allow-unrelated-histories'),
    })
    await expect(a.mergePreview('origin/main')).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE' })
    expect(await a.mergePreview('origin/main', { allowUnrelated: true })).toMatchObject({
      outcome: 'conflict',
      conflicts: [{ kind: 'file', path: 'notes.txt', reason: 'both-added', base: null }],
    })
    const { merged } = await a.pull('origin', 'main', { allowUnrelated: true })
    expect(merged).toMatchObject({ outcome: 'conflict', conflictCount: 1 })
    await a.resolve('notes.txt', { take: 'theirs' })
    expect((await a.mergeContinue()).parents).toHaveLength(2)
    expect(read(a, 'notes.txt')).toBe('something else\n')
    expect(read(a, 'more.txt')).toBe('more\n')
    expect(read(a, 'people.csv')).toContain('1,Ann,Wien')
    expect(await isClean(a)).toBe(true)
    await commitEdit(b, 'else', 'new', 'third', 'notes.txt')
    expect((await a.pull('origin', 'main')).merged.outcome).toBe('merged')
    expect(await subjects(a)).toContain('other first')
  })
})
