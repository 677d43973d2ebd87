// Notes by the API: none is lost, whoever writes at once, and gc, fsck and clones leave them as they are.
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { collect } from '../../src/base/iterables.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
let dir: string
let repo: Repository
let first: string

beforeEach(async () => {
  dir = temporaryDir()
  repo = await Repository.init(dir, { author })
  await writeFile(path.join(dir, 'a'), 'one\n')
  await repo.add(['a'])
  first = (await repo.commit({ message: 'First' })).id
  await writeFile(path.join(dir, 'a'), 'two\n')
  await repo.commit({ message: 'Second', all: true })
  return () => repo.close()
})

test('two that write notes at once lose none, and a commit with a note is the same commit', async () => {
  const other = await Repository.open(dir, { author: { name: 'Bob', email: 'bob@example.org' } })
  await Promise.all([
    repo.notes.add('of the first', { revision: first }),
    other.notes.append('of the second'),
    ...Array.from({ length: 5 }, (_, i) => (i % 2 === 0 ? repo : other).notes.append(`more ${i}`)),
  ])
  await other.close()
  expect(await repo.notes.get(first)).toBe('of the first')
  const text = (await repo.notes.get())!.split('\n\n')
  expect(text.sort()).toEqual(['more 0', 'more 1', 'more 2', 'more 3', 'more 4', 'of the second'])
  expect((await repo.commitInfo('HEAD~1')).id).toBe(first)
})

test('a note that another has changed meanwhile is not replaced by one that was made of an older one', async () => {
  await repo.notes.add('one', { replacing: null })
  await expect(repo.notes.add('mine', { replacing: null })).rejects.toMatchObject({
    code: 'VARVE_NOT_POSSIBLE',
  })
  await expect(repo.notes.add('mine', { replacing: 'two' })).rejects.toMatchObject({
    code: 'VARVE_NOT_POSSIBLE',
  })
  expect(await repo.notes.add('two', { replacing: 'one' })).toMatchObject({ text: 'two' })
})

test('gc keeps notes and what they were, and fsck reads them', async () => {
  await repo.notes.add('a\n'.repeat(2000), { revision: first })
  await repo.notes.add('kept')
  await repo.gc({ graceMs: 0, manifestsKeptMax: 1 })
  expect((await repo.fsck()).problems).toEqual([])
  expect(await repo.notes.get()).toBe('kept')
  expect((await repo.notes.get(first))?.length).toBe(3999)
  expect((await collect(repo.notes.list())).map(({ commit }) => commit).sort()).toEqual(
    [first, (await repo.commitInfo('HEAD')).id].sort(),
  )
  const notes = await collect(repo.log({ revision: 'refs/notes/commits' }))
  expect(notes.map(({ message }) => message)).toEqual(Array(2).fill("Notes changed by 'varve notes add'\n"))
})

test('what is longer than a note may be, or is about nothing, is refused and changes nothing', async () => {
  await expect(repo.notes.add('x'.repeat(1 << 20))).rejects.toMatchObject({ code: 'VARVE_RULE_VIOLATED' })
  await expect(repo.notes.add('x', { revision: 'nope' })).rejects.toMatchObject({
    code: 'VARVE_REF_NOT_FOUND',
  })
  await repo.notes.add('x'.repeat((1 << 20) - 1))
  await expect(repo.notes.append('y')).rejects.toMatchObject({ code: 'VARVE_RULE_VIOLATED' })
  expect((await repo.notes.get())?.length).toBe((1 << 20) - 1)
  await expect(repo.notes.remove(['HEAD', first])).rejects.toMatchObject({ code: 'VARVE_REF_NOT_FOUND' })
  expect(await repo.notes.get()).not.toBeNull()
})
