// Notes of a Git repository come in with its commits, and later changes on either side are merged.
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { gitIn } from '../support/git-in.ts'
import { temporaryDir } from '../support/temporary.ts'

let folder: string
let repo: Repository
let git: ReturnType<typeof gitIn>

beforeEach(async () => {
  folder = temporaryDir()
  git = gitIn(folder)
  git('init', '-q', '-b', 'main')
  for (const name of ['one', 'two', 'three']) {
    fs.writeFileSync(path.join(folder, 'a'), name)
    git('add', 'a')
    git('commit', '-q', '-m', name)
  }
  repo = await Repository.init(temporaryDir(), { author: { name: 'Ada', email: 'ada@example.org' } })
})

afterEach(() => repo.close())

/** Newest first, as Git says it and as we do. */
async function same(): Promise<void> {
  const theirs = git('log', '--format=%N%x01', 'main').split('\u0001')
  const ours: string[] = []
  for await (const { note } of repo.log({ notes: true, revision: 'main' })) ours.push(note ?? '')
  expect(ours).toEqual(theirs.slice(0, -1).map((text) => text.trim()))
}

/** Puts the notes of the tree into folders, as Git does where there are many. */
function fanOut(): void {
  const lines = git('ls-tree', 'refs/notes/commits').trim().split('\n')
  const folders = lines.map((line) => {
    const [, oid, name] = /^100644 blob (\w+)\t(\w+)$/.exec(line)!
    fs.writeFileSync(path.join(folder, '.git', 'list'), `100644 blob ${oid}\t${name!.slice(2)}\n`)
    const tree = git('-c', 'alias.mk=!git mktree < .git/list', 'mk').trim()
    return `040000 tree ${tree}\t${name!.slice(0, 2)}\n`
  })
  fs.writeFileSync(path.join(folder, '.git', 'list'), folders.join(''))
  const root = git('-c', 'alias.mk=!git mktree < .git/list', 'mk').trim()
  const commit = git('commit-tree', root, '-p', 'refs/notes/commits', '-m', 'in folders').trim()
  git('update-ref', 'refs/notes/commits', commit)
}

test('notes come in once, those of commits that are not here are left out and counted', async () => {
  git('notes', 'add', '-m', 'Two\n\nparagraphs', 'HEAD~1')
  git('notes', 'add', '-m', 'last')
  git('checkout', '-q', '-b', 'side')
  git('commit', '-q', '--allow-empty', '-m', 'aside')
  git('notes', 'add', '-m', 'of another branch')
  git('checkout', '-q', 'main')
  fanOut()
  expect(await repo.importGit(folder)).toMatchObject({ commits: 3, notes: 2, notesLeft: 1 })
  await same()
  const { id } = await repo.commitInfo('refs/notes/commits')
  expect(await repo.importGit(folder)).toMatchObject({ commits: 0, notes: 2, notesLeft: 1 })
  expect((await repo.commitInfo('refs/notes/commits')).id).toBe(id)
  expect((await repo.fsck()).problems).toEqual([])
})

test('what changed on either side since the last import is merged, removals too', async () => {
  for (const revision of ['HEAD', 'HEAD~1', 'HEAD~2']) git('notes', 'add', '-m', 'base', revision)
  await repo.importGit(folder)
  git('notes', 'append', '-m', 'there', 'HEAD~1')
  git('notes', 'remove', 'HEAD')
  await repo.notes.append('here', { revision: 'HEAD~1' })
  await repo.notes.append('here alone', { revision: 'HEAD~2' })
  await repo.importGit(folder)
  const texts = ['HEAD', 'HEAD~1', 'HEAD~2'].map((revision) => repo.notes.get(revision))
  expect(await Promise.all(texts)).toEqual([null, 'base\n\nhere\n\nthere', 'base\n\nhere alone'])
})

test('what is no note in the tree of notes, or too long for one, keeps nothing else from coming in', async () => {
  git('notes', 'add', '-m', 'fine')
  fs.writeFileSync(path.join(folder, 'long'), 'x'.repeat((1 << 20) + 1))
  git('notes', 'add', '-F', 'long', 'HEAD~1')
  const blob = git('hash-object', '-w', 'long').trim()
  const tree = git('ls-tree', 'refs/notes/commits')
  fs.writeFileSync(path.join(folder, '.git', 'list'), `${tree.trim()}\n100644 blob ${blob}\tREADME\n`)
  const root = git('-c', 'alias.mk=!git mktree < .git/list', 'mk').trim()
  git('update-ref', 'refs/notes/commits', git('commit-tree', root, '-m', 'odd').trim())
  expect(await repo.importGit(folder)).toMatchObject({ notes: 1, notesLeft: 1 })
  expect(await repo.notes.get()).toBe('fine')
  expect(await repo.notes.get('HEAD~1')).toBeNull()
})
