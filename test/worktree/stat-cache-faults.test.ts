// The stat cache's LevelDB damaged, cut short, mixed with an older one, locked, read-only or on a full disk: it costs at most
// speed. Status and add say and do what they do without a cache. The folder's files stay the same ones, for a copy of a file
// has another inode, and nothing that is kept of it would prove anything.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import path from 'node:path'
import { Level } from 'level'
import { describe, expect, onTestFinished, test } from 'vitest'
import { stage } from '../../src/worktree/add.ts'
import { readIndex } from '../../src/worktree/index-state.ts'
import type { Worktree } from '../../src/worktree/interface.ts'
import { restorePaths } from '../../src/worktree/restore.ts'
import { StatCache } from '../../src/worktree/stat-cache/stat-cache.ts'
import { worktreeStatus } from '../../src/worktree/status.ts'
import { seedOf } from '../support/seed.ts'
import { hasSmallDisk, withoutSmallDisk } from '../support/small-disk.ts'
import { commit, temporaryFolder, worktreeWith, write } from './folder.ts'

type Files = Map<string, Buffer>
const names = ['', 'a/', 'a/b/', 'c/'].flatMap((folder) =>
  Array.from({ length: 15 }, (_, i) => `${folder}f${i}`),
)
const seed = seedOf(process.env['VARVE_TEST_SEED'])
const rounds = Number(process.env['VARVE_TEST_ROUNDS'] ?? 25)

interface Setting {
  readonly worktree: Worktree
  /** The folder of the LevelDB. */
  readonly place: string
  /** Its files of an older index, and of the present one. */
  readonly older: Files
  readonly newer: Files
  /** Status and add are as without a cache. */
  readonly judge: (how: string) => Promise<void>
}

const taken = (place: string): Files =>
  new Map(fs.readdirSync(place).map((name) => [name, fs.readFileSync(path.join(place, name))]))

function lay(place: string, files: Files): void {
  fs.rmSync(place, { recursive: true, force: true })
  fs.mkdirSync(place, { recursive: true })
  for (const [name, bytes] of files) {
    fs.writeFileSync(path.join(place, name), bytes)
    // None that somebody may be writing.
    fs.utimesSync(path.join(place, name), 1e9, 1e9)
  }
}

/** Of what is written just now, no stat proves anything. */
const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60))

async function prepared(): Promise<Setting> {
  const worktree = worktreeWith(Object.fromEntries(names.map((name) => [name, `text of ${name}`])))
  const place = path.join(worktree.dotDir, 'cache/stat')
  const uncached = { ...worktree, dotDir: temporaryFolder() }
  await aMoment()
  await stage(worktree, ['.'])
  await worktreeStatus(worktree)
  const older = taken(place)
  write(worktree, { 'a/f1': 'second', 'c/f2': 'second', 'c/new': 'new' })
  fs.rmSync(path.join(worktree.root, 'a/b/f3'))
  await aMoment()
  await stage(worktree, ['.'])
  await commit(worktree)
  await worktreeStatus(worktree)
  write(worktree, { 'a/f5': 'third', 'd/more': 'untracked' })
  fs.rmSync(path.join(worktree.root, 'c/f4'))
  await worktreeStatus(worktree)
  const newer = taken(place)
  const staged = async (folder: Worktree): Promise<string> => {
    await stage(folder, ['.'])
    const { cid } = (await readIndex(folder)).index
    await restorePaths(uncached, ['.'], { staged: true })
    return cid
  }
  const status = await worktreeStatus(uncached)
  const index = await staged(uncached)
  const judge = async (how: string): Promise<void> => {
    expect(await worktreeStatus(worktree), how).toEqual(status)
    expect(await staged(worktree), how).toBe(index)
    expect(await worktreeStatus(worktree), how).toEqual(status)
  }
  return { worktree, place, older, newer, judge }
}

async function changed(
  place: string,
  change: (database: Level<string, Buffer>) => Promise<void>,
): Promise<void> {
  const database = new Level<string, Buffer>(place, { keyEncoding: 'utf8', valueEncoding: 'buffer' })
  await database.open()
  await change(database)
  await database.close()
}

const recordsIn = async (place: string): Promise<[string, Buffer][]> => {
  let records: [string, Buffer][] = []
  await changed(place, async (database) => void (records = await database.iterator().all()))
  return records
}

