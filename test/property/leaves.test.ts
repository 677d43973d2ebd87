// Leaves that are cut slice by slice must be those that one builder would have cut, wherever the slices end.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareBytes, concatBytes, toHex, utf8 } from '../../src/base/bytes.ts'
import { collect } from '../../src/base/iterables.ts'
import { WorkerPool } from '../../src/base/pool.ts'
import { type Cid, cidOf } from '../../src/encoding/cid.ts'
import { xxh32 } from '../../src/encoding/xxh32.ts'
import { RowIntake } from '../../src/formats/intake.ts'
import { findKnown, knownLeaves } from '../../src/formats/known-leaves.ts'
import { leavesOf } from '../../src/formats/leaves.ts'
import type { PackedRows } from '../../src/formats/packed.ts'
import { readTable } from '../../src/formats/read.ts'
import { renderTable } from '../../src/formats/render.ts'
import { BatchBuilder } from '../../src/prolly/batch-builder.ts'
import type { Entry } from '../../src/prolly/interface.ts'
import { MapBuilder } from '../../src/prolly/map-builder.ts'
import type { ProllyMap } from '../../src/prolly/map.ts'
import { walkLevel } from '../../src/prolly/walk.ts'
import { chunksOf, newPlace, type Place } from '../formats/round-trip.ts'

const leafTarget = 1024
const limits = { interruptAfterTimeLimit: 15_000, markInterruptAsFailure: false }

/** Keys whose hash ends a leaf as soon as it may end, never, or as it comes. */
const fates = ['early', 'never', 'any'] as const

function keysOf(count: number, fate: (typeof fates)[number]): Uint8Array[] {
  const keys: Uint8Array[] = []
  for (let i = 0; keys.length < count; i++) {
    const key = utf8(`k${String(i).padStart(7, '0')}`)
    const hash = xxh32(key, 0, key.length, 0)
    if (fate === 'any' || (fate === 'early' ? hash < 2 ** 27 : hash > 2 ** 31)) keys.push(key)
  }
  return keys
}

const pools = Object.fromEntries(fates.map((fate) => [fate, keysOf(900, fate)]))

