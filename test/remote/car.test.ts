// CAR files: what goes out is what any IPLD tool can walk, and what comes in is believed only as far as it is proven.
import { CarReader } from '@ipld/car/reader'
import { CarWriter } from '@ipld/car/writer'
import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import * as Block from 'multiformats/block'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { identity } from 'multiformats/hashes/identity'
import { sha256, sha512 } from 'multiformats/hashes/sha2'
import { describe, expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { type Cid, type CommitCid, cidToLink, cidToText } from '../../src/encoding/cid.ts'
import { exportCar } from '../../src/remote/car/export.ts'
import { importCar } from '../../src/remote/car/import.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Store } from '../../src/store/interface.ts'
import { closure } from './closure.ts'
import { commitOn, manyRows, problemsOf, refOf, tagCommit } from './history.ts'

const main = 'refs/heads/main'
const theirs = 'refs/heads/theirs'

async function* pieces(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function carOf(store: Store, root: CommitCid): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of exportCar(store, root)) parts.push(part)
  return Buffer.concat(parts)
}

async function written(
  roots: CID[],
  blocks: readonly { cid: CID; bytes: Uint8Array }[],
): Promise<Uint8Array> {
  const { writer, out } = CarWriter.create(roots)
  void (async () => {
    for (const block of blocks) await writer.put(block)
    await writer.close()
  })()
  const parts: Uint8Array[] = []
  for await (const part of out) parts.push(part)
  return Buffer.concat(parts)
}

async function brought(store: Store, bytes: Uint8Array, size?: number): Promise<string> {
  try {
    await importCar(store, MemoryStore.create(), pieces(bytes, size), { ref: theirs })
  } catch (error) {
    if (!isVarveError(error)) throw error
    // No repository is at fault: nobody is sent to look for damage in one.
    expect(error.hint).not.toContain('varve fsck')
    return `${error.code}: ${error.message}`
  }
  return 'no error'
}

async function closureOf(store: Store, root: CommitCid): Promise<Set<Cid>> {
  return new Set((await closure(store, root)).map(({ cid }) => cid))
}

async function history(): Promise<{ store: Store; head: CommitCid }> {
  const store = MemoryStore.create()
  await commitOn(store, main, { rows: manyRows(3000), files: { a: '1', 'sub/b': 'x'.repeat(200_000) } })
  await commitOn(store, main, { rows: new Map([[1500, 'edited']]), files: { c: '3' } })
  return { store, head: (await refOf(store, main))! }
}

test('readers that are not ours walk from the root to every leaf by IPLD links, and every hash is right', async () => {
  const { store, head } = await history()
  const reader = await CarReader.fromBytes(await carOf(store, head))
  const [root] = await reader.getRoots()
  expect(String(root)).toBe(cidToText(head))
  const seen = new Map<string, CID>()
  const queue = [root!]
  for (let cid = queue.pop(); cid !== undefined; cid = queue.pop()) {
    if (seen.has(String(cid))) continue
    seen.set(String(cid), cid)
    const block = (await reader.get(cid))!
    // Hashes the bytes, and throws where they are not what the CID says.
    const codec = cid.code === dagCbor.code ? dagCbor : raw
    const node = await Block.create({
      bytes: block.bytes,
      cid,
      codec: codec as typeof dagCbor,
      hasher: sha256,
    })
    for (const [, link] of node.links()) queue.push(link)
  }
  const inFile: string[] = []
  for await (const cid of reader.cids()) inFile.push(String(cid))
  const expected = [...(await closureOf(store, head))].map((cid) => cidToText(cid)).sort()
  expect([...seen.keys()].sort()).toEqual(expected)
  expect(inFile.sort()).toEqual(expected)
})

test('a commit reads as a commit for anybody', async () => {
  const { store, head } = await history()
  const reader = await CarReader.fromBytes(await carOf(store, head))
  const commit = dagCbor.decode<Record<string, unknown>>((await reader.get(cidToLink(head)))!.bytes)
  expect(commit['message']).toBe('{"c":"3"}')
  expect((commit['parents'] as unknown[]).map((parent) => CID.asCID(parent)?.code)).toEqual([dagCbor.code])
  expect(CID.asCID(commit['tree'])?.code).toBe(dagCbor.code)
})

