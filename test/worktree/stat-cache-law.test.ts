// Whatever happens to files, index and history: a status that goes by the stat cache says what one without it says.
import * as fs from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { Level } from 'level'
import { expect, test, vi } from 'vitest'
import { Tree } from '../../src/files/tree.ts'
import type { Commit } from '../../src/history/interface.ts'
import { stage } from '../../src/worktree/add.ts'
import { readIndex } from '../../src/worktree/index-state.ts'
import type { Worktree, WorktreeStatus } from '../../src/worktree/interface.ts'
import { removePaths } from '../../src/worktree/remove.ts'
import { restorePaths } from '../../src/worktree/restore.ts'
import { StatCache } from '../../src/worktree/stat-cache/stat-cache.ts'
import { worktreeStatus } from '../../src/worktree/status.ts'
import { commit, goTo, secondView, temporaryFolder, worktreeWith, write } from './folder.ts'

const folders = ['', 'a/', 'a/b/', 'a-b/', 'c/']
const names = folders.flatMap((folder) => Array.from({ length: 12 }, (_, i) => `${folder}f${i}`))

type Step = readonly [kind: (typeof kinds)[number], file: string, text: string]
const kinds = [
  'write',
  'touch',
  'delete',
  'delete folder',
  'ignore',
  'stage',
  'stage all',
  'commit',
  'unstage',
  'restore',
  'untrack',
  'go back',
] as const

const stepOf: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom(...kinds),
  fc.constantFrom(...names, 'new', 'a/new', 'd/new'),
  fc.constantFrom('one', 'two', 'text 3', '-> f1'),
)

async function take(worktree: Worktree, commits: Commit[], [kind, file, text]: Step): Promise<void> {
  const place = path.join(worktree.root, file)
  const clear = (): void => fs.rmSync(place, { recursive: true, force: true })
  if (kind === 'write') {
    clear()
    write(worktree, { [file]: text })
  } else if (kind === 'touch' && fs.existsSync(place)) fs.utimesSync(place, new Date(), new Date())
  else if (kind === 'delete') clear()
  else if (kind === 'delete folder' && path.dirname(file) !== '.')
    fs.rmSync(path.dirname(place), { recursive: true, force: true })
  else if (kind === 'ignore') write(worktree, { '.varveignore': `${file}\n` })
  else if (kind === 'stage') await stage(worktree, [file]).catch(expectMissing)
  else if (kind === 'stage all') await stage(worktree, ['.'])
  else if (kind === 'commit') commits.push(await commit(worktree))
  else if (kind === 'unstage') await restorePaths(worktree, [file], { staged: true }).catch(expectMissing)
  else if (kind === 'restore') await restorePaths(worktree, [file]).catch(expectMissing)
  else if (kind === 'untrack')
    await removePaths(worktree, [file], { cached: true, force: true }).catch(expectMissing)
  else if (kind === 'go back') await goTo(worktree, commits[text.length % commits.length]!, { discard: true })
}

function expectMissing(error: unknown): void {
  expect(error).toMatchObject({ code: 'VARVE_PATH_NOT_FOUND' })
}

const withoutCache = (worktree: Worktree): Promise<WorktreeStatus> =>
  worktreeStatus({ ...worktree, dotDir: temporaryFolder() })

async function repositoryOfOldFiles(): Promise<Worktree> {
  const worktree = worktreeWith(Object.fromEntries(names.map((name) => [name, `text of ${name}`])))
  // What was written just now proves nothing by its stat.
  await new Promise((resolve) => setTimeout(resolve, 60))
  await stage(worktree, ['.'])
  return worktree
}

test('after any steps it says what a status without a cache says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepOf, { minLength: 3, maxLength: 10 }), async (steps) => {
      const worktree = await repositoryOfOldFiles()
      const commits = [await commit(worktree)]
      for (const step of steps) {
        await take(worktree, commits, step)
        expect(await worktreeStatus(worktree), `after ${step.join(' ')}`).toEqual(
          await withoutCache(worktree),
        )
      }
    }),
    { numRuns: 6 },
  )
})

test('a tree that gc has taken away costs no knowledge of files', async () => {
  const worktree = await repositoryOfOldFiles()
  await worktreeStatus(worktree)
  write(worktree, { f1: 'changed' })
  const before = (await readIndex(worktree)).index.cid
  // The cache stays with the tree that was.
  await stage({ ...worktree, dotDir: temporaryFolder() }, ['f1'])
  await worktree.repo.store.gc({ manifestsKeptMax: 1, graceMs: 0 })
  const later = secondView(worktree)
  expect(await worktree.repo.store.has([before])).toEqual([false])
  expect(await worktreeStatus(later)).toEqual(await withoutCache(later))
  const cache = await StatCache.open(later, { paths: 60, bytes: 0 })
  const known = await cache.load(['f2', 'f3'])
  await cache.close()
  expect([...known.values()].map(({ isProof }) => isProof)).toEqual([true, true])
})

test('an index that is as it was is not read', async () => {
  const worktree = await repositoryOfOldFiles()
  await worktreeStatus(worktree)
  const scanned = vi.spyOn(Tree.prototype, 'scan')
  const { unstaged } = await worktreeStatus(worktree)
  expect(unstaged).toEqual([])
  expect(scanned).not.toHaveBeenCalled()
  scanned.mockRestore()
})

test('what another version or a bad disk has left is thrown away', async () => {
  const worktree = await repositoryOfOldFiles()
  for (const spoil of [
    (database: Level<string, string>) => database.put('v', '\u0001'),
    (database: Level<string, string>) => database.put('fa', 'no records'),
    (database: Level<string, string>) => database.put('t', 'no tree'),
  ]) {
    await worktreeStatus(worktree)
    const database = new Level<string, string>(path.join(worktree.dotDir, 'cache/stat'))
    await spoil(database)
    await database.close()
    expect(await worktreeStatus(worktree)).toEqual(await withoutCache(worktree))
    const cache = await StatCache.open(worktree, { paths: 60, bytes: 0 })
    expect([...(await cache.load(['f2', 'a/f2'])).keys()]).toEqual(['f2', 'a/f2'])
    await cache.close()
  }
})
