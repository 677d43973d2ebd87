// Packs that are taken as the files they are: what goes along, under which name, and what is left when it goes wrong.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { VarveError } from '../../src/base/errors.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { packPath } from '../../src/store/disk/layout.ts'
import { PackReader } from '../../src/store/disk/pack-reader.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import type { ObjectReader, WholePack } from '../../src/store/interface.ts'
import { noise } from '../chunking/noise.ts'
import { codeOf } from '../support/fault.ts'
import { operation, setRef } from '../contract/store.ts'
import { temporaryDir } from '../support/temporary.ts'

const chunkBytes = 64 << 10
/** 5 MiB: two blocks from afar, five from a disk. */
const chunks = 80

interface Made {
  readonly store: DiskStore
  readonly cids: readonly Cid[]
  readonly dir: string
}

async function withChunks(): Promise<Made> {
  const dir = `${temporaryDir()}/store`
  const store = await DiskStore.create(dir)
  const writer = store.writer()
  const cids = Array.from({ length: chunks }, (_, i) => writer.put('raw', noise(chunkBytes, i)))
  await store.update(() => setRef('refs/tags/x', cids[0]!), { writer })
  return { store, cids, dir }
}

async function packsOf(reader: ObjectReader, cids: readonly Cid[]): Promise<WholePack[]> {
  const packs: WholePack[] = []
  for await (const pack of reader.wholePacks!(cids)) packs.push(pack)
  return packs
}

/** By hand: the test runner compares bytes one by one. */
async function expectSame(reader: ObjectReader, { store, cids }: Made): Promise<void> {
  const [ours, theirs] = [await reader.get(cids), await store.get(cids)]
  expect(ours.every((bytes, i) => Buffer.compare(bytes, theirs[i]!) === 0)).toBe(true)
}

function packFiles(dir: string): string[] {
  const all = fs.readdirSync(dir, { recursive: true, encoding: 'utf8' })
  return all.filter((name) => name.endsWith('.pack')).sort()
}

/** As a client's upload lies in a server's quarantine. */
async function quarantined(
  { store }: Made,
  bases: ObjectReader,
): Promise<{ file: string; reader: PackReader }> {
  const { name } = store.segments()[0]!.packs[0]!
  const file = path.join(path.dirname(store.location), `${name}.pack`)
  fs.copyFileSync(path.join(store.location, packPath(name)), file)
  return { file, reader: await PackReader.open([{ name, file }], bases) }
}

test('a pack is wanted whole when nearly all of it is asked for, and names what else is in it', async () => {
  const { store, cids } = await withChunks()
  expect(await packsOf(store, cids.slice(0, chunks / 2))).toEqual([])
  const [pack] = await packsOf(store, cids.slice(2))
  expect([...pack!.cids].sort()).toEqual([...cids].sort())
})

test('a pack is copied as it is, under a name of its own', async () => {
  const from = await withChunks()
  const to = await DiskStore.create(`${temporaryDir()}/to`)
  const writer = to.writer()
  const [pack] = await packsOf(from.store, from.cids)
  let bytes = 0
  expect(await writer.adopt!(pack!, { onBytes: (some) => (bytes += some) })).toBe(true)
  expect(await to.has(from.cids)).not.toContain(true)
  expect(bytes).toBeGreaterThan(chunks * chunkBytes)
  await to.update(() => setRef('refs/tags/x', from.cids[0]!), { writer })
  await expectSame(to, from)
  expect((await to.fsck()).problems).toEqual([])
  expect(packFiles(to.location)).toHaveLength(1)
  expect(packFiles(to.location)).not.toEqual(packFiles(from.dir))
})

test('what the store has already stays where it is', async () => {
  const from = await withChunks()
  const to = await DiskStore.create(`${temporaryDir()}/to`)
  const first = to.writer()
  first.put('raw', noise(chunkBytes, 7))
  await to.update(() => ({ operation }), { writer: first })
  const before = to.segments()[0]!.packs[0]!.name
  const writer = to.writer()
  await writer.adopt!((await packsOf(from.store, from.cids))[0]!)
  await to.update(() => setRef('refs/tags/x', from.cids[0]!), { writer })
  expect((await to.stats()).objects).toBe(chunks)
  expect(to.segments().flatMap(({ packs }) => packs.map(({ name }) => name))).toContain(before)
  expect((await to.fsck()).problems).toEqual([])
})