test.each([1, 7, 1000, 1 << 22])('what went out comes in again, in pieces of %d bytes', async (size) => {
  const { store, head } = await history()
  const other = MemoryStore.create()
  const report = await importCar(other, MemoryStore.create(), pieces(await carOf(store, head), size), {
    ref: theirs,
  })
  expect([report.head, report.commits]).toEqual([head, 2])
  expect(await refOf(other, theirs)).toBe(head)
  expect(await problemsOf(other)).toEqual([])
  expect((await closureOf(other, head)).size).toBe((await closureOf(store, head)).size)
})

test('only what is not here yet is taken in, and what no commit reaches is left out', async () => {
  const { store, head } = await history()
  const other = MemoryStore.create()
  await importCar(other, MemoryStore.create(), pieces(await carOf(store, head)), { ref: theirs })
  const objects = (await other.stats()).objects
  const next = await commitOn(store, main, { files: { d: '4' } })
  const reader = await CarReader.fromBytes(await carOf(store, next))
  const junk = new TextEncoder().encode('junk')
  const blocks: { cid: CID; bytes: Uint8Array }[] = [
    { cid: CID.create(1, raw.code, await sha256.digest(junk)), bytes: junk },
  ]
  for await (const block of reader.blocks()) blocks.push(block)
  const file = await written([cidToLink(next)], blocks)
  const report = await importCar(other, MemoryStore.create(), pieces(file), { ref: 'refs/heads/more' })
  expect(report.commits).toBe(1)
  expect(report.objects).toBeLessThan(10)
  expect((await other.stats()).objects).toBe(objects + report.objects)
})

test('a branch that is there is not moved', async () => {
  const { store, head } = await history()
  const file = await carOf(store, head)
  const other = MemoryStore.create()
  expect(await brought(other, file)).toBe('no error')
  const before = await other.manifest()
  expect(await brought(other, file)).toContain("VARVE_NOT_POSSIBLE: there is a branch 'theirs'")
  expect(await other.manifest()).toEqual(before)
})

test('version 2, with whatever lies around the blocks, is read as well', async () => {
  const { store, head } = await history()
  const inner = await carOf(store, head)
  const header = Buffer.alloc(51)
  Buffer.from('0aa16776657273696f6e02', 'hex').copy(header)
  header.writeBigUInt64LE(100n, 27)
  header.writeBigUInt64LE(BigInt(inner.length), 35)
  const file = Buffer.concat([header, Buffer.alloc(49), inner, Buffer.from('an index')])
  expect(await brought(MemoryStore.create(), file)).toBe('no error')
  expect(await brought(MemoryStore.create(), file.subarray(0, file.length - 20))).toMatch(/^VARVE_CORRUPT/)
})

