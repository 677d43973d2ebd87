import * as dagCbor from '@ipld/dag-cbor'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { collect } from '../../src/base/iterables.ts'
import { decodeCbor } from '../../src/encoding/cbor.ts'
import { linksOf } from '../../src/encoding/links.ts'
import { entryAt } from '../../src/prolly/entry-batch.ts'
import { MapBuilder } from '../../src/prolly/map-builder.ts'
import { ProllyMap } from '../../src/prolly/map.ts'
import { decodeNode } from '../../src/prolly/node.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { buildMap, counting, flat, newWriter, pair, row, rows, text } from './support.ts'

const abc = [pair('a', '1'), pair('b', '2'), pair('c', '3')]

describe('reading', () => {
  test('gets what was put in, and null for what was not', async () => {
    const map = buildMap(abc, newWriter())
    expect((await collect(map.entries())).map(flat)).toEqual(['a=1', 'b=2', 'c=3'])
    expect(flat((await map.get(utf8('b')))!)).toBe('b=2')
    expect(await map.get(utf8('bb'))).toBeNull()
    expect(await map.get(utf8('z'))).toBeNull()
    expect([map.count, map.bytes, map.height]).toEqual([3, 6, 1])
  })

  test('the empty map has no entry and one node', async () => {
    const map = ProllyMap.empty(new NodeStore(newWriter()), newWriter())
    expect([map.count, map.bytes, map.height]).toEqual([0, 0, 1])
    expect(await collect(map.entries())).toEqual([])
    expect(await map.get(utf8('a'))).toBeNull()
    expect(await map.rank(utf8('a'))).toBe(0)
    expect(await map.at(0)).toBeNull()
  })

  test('getMany reads once a level, in any order of keys', async () => {
    const writer = newWriter()
    const { cid, height } = buildMap(rows(3000), writer)
    const reader = counting(writer)
    const map = await ProllyMap.load(new NodeStore(reader), cid)
    const wanted = [2999, 0, 1500, 1501, 7, 7].map((i) => row(i).key)
    const found = await map.getMany([...wanted, utf8('missing')])
    expect(found.slice(0, -1).map((entry) => text(entry!.key))).toEqual(wanted.map(text))
    expect(found.at(-1)).toBeNull()
    expect(height).toBeGreaterThan(2)
    expect(reader.reads).toBe(height)
  })

  test('scan of a range reads only the nodes that may hold it', async () => {
    const writer = newWriter()
    const { cid, height } = buildMap(rows(3000), writer)
    const reader = counting(writer)
    const map = await ProllyMap.load(new NodeStore(reader), cid)
    const range = { from: row(1000).key, before: row(1010).key }
    const keys = (await collect(map.entries(range))).map((entry) => text(entry.key))
    expect(keys).toEqual(
      rows(1010)
        .slice(1000)
        .map((pair) => text(pair.key)),
    )
    expect(reader.objects).toBeLessThanOrEqual(2 * height)
    expect(await map.countRange(range)).toBe(10)
  })

  test('a reverse scan is the scan reversed', async () => {
    const map = buildMap(rows(1000), newWriter())
    const range = { from: row(100).key, before: row(900).key }
    const forward = (await collect(map.entries(range))).map(flat)
    const backward = (await collect(map.entries({ ...range, reverse: true }))).map(flat)
    expect(backward).toEqual(forward.reverse())
    expect(backward).toHaveLength(800)
  })

  test('rank and at are inverse', async () => {
    const map = buildMap(rows(2000), newWriter())
    for (const i of [0, 1, 777, 1999]) {
      expect(await map.rank(row(i).key)).toBe(i)
      expect(text((await map.at(i))!.key)).toBe(text(row(i).key))
    }
    expect(await map.at(2000)).toBeNull()
    expect(await map.at(-1)).toBeNull()
    expect(await map.rank(utf8('zzz'))).toBe(2000)
  })
})

