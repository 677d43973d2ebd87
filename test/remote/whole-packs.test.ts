// Packs of the local store travel as they are where all in them is wanted: what goes along, what stays here, and what is
// sent again after a failure.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { VarveError } from '../../src/base/errors.ts'
import { cidOf } from '../../src/encoding/cid.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { push } from '../../src/remote/push.ts'
import { BlobStore } from '../../src/remote/transports/blobs/store.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { noise } from '../chunking/noise.ts'
import { codeOf } from '../support/fault.ts'
import { temporaryDir } from '../support/temporary.ts'
import { DirBlobs } from './dir-blobs.ts'
import { commitOn, problemsOf, refOf } from './history.ts'

const main = 'refs/heads/main'
const secret = noise(60 << 10, 4242)

/** Text of some megabytes that hardly shrinks. */
function large(seed: number): string {
  return Buffer.from(noise(2 << 20, seed)).toString('base64')
}

interface Room {
  readonly local: DiskStore
  readonly blobs: DirBlobs
  readonly dir: string
  readonly open: () => Promise<BlobStore>
}

async function room(): Promise<Room> {
  const dir = temporaryDir()
  const local = await DiskStore.create(`${dir}/local`)
  const blobs = new DirBlobs(`${dir}/remote`)
  return { local, blobs, dir, open: () => BlobStore.open(blobs, { create: true, cacheDir: `${dir}/cache` }) }
}

function uploadsOf(blobs: DirBlobs): string[] {
  return blobs.requests.filter((request) => request.startsWith('upload'))
}

test('a large pack goes as it is: no copy of it lies in the spool meanwhile', async () => {
  const { local, blobs, dir, open } = await room()
  const head = await commitOn(local, main, { files: { a: large(1) } })
  const linked: number[] = []
  blobs.before = (request) => {
    const packs = request.startsWith('upload') ? fs.readdirSync(`${dir}/cache`, { recursive: true }) : []
    for (const name of packs as string[])
      if (name.endsWith('.pack')) linked.push(fs.statSync(path.join(dir, 'cache', name)).nlink)
  }
  const remote = await open()
  await push(local, remote, { refspecs: ['main'] })
  expect(linked).toContain(2)
  expect(await refOf(remote, main)).toBe(head)
  expect(await problemsOf(remote)).toEqual([])
  const names = local.segments().flatMap(({ packs }) => packs.map((pack) => pack.name))
  expect(uploadsOf(blobs).some((request) => names.some((name) => request.includes(name)))).toBe(false)
  const clone = await DiskStore.create(`${dir}/clone`)
  await fetchRefs(clone, await open(), { remoteName: 'origin' })
  expect(await problemsOf(clone)).toEqual([])
  expect((await clone.get([head]))[0]).toEqual((await local.get([head]))[0])
})

test('a pack in which anything was not asked for does not go as it is', async () => {
  const { blobs, dir, open } = await room()
  // Staged and taken back, say: no commit reaches it, but it lies in the same pack.
  const mixed = await DiskStore.create(`${dir}/mixed`)
  await mixInto(mixed, large(2))
  const remote = await open()
  await push(mixed, remote, { refspecs: ['main'] })
  expect(await remote.has([cidOf('raw', secret)])).toEqual([false])
  for (const name of fs.readdirSync(`${dir}/remote/packs`, { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.pack'))
      expect(fs.readFileSync(path.join(dir, 'remote/packs', name)).includes(Buffer.from(secret))).toBe(false)
  expect(blobs.bytesWritten).toBeGreaterThan(1 << 20)
})

async function mixInto(store: DiskStore, text: string): Promise<void> {
  const inner = store.writer()
  inner.put('raw', secret)
  const wrapped = new Proxy(store, {
    get: (target, name) => {
      if (name === 'writer') return () => inner
      const value = Reflect.get(target, name, target) as unknown
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  await commitOn(wrapped, main, { files: { a: text } })
}

test('after a failure the next push takes the linked packs over, and sends what has not arrived', async () => {
  const { local, blobs, open, dir } = await room()
  for (const seed of [3, 4, 5]) await commitOn(local, main, { files: { [`f${seed}`]: large(seed) } })
  let uploads = 0
  blobs.before = (request) => {
    if (request.startsWith('upload') && ++uploads > 1)
      throw new VarveError('VARVE_UNREACHABLE', 'the line is down')
  }
  const first = await open()
  expect(await codeOf(push(local, first, { refspecs: ['main'] }))).toBe('VARVE_UNREACHABLE')
  await first.close()
  const sent = fs
    .readdirSync(`${dir}/remote/packs`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.pack'))
  expect(sent).toHaveLength(1)
  blobs.before = () => undefined
  const before = blobs.bytesWritten
  const remote = await open()
  await push(local, remote, { refspecs: ['main'] })
  expect(await problemsOf(remote)).toEqual([])
  expect(blobs.bytesWritten - before).toBeLessThan(7 << 20)
  const now = fs
    .readdirSync(`${dir}/remote/packs`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.pack'))
  expect(now).toContain(sent[0])
})

test('a local pack that is damaged is not sent, and nothing moves', async () => {
  const { local, open, dir } = await room()
  await commitOn(local, main, { files: { a: large(6) } })
  const largest = local
    .segments()
    .flatMap(({ packs }) => packs)
    .reduce((a, b) => (a.bytes > b.bytes ? a : b))
  const file = path.join(dir, 'local/packs', largest.name.slice(0, 2), `${largest.name}.pack`)
  const bytes = fs.readFileSync(file)
  bytes[bytes.length >> 1]! ^= 1
  fs.chmodSync(file, 0o600)
  fs.writeFileSync(file, bytes)
  const fresh = await DiskStore.open(`${dir}/local`)
  const remote = await open()
  expect(await codeOf(push(fresh, remote, { refspecs: ['main'] }))).toBe('VARVE_CORRUPT')
  expect(await refOf(remote, main)).toBeUndefined()
})
