import { expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { diffMaps, diffThreeWay } from '../../src/prolly/diff.ts'
import { ProllyMap } from '../../src/prolly/map.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { buildMap, counting, newWriter, pair, row, rows, text } from './support.ts'

test('diff of two equal trees reads nothing', async () => {
  const writer = newWriter()
  const { cid } = buildMap(rows(3000), writer)
  const reader = counting(writer)
  const a = await ProllyMap.load(new NodeStore(reader), cid)
  const b = await ProllyMap.load(new NodeStore(reader), cid)
  reader.reads = 0
  expect(await collect(diffMaps(a, b))).toEqual([])
  expect(reader.reads).toBe(0)
})

test('diff of one changed row reads one path of each tree, with one read a level', async () => {
  const writer = newWriter()
  const before = buildMap(rows(3000), writer)
  const after = await before.mutate(writer, [row(1234, 40, 'new')])
  const reader = counting(writer)
  const nodes = new NodeStore(reader)
  const a = await ProllyMap.load(nodes, before.cid)
  const b = await ProllyMap.load(nodes, after.cid)
  const [difference] = (await collect(diffMaps(a, b))).flat()
  expect(text(difference!.key)).toBe(text(row(1234).key))
  expect(reader.objects).toBe(2 * before.height)
  expect(reader.reads).toBe(2 + before.height - 1)
})

test('diff of chosen keys reads the paths to those that differ alone, whatever else does', async () => {
  const writer = newWriter()
  const before = buildMap(rows(20_000), writer)
  const edited = rows(20_000).map((one, i) => (i % 1000 === 0 ? row(i, 40, 'new') : one))
  const after = buildMap(edited, writer)
  const reader = counting(writer)
  const nodes = new NodeStore(reader)
  const [a, b] = [await ProllyMap.load(nodes, before.cid), await ProllyMap.load(nodes, after.cid)]
  const keys = [row(5000).key, row(17_000).key, row(17_500).key]
  const found = (await collect(diffMaps(a, b, { keys }))).flat()
  expect(found.map(({ key }) => text(key))).toEqual([text(row(5000).key), text(row(17_000).key)])
  expect(reader.objects).toBeLessThanOrEqual(2 * 3 * before.height)
})

test('diff of scattered changes reads the changed nodes of a level together', async () => {
  const writer = newWriter()
  const before = buildMap(rows(20_000), writer)
  const after = await before.mutate(
    writer,
    rows(20_000).flatMap((_, i) => (i % 1000 === 0 ? [row(i, 40, 'new')] : [])),
  )
  const reader = counting(writer)
  const nodes = new NodeStore(reader)
  const [a, b] = [await ProllyMap.load(nodes, before.cid), await ProllyMap.load(nodes, after.cid)]
  expect((await collect(diffMaps(a, b))).flat()).toHaveLength(20)
  expect(reader.objects).toBeLessThanOrEqual(2 * 20 * before.height)
  expect(reader.reads).toBeLessThan(6 * before.height)
})

test('diff against the empty map lists all rows', async () => {
  const writer = newWriter()
  const map = buildMap(rows(500), writer)
  const empty = ProllyMap.empty(map.nodes, writer)
  expect((await collect(diffMaps(empty, map))).flat().every(({ before }) => before === null)).toBe(true)
  expect((await collect(diffMaps(map, empty))).flat()).toHaveLength(500)
})

test('an appended tree keeps the nodes of the lower one', async () => {
  const writer = newWriter()
  const [low, high] = [buildMap(rows(300), writer), buildMap(rows(5000), writer)]
  expect(high.height).toBeGreaterThan(low.height)
  const reader = counting(writer)
  const nodes = new NodeStore(reader)
  const [a, b] = [await ProllyMap.load(nodes, low.cid), await ProllyMap.load(nodes, high.cid)]
  const found = (await collect(diffMaps(a, b, { before: row(310).key }))).flat()
  expect(found.map(({ key }) => text(key))).toEqual(
    rows(310)
      .slice(300)
      .map(({ key }) => text(key)),
  )
  expect(reader.objects).toBeLessThan(4 * high.height)
})

test('sides that equal the base are the base itself', async () => {
  const writer = newWriter()
  const base = buildMap([pair('a', '1'), pair('b', '2'), pair('c', '3')], writer)
  const ours = await base.mutate(writer, [pair('a', 'ours')])
  const theirs = await base.mutate(writer, [{ key: pair('b', '').key, value: null }, pair('d', 'new')])
  const found = (await collect(diffThreeWay(base, ours, theirs))).flat()
  expect(found.map(({ key }) => text(key))).toEqual(['a', 'b', 'd'])
  expect(found[0]!.theirs).toBe(found[0]!.base)
  expect(found[1]!.ours).toBe(found[1]!.base)
  expect(found[1]!.theirs).toBeNull()
  expect([found[2]!.base, found[2]!.ours]).toEqual([null, null])
})

test('leaving a diff early is allowed', async () => {
  const writer = newWriter()
  const [a, b] = [buildMap(rows(3000), writer), buildMap(rows(3000, 30), writer)]
  for await (const batch of diffMaps(a, b)) {
    expect(batch.length).toBeGreaterThan(0)
    break
  }
  for await (const batch of diffThreeWay(a, b, a)) {
    expect(batch.length).toBeGreaterThan(0)
    break
  }
})