describe('building', () => {
  test('entries one by one, in one batch and in many give one root', () => {
    const all = rows(2000)
    const whole = buildMap(all, newWriter()).cid
    const writer = newWriter()
    const builder = new MapBuilder(writer, { leafTarget: 1024 })
    for (const { key, value } of all) builder.addEntry(key, value)
    expect(builder.finish(new NodeStore(writer)).cid).toBe(whole)
  })

  test('a key out of order is refused with its index', () => {
    expect(() => buildMap([pair('a', ''), pair('c', ''), pair('b', '')], newWriter())).toThrow(
      expect.objectContaining({ code: 'VARVE_RULE_VIOLATED', data: { index: 2 } }),
    )
    expect(() => buildMap([pair('a', ''), pair('a', '')], newWriter())).toThrow(
      expect.objectContaining({ code: 'VARVE_RULE_VIOLATED', data: { index: 1 } }),
    )
  })

  test('a key or an entry beyond its limit is refused by name', () => {
    const builder = new MapBuilder(newWriter())
    expect(() => builder.addEntry(new Uint8Array(1025), utf8(''))).toThrow(/longer than 1024/)
    expect(() => builder.addEntry(utf8('a'), new Uint8Array(1 << 20))).toThrow(/larger than 1048576/)
    builder.addEntry(new Uint8Array(1024), utf8(''))
    builder.addEntry(utf8('a'), new Uint8Array((1 << 20) - 9))
    expect(builder.finish(new NodeStore(newWriter())).count).toBe(2)
  })

  test('nodes are the bytes that a dag-cbor encoder writes for their fields', async () => {
    const writer = newWriter()
    const linked = rows(600).map((pair, i) => ({
      ...pair,
      links: i % 3 === 0 ? [buildMap(abc, writer).cid] : [],
    }))
    const big = [pair('big', 'x'.repeat(70_000)), ...linked]
    const todo = [buildMap(big, writer).cid, ProllyMap.empty(new NodeStore(writer), writer).cid]
    let nodes = 0
    for (const cid of todo) {
      const [bytes] = await writer.get([cid])
      const fields = decodeCbor(bytes!, 'node')
      expect(dagCbor.encode(fields)).toEqual(bytes)
      const node = decodeNode(bytes!)
      expect(node.links).toEqual(linksOf(cid, bytes!))
      if (node.level > 0) todo.push(...node.links)
      nodes++
    }
    expect(nodes).toBeGreaterThan(40)
  })
})

describe('mutating', () => {
  const same = async (
    edits: Parameters<ProllyMap['mutate']>[1],
    after: ReturnType<typeof rows>,
  ): Promise<void> => {
    const writer = newWriter()
    const edited = await buildMap(rows(2000), writer).mutate(writer, edits)
    expect((await collect(edited.scan())).reduce((sum, batch) => sum + batch.count, 0)).toBe(after.length)
    expect(edited.cid).toBe(buildMap(after, newWriter()).cid)
  }

  test('a changed value', () => same([row(5, 40, 'new')], rows(2000).with(5, row(5, 40, 'new'))))

  test('a row put before all, after all, and a removal in the middle', () =>
    same(
      [pair('a', 'first'), { key: row(1000).key, value: null }, pair('z', 'last')],
      [pair('a', 'first'), ...rows(2000).toSpliced(1000, 1), pair('z', 'last')],
    ))

  test('an edit that changes nothing gives the same root and writes nothing', async () => {
    const writer = newWriter()
    const map = buildMap(rows(2000), writer)
    const edited = await map.mutate(writer, [[row(7)], [{ key: utf8('nobody'), value: null }]])
    expect(edited).toBe(map)
  })

  test('removing all gives the empty map', async () => {
    const writer = newWriter()
    const map = buildMap(rows(2000), writer)
    const edited = await map.mutate(
      writer,
      rows(2000).map(({ key }) => ({ key, value: null })),
    )
    expect(edited.cid).toBe(buildMap([], writer).cid)
  })

  test('removing all but a few lowers the tree', async () => {
    const writer = newWriter()
    const map = buildMap(rows(2000), writer)
    const edits = rows(2000).flatMap(({ key }, i) => (i % 1000 === 0 ? [] : [{ key, value: null }]))
    const edited = await map.mutate(writer, edits)
    expect(edited.cid).toBe(buildMap([row(0), row(1000)], writer).cid)
    expect(edited.height).toBe(1)
  })

  test('many rows put into an empty map', async () => {
    const writer = newWriter()
    const edited = await buildMap([], writer).mutate(writer, rows(2000))
    expect(edited.cid).toBe(buildMap(rows(2000), writer).cid)
    expect(entryAt(edited.root.node, 0).links).toHaveLength(1)
  })

  test('edits out of order are refused with their index', async () => {
    const writer = newWriter()
    const map = buildMap(abc, writer)
    await expect(map.mutate(writer, [[pair('b', '')], [pair('a', '')]])).rejects.toMatchObject({
      code: 'VARVE_RULE_VIOLATED',
      data: { index: 1 },
    })
  })
})