test('a flipped bit anywhere in a record is found, and nothing of the pack stays', async () => {
  const from = await withChunks()
  const to = await DiskStore.create(`${temporaryDir()}/to`)
  const [pack] = await packsOf(from.store, from.cids)
  const whole = fs.readFileSync(pack!.file!)
  for (const at of [16, 21, 40, 80, 20 * chunkBytes, whole.length - 4 * chunks - 60]) {
    const bytes = Buffer.from(whole)
    bytes[at]! ^= 4
    const liar: WholePack = {
      ...pack!,
      open: async () => ({
        read: async (into, from_) => void bytes.copy(into, 0, from_),
        close: async () => {},
      }),
    }
    const writer = to.writer()
    expect(await codeOf(writer.adopt!(liar))).toBe('VARVE_CORRUPT')
    expect(await writer.has(from.cids)).not.toContain(true)
    await writer.abort()
  }
  expect(fs.readdirSync(path.join(to.location, 'tmp'))).toEqual([])
  expect(packFiles(to.location)).toEqual([])
})

test('when the line is cut, what had come is taken', async () => {
  const from = await withChunks()
  const to = await DiskStore.create(`${temporaryDir()}/to`)
  const [{ file: _, ...pack }] = (await packsOf(from.store, from.cids)) as [WholePack]
  const cut: WholePack = {
    ...pack,
    open: async () => {
      const whole = await pack.open()
      return {
        close: () => whole.close(),
        read: async (into, at) => {
          if (at > 4096) throw new VarveError('VARVE_UNREACHABLE', 'the connection was cut')
          return whole.read(into, at)
        },
      }
    },
  }
  const writer = to.writer()
  expect(await codeOf(writer.adopt!(cut))).toBe('VARVE_UNREACHABLE')
  const here = await writer.has(from.cids)
  expect([here.includes(true), here.includes(false)]).toEqual([true, true])
  await to.update(() => ({ operation }), { writer })
  expect((await to.fsck()).problems).toEqual([])
})

test('a quarantined pack is moved into the store, not copied', async () => {
  const from = await withChunks()
  const to = await DiskStore.create(`${temporaryDir()}/to`)
  const { file, reader } = await quarantined(from, to)
  const { ino } = fs.statSync(file)
  const writer = to.writer()
  await writer.adopt!((await packsOf(reader, from.cids))[0]!)
  await expectSame(writer, from)
  await to.update(() => setRef('refs/tags/x', from.cids[0]!), { writer })
  expect(fs.existsSync(file)).toBe(false)
  expect(packFiles(to.location).map((name) => fs.statSync(path.join(to.location, name)).ino)).toEqual([ino])
  expect((await to.fsck()).problems).toEqual([])
})

test('an aborted writer gives a moved pack back byte for byte', async () => {
  const from = await withChunks()
  const to = await DiskStore.create(`${temporaryDir()}/to`)
  const { file, reader } = await quarantined(from, to)
  const before = fs.readFileSync(file)
  const writer = to.writer()
  await writer.adopt!((await packsOf(reader, from.cids))[0]!)
  // The manifest cannot be written any more once the packs are in place.
  fs.rmSync(path.join(to.location, 'idx'), { recursive: true })
  expect(await codeOf(to.update(() => setRef('refs/tags/x', from.cids[0]!), { writer }))).not.toBe('no error')
  await writer.abort()
  expect(fs.readFileSync(file).equals(before)).toBe(true)
  expect(packFiles(to.location)).toEqual([])
})

test('after a gc in between, a moved pack is written anew: the gc may delete what it saw', async () => {
  const from = await withChunks()
  const to = await DiskStore.create(`${temporaryDir()}/to`)
  const first = to.writer()
  first.put('raw', noise(100, 999))
  await to.update(() => ({ operation }), { writer: first })
  const { reader } = await quarantined(from, to)
  const writer = to.writer()
  await writer.adopt!((await packsOf(reader, from.cids))[0]!)
  await (await DiskStore.open(to.location)).gc({ graceMs: 0 })
  await to.update(() => setRef('refs/tags/x', from.cids[0]!), { writer })
  await expectSame(to, from)
  expect((await to.fsck()).problems).toEqual([])
})