describe('a stat cache of which', () => {
  test('a record is missing, older, another’s or has a wrong bit costs speed alone', async () => {
    const { place, older, newer, judge } = await prepared()
    lay(place, older)
    const before = new Map(await recordsIn(place))
    lay(place, newer)
    const records = await recordsIn(place)
    expect(records.map(([key]) => key)).toEqual(expect.arrayContaining(['v', 't', 'f', 'fa', 'fa/b', 'fc']))
    for (const [i, [key, value]] of records.entries()) {
      const spoilt: [string, Buffer | undefined][] = [
        ['is gone', undefined],
        ['is older', before.get(key)],
        ['is the next one’s', records[(i + 1) % records.length]![1]],
        ['is cut short', value.subarray(0, value.length >> 1)],
        ['is empty', Buffer.alloc(0)],
        ...[1, 8, 60, value.length - 1].map((at): [string, Buffer] => {
          const wrong = Buffer.from(value)
          wrong[at % value.length]! ^= 1
          return [`has a wrong bit in byte ${at}`, wrong]
        }),
      ]
      for (const [how, wrong] of spoilt) {
        lay(place, newer)
        await changed(place, (database) =>
          wrong === undefined ? database.del(key) : database.put(key, wrong),
        )
        await judge(`record ${key} ${how}`)
      }
    }
  })

  test('files are damaged, cut short, gone or older costs speed alone', async () => {
    const { place, older, newer, judge } = await prepared()
    let state = seed
    const next = (below: number): number =>
      ((state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) >> 8) % below
    const all = [...newer.keys()]
    for (let round = 0; round < rounds; round++) {
      const files = new Map(newer)
      const name = all[next(all.length)]!
      const bytes = Buffer.from(files.get(name)!)
      const at = next(Math.max(1, bytes.length))
      const kind = next(6)
      if (kind === 0) files.delete(name)
      else if (kind === 1) files.set(name, bytes.subarray(0, at))
      else if (kind === 2) files.set(name, Buffer.concat([bytes, bytes]))
      else if (kind === 3) {
        for (const [old, was] of older) if (next(2) === 0) files.set(old, was)
      } else {
        if (kind === 4 && bytes.length > 0) bytes[at]! ^= 1 << next(8)
        else bytes.fill(0, at, Math.min(bytes.length, at + 512))
        files.set(name, bytes)
      }
      lay(place, files)
      await judge(
        `seed ${seed}, round ${round}: ${['gone', 'cut', 'doubled', 'mixed', 'bit', 'zeros'][kind]} ${name} at ${at}`,
      )
    }
  })
})

test('a stat cache that another process has open is done without', async () => {
  const { worktree, place, newer, judge } = await prepared()
  lay(place, newer)
  const script = `new (require('level').Level)(process.argv[1]).open().then(() => console.log('open'), console.error)
    process.stdin.resume()`
  const other = spawn(process.execPath, ['-e', script, place], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(other, 'exit')
  await once(other.stdout, 'data')
  await judge('locked')
  expect((await StatCache.open(worktree, { paths: 100, bytes: 0 })).isOpen).toBe(false)
  other.kill('SIGKILL')
  await ended
  await judge('and let go')
})

/** Mounts what is there at `place` anew, with these options. */
function mountedAt(place: string, ...args: string[]): void {
  execFileSync('mount', [...args, place], { stdio: 'pipe' })
  onTestFinished(() => void execFileSync('umount', ['-l', place], { stdio: 'pipe' }))
}

test.runIf(hasSmallDisk)(
  `a stat cache that may only be read is done without${withoutSmallDisk}`,
  async () => {
    for (const files of ['newer', 'damaged', 'none'] as const) {
      const { place, newer, judge } = await prepared()
      if (files === 'none') fs.rmSync(place, { recursive: true })
      else
        lay(
          place,
          files === 'newer' ? newer : new Map([...newer].map(([name]) => [name, Buffer.from('junk')])),
        )
      const cache = path.dirname(place)
      mountedAt(cache, '--bind', cache)
      execFileSync('mount', ['-o', 'remount,ro,bind', cache])
      await judge(files)
    }
  },
)

test.runIf(hasSmallDisk)(`a stat cache on a full disk costs speed alone${withoutSmallDisk}`, async () => {
  for (const room of [0, 1, 2, 4, 8, 12, 20, 32]) {
    const { place, newer, judge } = await prepared()
    const cache = path.dirname(place)
    mountedAt(cache, '-t', 'tmpfs', '-o', 'size=256k', 'tmpfs')
    if (room > 8) lay(place, newer)
    const free = fs.statfsSync(cache)
    const filler = Math.max(0, free.bavail * free.bsize - room * 1024)
    fs.writeFileSync(path.join(cache, 'filler'), Buffer.alloc(filler))
    await judge(`${room} KiB free`)
  }
})
