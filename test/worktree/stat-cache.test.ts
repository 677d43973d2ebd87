import * as fs from 'node:fs'
import path from 'node:path'
import { Level } from 'level'
import { describe, expect, test } from 'vitest'
import { cidOf } from '../../src/encoding/cid.ts'
import { stage } from '../../src/worktree/add.ts'
import { StatCache } from '../../src/worktree/stat-cache/stat-cache.ts'
import { type FileStat, isRacy } from '../../src/worktree/file-stat.ts'
import { type KnownFile, decodeKnown, encodeKnown } from '../../src/worktree/stat-cache/record.ts'
import { worktreeStatus } from '../../src/worktree/status.ts'
import { worktreeWith, write } from './folder.ts'

const hundredFiles = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, `text ${i}`]))
const anyNeed = { paths: 100, bytes: 0 }

const known: KnownFile = {
  stat: {
    kind: 'file',
    executable: true,
    size: 3,
    mtimeMs: 1_700_000_000_123.456,
    ctimeMs: 1_700_000_000_123.457,
    ino: 42,
  },
  entry: { kind: 'file', executable: true, size: 3, content: cidOf('raw', new Uint8Array([1, 2, 3])) },
  isProof: true,
  sha256: null,
}

describe('a record', () => {
  test('comes back as it was, with and without a sha256', () => {
    const table: KnownFile = {
      ...known,
      entry: { kind: 'table', executable: false, table: cidOf('dag-cbor', new Uint8Array([1])) },
      sha256: new Uint8Array(32).fill(7),
    }
    const link: KnownFile = { ...known, entry: { kind: 'symlink', target: new Uint8Array([97]) } }
    const unseen: KnownFile = { ...known, stat: null, isProof: false }
    for (const record of [known, table, link, unseen])
      expect(decodeKnown(encodeKnown(record))).toEqual(record)
  })

  test('that is damaged is no record', () => {
    const bytes = encodeKnown(known)
    for (let length = 0; length < bytes.length; length++)
      expect(decodeKnown(bytes.subarray(0, length))).toBe(null)
  })

  test('is racy when the file changed within a step of the clock before it was made, or after', () => {
    const changedMs = 1_700_000_000_000
    const at = (ms: number, fraction: number): boolean => {
      const stat: FileStat = { ...known.stat!, mtimeMs: changedMs + fraction, ctimeMs: 0 }
      return isRacy(stat, changedMs + ms)
    }
    // Whole milliseconds: the file system may keep times in steps of two seconds.
    expect([-100, 0, 1900, 2000].map((ms) => at(ms, 0))).toEqual([true, true, true, false])
    expect([-100, 0, 49, 50].map((ms) => at(ms, 0.123))).toEqual([true, true, true, false])
  })
})

describe('the stat cache', () => {
  test('is not even made for a few small files', async () => {
    const worktree = worktreeWith({ a: '1' })
    await stage(worktree, ['.'])
    await worktreeStatus(worktree)
    expect(fs.existsSync(path.join(worktree.dotDir, 'cache'))).toBe(false)
  })

  test('writes what was set once it is much, and the rest when it is closed', async () => {
    const worktree = worktreeWith({})
    const paths = Array.from({ length: 9000 }, (_, i) => `f${i}`)
    const cache = await StatCache.open(worktree, anyNeed)
    for (const name of paths.slice(0, 100)) cache.set(name, known)
    await cache.makeRoom()
    expect((await cache.load(paths)).size).toBe(0)
    for (const name of paths.slice(100, 8000)) cache.set(name, known)
    await cache.makeRoom()
    expect((await cache.load(paths)).size).toBe(8000)
    for (const name of paths.slice(8000)) cache.set(name, known)
    cache.forget('f0')
    await cache.close()
    const again = await StatCache.open(worktree, anyNeed)
    const found = await again.load(paths)
    await again.close()
    expect(found.size).toBe(8999)
    expect(found.get('f8999')).toEqual(known)
  })

  test('an edit of the same size and time is seen', async () => {
    const worktree = worktreeWith(hundredFiles)
    await stage(worktree, ['.'])
    const place = path.join(worktree.root, 'f7')
    const { atime, mtime } = fs.statSync(place)
    fs.writeFileSync(place, 'TEXT 7')
    fs.utimesSync(place, atime, mtime)
    expect((await worktreeStatus(worktree)).unstaged.map((change) => change.path)).toEqual(['f7'])
    // Also right behind a status that found it changed, and back.
    fs.writeFileSync(place, 'text 7')
    expect((await worktreeStatus(worktree)).unstaged).toEqual([])
    fs.writeFileSync(place, 'text 8')
    expect((await worktreeStatus(worktree)).unstaged).toHaveLength(1)
  })

  test('spares files that it knows: unreadable but unchanged is unchanged', async () => {
    const worktree = worktreeWith(hundredFiles)
    await stage(worktree, ['.'])
    await new Promise((resolve) => setTimeout(resolve, 2300))
    await worktreeStatus(worktree)
    const { index } = await (await import('../../src/worktree/index-state.ts')).readIndex(worktree)
    const cache = await StatCache.open(worktree, anyNeed)
    const records = await cache.load(['f1', 'f2', 'nope'])
    await cache.close()
    expect([...records.keys()]).toEqual(['f1', 'f2'])
    expect(records.get('f1')!.entry).toEqual(await index.get('f1'))
    expect(records.get('f1')!.isProof).toBe(true)
  })

  test('gives the same records whether a few paths are asked for or thousands', async () => {
    const worktree = worktreeWith(hundredFiles)
    await stage(worktree, ['.'])
    const cache = await StatCache.open(worktree, anyNeed)
    cache.set('f1', known)
    cache.set('not/there/yet', known)
    await cache.close()
    const again = await StatCache.open(worktree, anyNeed)
    const paths = ['f1', 'f2', 'not/there/yet']
    const few = await again.load(paths)
    const many = await again.load([...paths, ...Array.from({ length: 6000 }, (_, i) => `nope/${i}`)])
    await again.close()
    expect([...few.keys()].sort()).toEqual(paths)
    expect(few.get('f1')).toEqual(known)
    expect(many).toEqual(few)
  })

  test('locked by another instance it is done without', async () => {
    const worktree = worktreeWith(hundredFiles)
    await stage(worktree, ['.'])
    const other = new Level(path.join(worktree.dotDir, 'cache/stat'))
    await other.open()
    try {
      write(worktree, { f3: 'new' })
      expect((await worktreeStatus(worktree)).unstaged.map((change) => change.path)).toEqual(['f3'])
      await stage(worktree, ['.'])
      expect((await worktreeStatus(worktree)).unstaged).toEqual([])
      const cache = await StatCache.open(worktree, anyNeed)
      expect(cache.isOpen).toBe(false)
      await cache.close()
    } finally {
      await other.close()
    }
  })

  test('damaged it is thrown away', async () => {
    const worktree = worktreeWith(hundredFiles)
    await stage(worktree, ['.'])
    const folder = path.join(worktree.dotDir, 'cache/stat')
    for (const name of fs.readdirSync(folder)) fs.writeFileSync(path.join(folder, name), 'junk\n')
    expect((await worktreeStatus(worktree)).unstaged).toEqual([])
    const cache = await StatCache.open(worktree, anyNeed)
    expect(cache.isOpen).toBe(true)
    expect((await cache.load(['f1'])).size).toBe(1)
    await cache.close()
  })
})