describe('nothing is changed by', () => {
  async function refused(bytes: Uint8Array): Promise<string> {
    const store = MemoryStore.create()
    const message = await brought(store, bytes)
    expect((await store.manifest()).sequence).toBe(1)
    expect((await store.stats()).objects).toBe(0)
    return message
  }

  test('a file that lacks any one block', async () => {
    const store = MemoryStore.create()
    await commitOn(store, main, { files: { a: '1' } })
    const head = await commitOn(store, main, { files: { b: '2' }, rows: manyRows(20) })
    const blocks: { cid: CID; bytes: Uint8Array }[] = []
    for await (const block of (await CarReader.fromBytes(await carOf(store, head))).blocks())
      blocks.push(block)
    expect(blocks.length).toBeGreaterThan(6)
    for (const left of blocks) {
      const file = await written(
        [cidToLink(head)],
        blocks.filter((block) => block !== left),
      )
      expect(await refused(file)).toMatch(/^VARVE_(CORRUPT|OBJECT_MISSING)/)
    }
  })

  test('flipped bits: a wrong block, or an error of ours', async () => {
    const store = MemoryStore.create()
    const head = await commitOn(store, main, { files: { a: '1' }, rows: manyRows(50) })
    const bytes = await carOf(store, head)
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(7), async (at, bit) => {
        const bad = Uint8Array.from(bytes)
        bad[at]! ^= 1 << bit
        expect(await refused(bad)).toMatch(/^VARVE_(CORRUPT|REFUSED|OBJECT_MISSING)/)
      }),
      { numRuns: 300 },
    )
  }, 60_000)

  test('a file cut short anywhere', async () => {
    const store = MemoryStore.create()
    const head = await commitOn(store, main, { files: { a: '1' } })
    const bytes = await carOf(store, head)
    for (let length = 0; length < bytes.length; length += 3)
      expect(await refused(bytes.subarray(0, length))).toMatch(/^VARVE_(CORRUPT|REFUSED|OBJECT_MISSING)/)
  })

  test.each([
    ['a block of a gigabyte', Buffer.from('808080800401711220', 'hex')],
    ['a block without a length', Buffer.from('00', 'hex')],
    ['a length that never ends', Buffer.alloc(20, 0xff)],
  ])('%s', async (_, section) => {
    const file = await written([cidToLink(`01711220${'ab'.repeat(32)}` as Cid)], [])
    expect(await refused(Buffer.concat([file, section]))).toMatch(/^VARVE_(CORRUPT|REFUSED)/)
  })

  test('anything but a CAR file', async () => {
    for (const text of ['', 'PK\u0003\u0004 a zip file', 'id,name\n1,Ada\n', '{"roots":[]}'])
      expect(await refused(Buffer.from(text))).toMatch(/^VARVE_(CORRUPT|REFUSED): /)
  })

  test('blocks of other kinds, several roots, a root that is no commit', async () => {
    const bytes = dagCbor.encode({ hello: 'world' })
    const good = CID.create(1, dagCbor.code, await sha256.digest(bytes))
    const long = CID.create(1, dagCbor.code, await sha512.digest(bytes))
    const inline = CID.create(1, raw.code, identity.digest(bytes))
    const old = CID.create(0, 0x70, await sha256.digest(bytes))
    expect(await refused(await written([good], [{ cid: good, bytes }]))).toMatch(/^VARVE_CORRUPT/)
    expect(await refused(await written([], []))).toMatch(/^VARVE_REFUSED: the CAR file has 0 roots/)
    expect(await refused(await written([good, good], []))).toMatch(/^VARVE_REFUSED: the CAR file has 2 roots/)
    for (const cid of [long, inline, old]) {
      expect(await refused(await written([good], [{ cid, bytes }]))).toMatch(/^VARVE_REFUSED/)
      expect(await refused(await written([cid], [{ cid, bytes }]))).toMatch(/^VARVE_REFUSED/)
    }
  })

  test('a tree with a path that leads out', async () => {
    const store = MemoryStore.create()
    const writer = store.writer()
    const { MapBuilder } = await import('../../src/prolly/map-builder.ts')
    const { NodeStore } = await import('../../src/prolly/node-store.ts')
    const { encodeEntry } = await import('../../src/files/entry.ts')
    const { writeBytes } = await import('../../src/files/content.ts')
    const { writeCommit } = await import('../../src/history/commit.ts')
    const builder = new MapBuilder(writer)
    const entry = encodeEntry({ kind: 'file', executable: false, ...writeBytes(writer, Buffer.from('x')) })
    builder.addEntry(Buffer.from('../../etc/passwd'), entry.value, entry.links)
    const tree = builder.finish(new NodeStore(writer)).cid
    const person = { name: 'A', email: 'a@b', timeMs: 0, zoneMinutes: 0 }
    const facts = { parents: [], author: person, committer: person, message: '', generation: 1, extra: {} }
    const head = writeCommit(writer, { tree, ...facts })
    await store.update(
      () => ({ refs: new Map([[main, head]]), operation: { name: 'x', message: '', author: '' } }),
      { writer },
    )
    expect(await refused(await carOf(store, head))).toMatch(/^VARVE_CORRUPT/)
  })
})

test('a reader that leaves early ends the export, and a store that fails ends it with its error', async () => {
  const { store, head } = await history()
  for await (const _ of exportCar(store, head)) break
  const failing = { get: async () => Promise.reject(new Error('no disk')) } as unknown as Store
  await expect(carOf(failing, head)).rejects.toThrow('no disk')
  await tagCommit(store, 'v1', head)
})
