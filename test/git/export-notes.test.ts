// Notes go to a Git repository with the commits they are about, come back, and nothing that was said there is lost.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { gitIn } from '../support/git-in.ts'
import { temporaryDir } from '../support/temporary.ts'

let repo: Repository
let dir: string
let git: ReturnType<typeof gitIn>
const opened: Repository[] = []

async function fresh(): Promise<Repository> {
  const author = { name: 'Ada', email: 'ada@example.org' }
  const made = await Repository.init(temporaryDir(), { author, environment: { PATH: process.env['PATH'] } })
  opened.push(made)
  return made
}

beforeEach(async () => {
  repo = await fresh()
  for (const name of ['one', 'two', 'three'])
    await repo.transaction('main', (tx) => tx.writeFile('a', name), { message: name })
  dir = path.join(temporaryDir(), 'git')
  fs.mkdirSync(dir)
  git = gitIn(dir)
})

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

const notesThere = (): string[] =>
  git('log', '--format=%N%x01', 'main')
    .split('\u0001')
    .slice(0, -1)
    .map((text) => text.trim())

const notesOf = (from: Repository): Promise<(string | null)[]> =>
  Promise.all(['main', 'main~1', 'main~2'].map((revision) => from.notes.get(revision)))

type Refs = Awaited<ReturnType<Repository['exportGit']>>['refs']
const stateOf = (refs: Refs): string | undefined =>
  refs.find(({ ref }) => ref === 'refs/notes/commits')?.state

async function exported(options: Parameters<Repository['exportGit']>[1] = {}): Promise<string | undefined> {
  const { refs } = await repo.exportGit(dir, options)
  git('fsck', '--strict')
  return stateOf(refs)
}

test('notes go along, and again what has changed of them', async () => {
  expect(await exported()).toBeUndefined()
  await repo.notes.add('Two\n\nparagraphs', { revision: 'main~1' })
  await repo.notes.add('last')
  expect(await exported({ notes: false })).toBeUndefined()
  expect(await exported()).toBe('new')
  expect(notesThere()).toEqual(['last', 'Two\n\nparagraphs', ''])
  expect(await exported()).toBe('same')
  await repo.notes.remove(['main'])
  await repo.notes.append('more', { revision: 'main~1' })
  await repo.notes.add('first', { revision: 'main~2' })
  expect(await exported()).toBe('moved')
  expect(notesThere()).toEqual(['', 'Two\n\nparagraphs\n\nmore', 'first'])
  expect(git('rev-list', '--count', 'refs/notes/commits')).toBe('2\n')
})

test('what is imported and exported again has the same notes, under the same names', async () => {
  await repo.notes.add('last')
  await repo.notes.add('  odd \n\n\n', { revision: 'main~2' })
  await exported()
  git('notes', 'append', '-m', 'said there', 'main~1')
  const second = await fresh()
  await second.importGit(dir)
  const bare = path.join(temporaryDir(), 'bare')
  const { refs } = await second.exportGit(bare, { bare: true })
  expect(stateOf(refs)).toBe('new')
  expect(gitIn(bare)('rev-parse', 'refs/notes/commits^{tree}')).toBe(
    git('rev-parse', 'refs/notes/commits^{tree}'),
  )
  expect(stateOf((await second.exportGit(dir)).refs)).toBe('same')
})

test('what was changed there stays until it is imported, and both sides are merged', async () => {
  for (const revision of ['main', 'main~1', 'main~2']) await repo.notes.add('base', { revision })
  await exported()
  git('notes', 'remove', 'main')
  git('notes', 'append', '-m', 'there', 'main~1')
  await repo.notes.append('here', { revision: 'main~2' })
  expect(await exported()).toBe('kept')
  expect(notesThere()).toEqual(['', 'base\n\nthere', 'base'])
  await repo.importGit(dir)
  expect(await notesOf(repo)).toEqual([null, 'base\n\nthere', 'base\n\nhere'])
  expect(await exported()).toBe('moved')
  expect(notesThere()).toEqual(['', 'base\n\nthere', 'base\n\nhere'])
  git('notes', 'add', '-f', '-m', 'other', 'main~2')
  expect(await exported({ force: true })).toBe('moved')
  expect(notesThere()).toEqual(['', 'base\n\nthere', 'base\n\nhere'])
})

test('notes on commits that are not from here stay, those of another repository and in folders too', async () => {
  await repo.notes.add('ours')
  await exported()
  const id = git('rev-parse', 'main').trim()
  git('checkout', '-q', 'main')
  git('commit', '-q', '--allow-empty', '-m', 'there alone')
  git('notes', 'add', '-m', 'theirs')
  git('checkout', '-q', '-b', 'aside', 'main~1')
  for (let i = 0; i < 3; i++) {
    git('commit', '-q', '--allow-empty', '-m', `aside ${i}`)
    git('notes', 'add', '-m', `aside ${i}`)
  }
  await repo.notes.append('more')
  await repo.importGit(dir, { revision: 'aside' })
  await exported({ force: true })
  expect(git('notes', 'show', id)).toBe('ours\n\nmore\n')
  expect(git('notes', 'list').trim().split('\n')).toHaveLength(5)
})

test('many notes lie in folders, as Git reads them', async () => {
  const commits = Array.from({ length: 257 }, (_, i) =>
    [
      `commit refs/heads/main\nmark :${2 * i + 1}\ncommitter A <a@example.org> ${i} +0000\ndata 1\nx`,
      `commit refs/notes/commits\ncommitter A <a@example.org> ${i} +0000\ndata 1\nn`,
      `N inline :${2 * i + 1}\ndata <<end\nnote ${i}\nend\n`,
    ].join('\n'),
  )
  git('init', '-q', '-b', 'main')
  execFileSync('git', ['fast-import', '--quiet'], { cwd: dir, input: `${commits.join('\n')}\n` })
  const second = await fresh()
  await second.importGit(dir)
  await second.exportGit((dir = path.join(temporaryDir(), 'bare')), { bare: true })
  git = gitIn(dir)
  expect(git('ls-tree', '--name-only', 'refs/notes/commits').split('\n', 1)[0]).toHaveLength(2)
  const all = Array.from({ length: 257 }, (_, i) => `note ${256 - i}`)
  expect(notesThere()).toEqual(all)
  await second.notes.remove(['main'])
  await second.exportGit(dir)
  expect(notesThere()).toEqual(['', ...all.slice(1)])
}, 60_000)