/** Runs of keys of one fate each, and values from nothing to several leaves. */
const entriesOf = fc
  .array(
    fc.record({
      fate: fc.constantFrom(...fates),
      from: fc.nat(899),
      count: fc.integer({ min: 1, max: 300 }),
      length: fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 0, max: 90 }) },
        { weight: 1, arbitrary: fc.constantFrom(500, 2000, 9000) },
      ),
      linked: fc.integer({ min: 0, max: 4 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((runs): Entry[] => {
    const entries = new Map<string, Entry>()
    for (const { fate, from, count, length, linked } of runs) {
      for (const key of pools[fate]!.slice(from, from + count)) {
        const links = linked > 2 ? [cidOf('raw', contentOf(key))] : []
        const value = new Uint8Array(linked === 4 ? 0 : length).fill(key.at(-1)!)
        entries.set(toHex(key), { key, value, links })
      }
    }
    return [...entries.values()].sort((a, b) => compareBytes(a.key, b.key))
  })
const sizesOf = fc.array(fc.oneof(fc.integer({ min: 0, max: 400 }), fc.constantFrom(0, 1, 2)), {
  minLength: 1,
  maxLength: 12,
})

function contentOf(key: Uint8Array): Uint8Array {
  return concatBytes([utf8('content of '), key])
}

function bulkBuild(entries: readonly Entry[], { writer, nodes }: Place): ProllyMap {
  const builder = new MapBuilder(writer, { leafTarget })
  for (const { key, value, links } of entries) builder.addEntry(key, value, links)
  return builder.finish(nodes)
}

function packed(entries: readonly Entry[]): { rows: PackedRows; links: readonly Cid[] } {
  const batch = new BatchBuilder()
  for (const { key, value, links } of entries) batch.add(key, value, links)
  const { links, linkEnds, ...rest } = batch.finish()
  const contents = entries.flatMap(({ key, links: own }) => (own.length > 0 ? [contentOf(key)] : []))
  const isOrdered = entries.every(({ key }, i) => i === 0 || compareBytes(entries[i - 1]!.key, key) < 0)
  return { rows: { ...rest, contents, contentEnds: linkEnds, isOrdered }, links }
}

function* slicesOf<T>(items: readonly T[], sizes: readonly number[]): Generator<readonly T[]> {
  const step = sizes.some((size) => size > 0) ? 0 : 1
  for (let at = 0, i = 0; at < items.length; i++) {
    const size = sizes[i % sizes.length]! + step
    yield items.slice(at, at + size)
    at += size
  }
}

/** Slices as leaves where that can be, as read.ts gives them. */
async function takeSlices(
  intake: RowIntake,
  slices: Iterable<readonly Entry[]>,
): Promise<Awaited<ReturnType<RowIntake['finish']>>> {
  for (const slice of slices) {
    const { rows, links } = packed(slice)
    const leafOptions = intake.leafOptions
    const leaves =
      leafOptions !== null && rows.isOrdered && rows.count > 0 ? leavesOf(rows, links, leafOptions) : null
    if (leaves === null || !(await intake.addLeaves(leaves, rows.contents ?? []))) await intake.add(rows)
  }
  return intake.finish()
}

test('leaves cut slice by slice make the map of a bulk build, wherever the slices end', async () => {
  const law = fc.asyncProperty(entriesOf, sizesOf, async (entries, sizes) => {
    const { writer, nodes } = newPlace()
    const intake = new RowIntake(writer, nodes, { leafTarget })
    const { rows, order } = await takeSlices(intake, slicesOf(entries, sizes))
    expect(order).toBe(null)
    expect(intake.rowCount).toBe(entries.length)
    expect(rows.cid).toBe(bulkBuild(entries, newPlace()).cid)
    const keys = (await collect(rows.entries())).map(({ key }) => toHex(key))
    expect(keys).toEqual(entries.map(({ key }) => toHex(key)))
  })
  await fc.assert(law, { numRuns: 60, ...limits })
})

test('leaves of a next version are the old ones where nothing changed, and no old leaf is packed again', async () => {
  const law = fc.asyncProperty(
    entriesOf,
    sizesOf,
    fc.array(fc.nat(), { maxLength: 5 }),
    async (entries, sizes, changes) => {
      const place = newPlace()
      const before = bulkBuild(entries, place)
      const after = entries.map((entry) => ({ ...entry }))
      for (const at of changes) after[at % after.length]!.value = utf8(`changed ${at}`)
      const known = knownLeaves(await leavesIn(before, place))
      const intake = new RowIntake(place.writer, place.nodes, { leafTarget, known })
      const { rows } = await takeSlices(intake, slicesOf(after, sizes))
      expect(rows.cid).toBe(bulkBuild(after, newPlace()).cid)
      expect((await collect(rows.scan())).reduce((sum, { count }) => sum + count, 0)).toBe(after.length)
    },
  )
  await fc.assert(law, { numRuns: 40, ...limits })
})

test('a slice whose old leaves the store lacks is refused, so that it can be given as rows', async () => {
  const entries = keysOf(900, 'any').map((key) => ({ key, value: new Uint8Array(40), links: [] }))
  const away = newPlace()
  const known = knownLeaves(await leavesIn(bulkBuild(entries, away), away))
  const { writer, nodes } = newPlace()
  const intake = new RowIntake(writer, nodes, { leafTarget, known })
  const { rows, links } = packed(entries)
  const leaves = leavesOf(rows, links, intake.leafOptions!)!
  expect(leaves.known.some((number) => number >= 0)).toBe(true)
  expect(await intake.addLeaves(leaves, [])).toBe(false)
  await intake.add(rows)
  expect((await intake.finish()).rows.cid).toBe(bulkBuild(entries, newPlace()).cid)
})

test('slices out of order, before or behind leaves, give the map and the order that rows give', async () => {
  const law = fc.asyncProperty(entriesOf, sizesOf, fc.nat(), fc.nat(), async (entries, sizes, from, to) => {
    const [start, end] = [from % entries.length, to % entries.length].sort((a, b) => a - b) as [
      number,
      number,
    ]
    const mixed = [...entries.slice(0, start), ...entries.slice(end), ...entries.slice(start, end)]
    const [one, other] = [newPlace(), newPlace()]
    const intake = new RowIntake(one.writer, one.nodes, { leafTarget, runBytesMax: 20_000 })
    const taken = await takeSlices(intake, slicesOf(mixed, sizes))
    const plain = new RowIntake(other.writer, other.nodes, { leafTarget })
    for (const slice of slicesOf(mixed, sizes)) await plain.add(packed(slice).rows)
    const expected = await plain.finish()
    expect([taken.rows.cid, taken.order]).toEqual([expected.rows.cid, expected.order])
  })
  await fc.assert(law, { numRuns: 40, ...limits })
})

test('each digest is found among the known ones, and no other', () => {
  const law = fc.property(fc.uniqueArray(fc.nat(1000), { maxLength: 60 }), (numbers) => {
    const cids = numbers.map((number) => cidOf('dag-cbor', utf8(String(number))))
    const known = knownLeaves(cids)
    const digest = (cid: Cid): Uint8Array => Uint8Array.from(Buffer.from(cid.slice(8), 'hex'))
    expect(cids.map((cid) => findKnown(known, digest(cid)))).toEqual([...cids.keys()])
    expect(findKnown(known, digest(cidOf('dag-cbor', utf8('another'))))).toBe(-1)
  })
  fc.assert(law)
})

async function leavesIn(map: ProllyMap, { nodes }: Place): Promise<Cid[]> {
  const groups = await collect(walkLevel(nodes, map.root, 0))
  return groups.flat().map(({ ref }) => ref.cid)
}

const row = (i: number): string => `${i},name ${(i * 7919) % 1009},${(i * 31) % 97}.5,note ${i * i}\n`
const rows = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => row(from + i)).join('')
const head = 'id,name,amount,note\n'
const files: Record<string, string> = {
  'rows in key order': head + rows(0, 120_000),
  'rows out of order behind some slices': head + rows(50_000, 120_000) + rows(0, 50_000),
  'a row out of order in the middle': `${head}${rows(0, 45_000)}1000000,x,y,z\n${rows(45_001, 120_000)}`,
  'quoted line ends everywhere': head + rows(0, 80_000).replaceAll(/name (\d+)/g, '"name\n$1"'),
  'cells out of line': head + rows(0, 60_000).replaceAll(/note 77\d+/g, (text) => text.repeat(200)),
  'a ragged row in the middle': `${head}${rows(0, 45_000)}45000,x\n${rows(45_001, 120_000)}`,
  'a key that comes twice': `${head}${rows(0, 60_000)}59999,x,y,z\n${rows(60_000, 120_000)}`,
  'a trailer': `${head}${rows(0, 80_000)}\n\n`,
  'no last line end': head + rows(0, 80_000).trimEnd(),
}

test.each(Object.entries(files))('with leaves or without, a file is read alike: %s', async (_, text) => {
  const bytes = utf8(text)
  const readIn = async (place: Place, pool: WorkerPool | undefined): Promise<string> => {
    const options = { ...place, format: 'csv', key: ['id'], where: 'data', pool } as const
    try {
      const { table, cid, rowCount } = await readTable(chunksOf(bytes), options)
      const again = await readTable(chunksOf(bytes), { ...options, previous: table })
      expect(again.cid).toBe(cid)
      expect(compareBytes(concatBytes(await collect(renderTable(place.nodes, table))), bytes)).toBe(0)
      return `${cid} ${rowCount}`
    } catch (error) {
      return String(error)
    }
  }
  expect(await readIn(newPlace(), new WorkerPool())).toBe(await readIn(newPlace(), undefined))
})
