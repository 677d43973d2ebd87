// A repository that came as a folder (an archive, a shared disk) was never checked by a fetch: its trees may hold paths
// that lead out of the folder, or into `.varve`. They are never written, and never removed.
import * as fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { encodeEntry } from '../../src/files/entry.ts'
import { pathToBytes } from '../../src/files/path.ts'
import { writeCommit } from '../../src/history/commit.ts'
import type { Commit } from '../../src/history/interface.ts'
import { MapBuilder } from '../../src/prolly/map-builder.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { indexBaseRef, indexRef } from '../../src/repo/interface.ts'
import { stage } from '../../src/worktree/add.ts'
import type { Worktree } from '../../src/worktree/interface.ts'
import { restorePaths } from '../../src/worktree/restore.ts'
import { commit, everything, goTo, temporaryFolder, worktreeWith } from './folder.ts'

const traps = ['../planted', '.varve/planted', 'a/../../planted', '.VARVE/planted']

/** A worktree one folder deep, so that what gets out of it is seen; with a commit on top whose tree has the path. */
async function trapped(
  trap: string,
): Promise<{ worktree: Worktree; good: Commit; hostile: Commit; tree: Cid }> {
  const outside = temporaryFolder()
  const root = path.join(outside, 'work')
  const worktree = { ...worktreeWith(), root, dotDir: path.join(root, '.varve') }
  fs.mkdirSync(worktree.dotDir, { recursive: true })
  fs.writeFileSync(path.join(root, 'kept'), '1')
  await stage(worktree, ['.'])
  const good = await commit(worktree)
  const writer = worktree.repo.store.writer()
  const builder = new MapBuilder(writer)
  const content = writer.put('raw', utf8('mine'))
  const { value, links } = encodeEntry({ kind: 'file', executable: false, size: 4, content })
  builder.addEntry(pathToBytes(trap), value, links)
  const tree = builder.finish(new NodeStore(writer)).cid
  const cid = writeCommit(writer, { ...good, tree, parents: [good.cid], generation: 2 })
  await worktree.repo.store.update(
    () => ({
      refs: new Map([['refs/heads/hostile', cid]]),
      operation: { name: 'x', message: '', author: '' },
    }),
    { writer },
  )
  return { worktree, good, hostile: { ...good, cid, tree, generation: 2 }, tree }
}

function expectUntouched(worktree: Worktree): void {
  expect(everything(worktree)).toEqual({ kept: '1' })
  expect(fs.readdirSync(path.dirname(worktree.root))).toEqual(['work'])
  expect(fs.existsSync(path.join(worktree.dotDir, 'planted'))).toBe(false)
}

test.each(traps)('a checkout of a tree with %j writes nothing', async (trap) => {
  for (const discard of [false, true]) {
    const { worktree, hostile } = await trapped(trap)
    const before = await worktree.repo.store.manifest()
    await expect(goTo(worktree, hostile, { discard })).rejects.toMatchObject({ code: 'VARVE_CORRUPT' })
    expect(await worktree.repo.store.manifest()).toEqual(before)
    expectUntouched(worktree)
  }
})

test.each(traps)('a checkout away from a tree with %j removes nothing', async (trap) => {
  const { worktree, good, tree } = await trapped(trap)
  const place = path.join(worktree.root, trap)
  fs.mkdirSync(path.dirname(place), { recursive: true })
  fs.writeFileSync(place, 'mine')
  await worktree.repo.store.update(() => ({
    refs: new Map([
      [indexRef, tree],
      [indexBaseRef, tree],
    ]),
    operation: { name: 'x', message: '', author: '' },
  }))
  for (const discard of [false, true]) {
    await goTo(worktree, good, { discard })
    expect(fs.readFileSync(place, 'utf8')).toBe('mine')
    expect(fs.readFileSync(path.join(worktree.root, 'kept'), 'utf8')).toBe('1')
  }
})

test.each(traps)('a restore from a tree with %j writes nothing', async (trap) => {
  const { worktree, hostile } = await trapped(trap)
  await restorePaths(worktree, ['.'], { source: hostile.cid.slice(8) }).catch(() => undefined)
  expect(fs.readdirSync(path.dirname(worktree.root))).toEqual(['work'])
  expect(fs.existsSync(path.join(worktree.dotDir, 'planted'))).toBe(false)
})
