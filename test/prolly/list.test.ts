import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { collect } from '../../src/base/iterables.ts'
import { type Cid, cidOf } from '../../src/encoding/cid.ts'
import { varintLength, writeVarint } from '../../src/encoding/varint.ts'
import { entryAt } from '../../src/prolly/entry-batch.ts'
import { ListBuilder } from '../../src/prolly/list-builder.ts'
import { diffLists } from '../../src/prolly/list-diff.ts'
import { ProllyList } from '../../src/prolly/list.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { chunkListKind, listKind } from '../../src/prolly/rule.ts'
import type { ObjectWriter } from '../../src/store/interface.ts'
import { counting, newWriter, text } from './support.ts'

function buildList(items: readonly string[], writer: ObjectWriter): Promise<ProllyList> {
  const builder = new ListBuilder(writer, listKind, { leafTarget: 1024 })
  for (const item of items) builder.add(utf8(item))
  return ProllyList.load(new NodeStore(writer), builder.finish())
}

async function itemsOf(list: ProllyList, range = {}): Promise<string[]> {
  const items: string[] = []
  for await (const batch of list.scan(range)) {
    for (let i = 0; i < batch.count; i++) items.push(text(entryAt(batch, i).value))
  }
  return items
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `item ${i * 7919}`)
}

/** Chunks of 1, 2, 3 … thousand bytes. */
async function chunkList(count: number, writer: ObjectWriter): Promise<ProllyList> {
  const builder = new ListBuilder(writer, chunkListKind, { leafTarget: 1024 })
  for (let i = 1; i <= count; i++) {
    const value = new Uint8Array(varintLength(i * 1000))
    writeVarint(value, 0, i * 1000)
    builder.add(value, [cidOf('raw', utf8(String(i)))])
  }
  return ProllyList.load(new NodeStore(writer), builder.finish())
}

test('a list gives back its items, by range and by index', async () => {
  const list = await buildList(names(3000), newWriter())
  expect([list.count, list.kind]).toEqual([3000, listKind])
  expect(list.height).toBeGreaterThan(2)
  expect(await itemsOf(list)).toEqual(names(3000))
  expect(await itemsOf(list, { start: 1499, end: 1502 })).toEqual(names(3000).slice(1499, 1502))
  expect(await itemsOf(list, { start: 2999 })).toEqual(names(3000).slice(2999))
  expect(text((await list.at(1234))!.value)).toBe(names(3000)[1234])
  expect(await list.at(3000)).toBeNull()
})

test('the empty list has one node and no item', async () => {
  const list = await buildList([], newWriter())
  expect([list.count, list.measure, list.height]).toEqual([0, 0, 1])
  expect(await itemsOf(list)).toEqual([])
  expect(await list.findByMeasure(0)).toEqual({ index: 0, start: 0 })
})

test('a byte offset finds the chunk that holds it', async () => {
  const list = await chunkList(500, newWriter())
  expect(list.height).toBeGreaterThan(2)
  expect(list.measure).toBe((500 * 501 * 1000) / 2)
  expect(await list.findByMeasure(0)).toEqual({ index: 0, start: 0 })
  expect(await list.findByMeasure(999)).toEqual({ index: 0, start: 0 })
  expect(await list.findByMeasure(1000)).toEqual({ index: 1, start: 1000 })
  expect(await list.findByMeasure(5051)).toEqual({ index: 2, start: 3000 })
  expect(await list.findByMeasure(list.measure - 1)).toEqual({ index: 499, start: list.measure - 500_000 })
  expect(await list.findByMeasure(list.measure)).toEqual({ index: 500, start: list.measure })
  const chunk = (await list.at(42))!
  expect(chunk.links).toEqual([cidOf('raw', utf8('43'))])
})

test('an offset in a list of values finds the value that holds it', async () => {
  const list = await buildList(['aa', '', 'bbb', 'c'], newWriter())
  const found = await Promise.all([0, 1, 2, 4, 5, 6].map((offset) => list.findByMeasure(offset)))
  expect(found.map(({ index }) => index)).toEqual([0, 0, 2, 2, 3, 4])
})

test('an item of a list of chunks that is no varint is a mistake of the caller', () => {
  const builder = new ListBuilder(newWriter(), chunkListKind)
  expect(() => builder.add(new Uint8Array([1, 2]))).toThrow(TypeError)
})

test('a moved item is one hunk where it was and one where it is', async () => {
  const writer = newWriter()
  const a = await buildList(['a', 'b', 'c', 'd', 'e'], writer)
  const b = await buildList(['b', 'c', 'd', 'a', 'e'], writer)
  const hunks = await collect(diffLists(a, b))
  expect(
    hunks.map((hunk) => [hunk.aStart, hunk.aItems.map(text), hunk.bStart, hunk.bItems.map(text)]),
  ).toEqual([
    [0, ['a'], 0, []],
    [4, [], 3, ['a']],
  ])
})

test('diff of equal lists reads nothing, of one change one path of each', async () => {
  const writer = newWriter()
  const before = await buildList(names(5000), writer)
  const after = await buildList(names(5000).toSpliced(2500, 1, 'new'), writer)
  const reader = counting(writer)
  const nodes = new NodeStore(reader)
  const [a, b] = [await ProllyList.load(nodes, before.cid), await ProllyList.load(nodes, after.cid)]
  reader.objects = 0
  expect(await collect(diffLists(a, a))).toEqual([])
  expect(reader.objects).toBe(0)
  const hunks = await collect(diffLists(a, b))
  expect(hunks.map((hunk) => [hunk.aStart, hunk.aItems.length, hunk.bItems.map(text)])).toEqual([
    [2500, 1, ['new']],
  ])
  expect(reader.objects).toBeLessThan(4 * before.height)
})

test('chunks that changed behind equal lengths are a hunk', async () => {
  const writer = newWriter()
  const lists: ProllyList[] = []
  for (const content of ['old', 'new']) {
    const builder = new ListBuilder(writer, chunkListKind)
    const links: Cid[] = [cidOf('raw', utf8(content))]
    builder.add(new Uint8Array([5]), links)
    lists.push(await ProllyList.load(new NodeStore(writer), builder.finish()))
  }
  expect(await collect(diffLists(lists[0]!, lists[1]!))).toHaveLength(1)
  await expect(lists[0]!.splice(writer, [])).rejects.toThrow(TypeError)
})
