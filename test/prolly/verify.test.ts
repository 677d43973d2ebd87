import { describe, expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { BatchBuilder } from '../../src/prolly/batch-builder.ts'
import { xxh32 } from '../../src/encoding/xxh32.ts'
import type { EntryBatch } from '../../src/prolly/interface.ts'
import { NodeEncoder } from '../../src/prolly/node-encoder.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { entryOfNode } from '../../src/prolly/tree-builder.ts'
import { verifyTree } from '../../src/prolly/verify.ts'
import type { ObjectWriter } from '../../src/store/interface.ts'
import { type Pair, buildMap, newWriter, pair, row, rows } from './support.ts'

function batchOf(pairs: readonly Pair[]): EntryBatch {
  const builder = new BatchBuilder()
  for (const { key, value, links } of pairs) builder.add(key, value, links)
  return builder.finish()
}

/** A tree of two levels with leaves as given, wherever the rule would cut. */
function handMade(leaves: readonly (readonly Pair[])[], writer: ObjectWriter): Cid {
  const put = (level: number, pairs: readonly Pair[]): Pair & { links: readonly Cid[] } => {
    const shape = { kind: 0, level, leafTarget: 1024 } as const
    const batch = batchOf(pairs)
    const encoded = new NodeEncoder().encode(shape, [{ batch, from: 0, to: batch.count }])
    return entryOfNode(shape, writer.put('dag-cbor', encoded.bytes), encoded, pairs.at(-1)!.key)
  }
  return put(
    1,
    leaves.map((leaf) => put(0, leaf)),
  ).links[0]!
}

describe('verify', () => {
  const faultOf = async (leaves: readonly (readonly Pair[])[]): Promise<string | undefined> => {
    const writer = newWriter()
    return (await verifyTree(new NodeStore(writer), handMade(leaves, writer)))?.what
  }

  test('finds a node that ends too early', async () => {
    expect(await faultOf([[pair('a', '1')], [pair('b', '2')]])).toBe(
      'node ends where the cutting rule does not end it',
    )
  })

  test('finds a node that goes on too long', async () => {
    const values = ['a', 'b', 'c'].map((key) => pair(key, key.repeat(2000)))
    expect(await faultOf([values, [pair('d', '')]])).toBe('node goes on where the cutting rule ends it')
  })

  test('finds a root that is no root', async () => {
    expect(await faultOf([[pair('a', '1')]])).toBe('root has a single child')
  })

  test('finds neighbours that overlap', async () => {
    expect(await faultOf([[pair('c', '1')], [pair('b', '1'), pair('d', '2')]])).toBe(
      'node begins before its left neighbour ends',
    )
  })

  test('finds a node that is missing, by name', async () => {
    const writer = newWriter()
    const map = buildMap(rows(500), writer)
    const lost = newWriter()
    const [bytes] = await writer.get([map.cid])
    lost.put('dag-cbor', bytes!)
    expect(await verifyTree(new NodeStore(lost), map.cid)).toMatchObject({ cid: map.root.node.link(0) })
  })
})

describe('bases', () => {
  const bases = (writer: ObjectWriter): (Cid | undefined)[] => {
    const seen: (Cid | undefined)[] = []
    const put = writer.put.bind(writer)
    writer.put = (codec, bytes, options) => {
      seen.push(options?.base)
      return put(codec, bytes, options)
    }
    return seen
  }

  test('a changed row puts one node a level, each on the base of the node it replaces', async () => {
    const writer = newWriter()
    const map = buildMap(rows(3000), writer)
    const seen = bases(writer)
    const edited = await map.mutate(writer, [row(1500, 40, 'new')])
    expect(seen).toHaveLength(map.height)
    expect(seen.at(-1)).toBe(map.cid)
    expect(new Set(seen).size).toBe(map.height)
    expect(edited.height).toBe(map.height)
  })
})

describe('hostile content', () => {
  const root = (pairs: readonly Pair[]): { cid: Cid; height: number } => buildMap(pairs, newWriter(), 8192)
  const valueOf = new Uint8Array(100)
  const threshold = (111 * 2 ** 32) / 4096

  /** The first keys of three bytes, in order, whose hash makes a leaf end behind them, or does not. */
  function mined(count: number, wanted: (hash: number) => boolean): Pair[] {
    const pairs: Pair[] = []
    for (let i = 0; pairs.length < count; i++) {
      const key = new Uint8Array([i >>> 16, i >>> 8, i])
      if (wanted(xxh32(key, 0, 3, 0))) pairs.push({ key, value: valueOf })
    }
    return pairs
  }

  test('keys mined so that no leaf ends by its hash end at four times the target', async () => {
    const writer = newWriter()
    const pairs = mined(3000, (hash) => hash >= threshold)
    const map = buildMap(pairs, writer, 8192)
    expect(await verifyTree(new NodeStore(writer), map.cid)).toBeNull()
    const [leaf] = await collect(map.scan())
    expect(leaf!.count).toBe(Math.floor((4 * 8192) / 111))
    const edited = await map.mutate(writer, [{ key: pairs[0]!.key, value: null }])
    expect(edited.cid).toBe(root(pairs.slice(1)).cid)
  })

  test('keys mined so that every leaf ends as soon as it may hold half the target', async () => {
    const writer = newWriter()
    const pairs = mined(3000, (hash) => hash < threshold)
    const map = buildMap(pairs, writer, 8192)
    expect(await verifyTree(new NodeStore(writer), map.cid)).toBeNull()
    const [leaf] = await collect(map.scan())
    expect(leaf!.count).toBe(Math.ceil(4096 / 111))
    const edited = await map.mutate(writer, [{ key: pairs[0]!.key, value: null }])
    expect(edited.cid).toBe(root(pairs.slice(1)).cid)
  })

  test('entries of 100 KB and keys of one byte', async () => {
    const pairs = Array.from({ length: 40 }, (_, i) => ({
      key: new Uint8Array([i]),
      value: new Uint8Array(100_000),
    }))
    const writer = newWriter()
    const map = buildMap(pairs, writer, 8192)
    expect(await verifyTree(new NodeStore(writer), map.cid)).toBeNull()
    const edited = await map.mutate(writer, [{ key: new Uint8Array([7]), value: new Uint8Array(1) }])
    expect(edited.cid).toBe(root(pairs.with(7, { key: new Uint8Array([7]), value: new Uint8Array(1) })).cid)
  })
})
