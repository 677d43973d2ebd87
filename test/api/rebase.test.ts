import { describe, expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { DataRepository, Repository } from '../../src/index.ts'
import { author, commitEdit, edit, isClean, read, subjects, withPeople, write } from './people.ts'

/** main has 'upstream' (Wien is Graz); topic has 'one' (Ann is Anna), 'two' (Wien is Linz) and 'three' (Cy is Cyril). */
async function topic(): Promise<Repository> {
  const repo = await withPeople()
  await repo.switch('topic', { create: true })
  await commitEdit(repo, 'Ann', 'Anna', 'one')
  await commitEdit(repo, 'Wien', 'Linz', 'two')
  await commitEdit(repo, 'Cy', 'Cyril', 'three')
  await repo.switch('main')
  await commitEdit(repo, 'Wien', 'Graz', 'upstream')
  await repo.switch('topic')
  return repo
}

const tipOf = async (repo: DataRepository, name: string): Promise<string | null> =>
  (await repo.branches()).find((branch) => branch.name === name)!.commit

describe('a rebase that clashes', () => {
  test('stops with the branch where it was, is found again by another process, and goes on to the end', async () => {
    const first = await topic()
    const before = await tipOf(first, 'topic')
    const stopped = await first.rebase('main')
    expect(stopped).toMatchObject({
      outcome: 'conflict',
      conflictCount: 1,
      paths: [{ path: 'people.csv', result: 'conflict' }],
      rebase: { done: 1, total: 3, stoppedAt: (await first.commitInfo('topic~1')).id },
    })
    expect(await tipOf(first, 'topic')).toBe(before)
    await first.close()

    const repo = await Repository.open(first.root!, { author })
    expect(await repo.status()).toMatchObject({
      branch: null,
      merging: { kind: 'rebase', conflicts: 1, rebase: { branch: 'topic', onto: 'main', done: 1, total: 3 } },
    })
    expect(await subjects(repo)).toEqual(['one', 'upstream', 'first'])
    expect(await collect(repo.conflicts())).toMatchObject([{ column: 'city', ours: 'Graz', theirs: 'Linz' }])
    await expect(repo.rebaseContinue()).rejects.toMatchObject({ code: 'VARVE_MERGE_CONFLICT' })
    await expect(repo.mergeContinue()).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE' })
    await expect(repo.merge('main')).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE' })
    await repo.resolve('people.csv', { take: { value: 'Wels' }, key: ['1'], column: 'city' })
    expect(await repo.rebaseContinue()).toMatchObject({
      outcome: 'merged',
      rebase: { done: 3, total: 3, stoppedAt: null },
    })
    expect((await repo.status()).branch).toBe('topic')
    expect(await subjects(repo)).toEqual(['three', 'two', 'one', 'upstream', 'first'])
    expect(read(repo, 'people.csv')).toBe('id,name,city\n1,Anna,Wels\n2,Bob,Paris\n3,Cyril,Rome\n')
    expect(await isClean(repo)).toBe(true)
    expect((await repo.fsck()).problems).toEqual([])
  })

  test('may clash again at the next commit', async () => {
    const repo = await topic()
    await repo.switch('main')
    await commitEdit(repo, 'Cy', 'Kyrill', 'upstream too')
    await repo.switch('topic')
    expect((await repo.rebase('main')).rebase).toMatchObject({ done: 1 })
    await repo.resolve('people.csv', { take: 'theirs' })
    expect(await repo.rebaseContinue()).toMatchObject({ outcome: 'conflict', rebase: { done: 2, total: 3 } })
    await repo.resolve('people.csv', { take: 'theirs' })
    expect(await repo.rebaseContinue()).toMatchObject({ outcome: 'merged' })
    expect(read(repo, 'people.csv')).toBe('id,name,city\n1,Anna,Linz\n2,Bob,Paris\n3,Cyril,Rome\n')
  })

  test('is given up: branch, files and index are as before', async () => {
    const repo = await topic()
    const before = await tipOf(repo, 'topic')
    await repo.rebase('main')
    edit(repo, 'Bob', 'Robert')
    const edited = read(repo, 'people.csv')
    const refused = { code: 'VARVE_UNCOMMITTED', hint: expect.stringContaining('--force') }
    await expect(repo.rebaseContinue({ skip: true })).rejects.toMatchObject(refused)
    await expect(repo.mergeAbort()).rejects.toMatchObject(refused)
    expect(read(repo, 'people.csv')).toBe(edited)
    await repo.mergeAbort({ discard: true })
    expect((await repo.status()).branch).toBe('topic')
    expect(await tipOf(repo, 'topic')).toBe(before)
    expect(read(repo, 'people.csv')).toBe('id,name,city\n1,Anna,Linz\n2,Bob,Paris\n3,Cyril,Rome\n')
    expect(await isClean(repo)).toBe(true)
    await expect(repo.rebaseContinue()).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE' })
  })

  test('goes on without the commit that clashed, or drops it when nothing of it is left', async () => {
    const expected = 'id,name,city\n1,Anna,Graz\n2,Bob,Paris\n3,Cyril,Rome\n'
    const skipped = await topic()
    await skipped.rebase('main')
    expect(await skipped.rebaseContinue({ skip: true })).toMatchObject({ outcome: 'merged' })
    expect(await subjects(skipped)).toEqual(['three', 'one', 'upstream', 'first'])
    expect(read(skipped, 'people.csv')).toBe(expected)
    const emptied = await topic()
    await emptied.rebase('main')
    await emptied.resolve('people.csv', { take: 'ours' })
    await emptied.rebaseContinue()
    expect(await subjects(emptied)).toEqual(['three', 'one', 'upstream', 'first'])
    expect(read(emptied, 'people.csv')).toBe(expected)
    expect(await isClean(emptied)).toBe(true)
  })

  test('takes a commit that was made by hand meanwhile, and keeps the rest before it', async () => {
    const repo = await topic()
    await repo.rebase('main')
    await repo.resolve('people.csv', { take: 'theirs' })
    await repo.commit({ message: 'two, by hand' })
    expect((await repo.merging())!.rebase).toMatchObject({ done: 1, total: 3 })
    await repo.rebaseContinue()
    expect(await subjects(repo)).toEqual(['three', 'two, by hand', 'one', 'upstream', 'first'])
  })

  test('is undone step by step, to before it began', async () => {
    const repo = await topic()
    const before = await tipOf(repo, 'topic')
    await repo.rebase('main')
    await repo.resolve('people.csv', { take: 'theirs' })
    await repo.rebaseContinue()
    await repo.undo()
    expect((await repo.merging())!.kind).toBe('rebase')
    await repo.undo()
    expect((await repo.merging())!.conflicts).toBe(1)
    await repo.undo()
    expect(await repo.merging()).toBeNull()
    expect((await repo.status()).branch).toBe('topic')
    expect(await tipOf(repo, 'topic')).toBe(before)
    expect(await isClean(repo)).toBe(true)
  })

  test('keeps the commits to come through a gc, also with HEAD detached', async () => {
    const repo = await topic()
    await repo.switch('topic', { detach: true })
    await repo.deleteBranch('topic', { force: true })
    await repo.rebase('main')
    await repo.gc({ graceMs: 0, manifestsKeptMax: 1 })
    await repo.resolve('people.csv', { take: 'theirs' })
    await repo.rebaseContinue()
    expect((await repo.status()).branch).toBeNull()
    expect(await subjects(repo)).toEqual(['three', 'two', 'one', 'upstream', 'first'])
    expect((await repo.fsck()).problems).toEqual([])
  })

  test('does not overwrite a branch that another process moved meanwhile', async () => {
    const repo = await topic()
    await repo.rebase('main')
    await repo.transaction('topic', (tx) => tx.writeFile('other.txt', 'from elsewhere\n'))
    await repo.resolve('people.csv', { take: 'theirs' })
    await expect(repo.rebaseContinue()).rejects.toMatchObject({
      code: 'VARVE_NOT_POSSIBLE',
      hint: expect.stringContaining('--abort'),
    })
    await repo.mergeAbort()
    expect(read(repo, 'other.txt')).toBe('from elsewhere\n')
    expect(await isClean(repo)).toBe(true)
  })

  test('loses its commit to a hard reset, not the ones to come', async () => {
    const repo = await topic()
    await repo.rebase('main')
    await repo.reset('HEAD', { mode: 'hard' })
    expect((await repo.merging())!.conflicts).toBe(0)
    await repo.rebaseContinue()
    expect(await subjects(repo)).toEqual(['three', 'one', 'upstream', 'first'])
  })

  test('in memory gives the conflicts as values and changes nothing', async () => {
    const repo = DataRepository.over(undefined, { author })
    await repo.transaction('main', (tx) => {
      tx.createTable('people', { key: ['id'] }).put({ id: 1, city: 'Wien' })
    })
    await repo.createBranch('up', { startPoint: 'main' })
    await repo.transaction('main', (tx) => tx.table('people').put({ id: 1, city: 'Linz' }))
    await repo.transaction('up', (tx) => tx.table('people').put({ id: 1, city: 'Graz' }))
    const before = await repo.repo.store.manifest()
    expect(await repo.rebase('up')).toMatchObject({
      outcome: 'conflict',
      conflicts: [{ column: 'city', ours: 'Graz', theirs: 'Linz' }],
      rebase: { done: 0, total: 1 },
    })
    expect(await repo.repo.store.manifest()).toEqual(before)
  })
})

describe('a rebase', () => {
  test('keeps authors and their dates, with conflicts and without; so does a cherry-pick', async () => {
    const signatures = async (repo: Repository, revision: string): Promise<[string, number]> => {
      const { author: who } = await repo.commitInfo(revision)
      return [who.name, who.timeMs]
    }
    const repo = await topic()
    const [two, three] = [await signatures(repo, 'topic~1'), await signatures(repo, 'topic')]
    const later = await Repository.open(repo.root!, {
      author: { name: 'Grace', email: 'grace@example.org' },
      now: () => ({ timeMs: 2_000_000_000_000, zoneMinutes: 0 }),
    })
    await later.rebase('main')
    await later.resolve('people.csv', { take: 'theirs' })
    await later.rebaseContinue()
    expect(await signatures(later, 'topic~1')).toEqual(two)
    expect(await signatures(later, 'topic')).toEqual(three)
    expect((await later.commitInfo('topic~1')).committer).toMatchObject({
      name: 'Grace',
      timeMs: 2_000_000_000_000,
    })
    await later.switch('pick', { create: true, startPoint: 'main' })
    expect((await later.cherryPick('topic~1')).outcome).toBe('merged')
    await later.reset('main', { mode: 'hard' })
    await commitEdit(later, 'Graz', 'Bregenz', 'in the way')
    expect((await later.cherryPick('topic~1')).outcome).toBe('conflict')
    await later.resolve('people.csv', { take: 'theirs' })
    await later.mergeContinue()
    expect(await signatures(later, 'pick')).toEqual(two)
  })

  test('leaves out what upstream has already, and keeps a commit that was empty from the start', async () => {
    const repo = await withPeople()
    await repo.switch('topic', { create: true })
    await commitEdit(repo, 'Ann', 'Anna', 'same')
    await repo.commit({ message: 'empty', allowEmpty: true })
    await repo.switch('main')
    await commitEdit(repo, 'Ann', 'Anna', 'same, upstream')
    await repo.switch('topic')
    expect(await repo.rebase('main')).toMatchObject({ outcome: 'merged' })
    expect(await subjects(repo)).toEqual(['empty', 'same, upstream', 'first'])
    expect(await repo.rebase('main')).toMatchObject({ outcome: 'up-to-date' })
  })

  test('onto another place takes only what upstream has not', async () => {
    const repo = await withPeople()
    await repo.createBranch('old')
    await repo.switch('middle', { create: true })
    await commitEdit(repo, 'Ann', 'Anna', 'middle')
    await repo.switch('topic', { create: true })
    await commitEdit(repo, 'Cy', 'Cyril', 'mine')
    expect(await repo.rebase('middle', { onto: 'old' })).toMatchObject({
      outcome: 'merged',
      rebase: { total: 1 },
    })
    expect(await subjects(repo)).toEqual(['mine', 'first'])
    expect(read(repo, 'people.csv')).toContain('1,Ann,')
  })

  test('is refused over staged changes, and before anything moves over changes it would overwrite', async () => {
    const repo = await topic()
    write(repo, 'new.txt', 'new\n')
    await repo.add(['new.txt'])
    await expect(repo.rebase('main')).rejects.toMatchObject({ code: 'VARVE_UNCOMMITTED' })
    await repo.restore(['new.txt'], { staged: true, worktree: false })
    edit(repo, 'Bob', 'Robert')
    await expect(repo.rebase('main')).rejects.toMatchObject({ code: 'VARVE_UNCOMMITTED' })
    expect(await repo.merging()).toBeNull()
    expect((await repo.status()).branch).toBe('topic')
  })
})
