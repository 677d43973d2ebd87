import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareBytes } from '../../src/base/bytes.ts'
import { collect } from '../../src/base/iterables.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { diffMaps, diffThreeWay } from '../../src/prolly/diff.ts'
import type { Edit, Entry } from '../../src/prolly/interface.ts'
import type { ProllyMap } from '../../src/prolly/map.ts'
import { type Pair, buildMap, flat, newWriter, text } from '../prolly/support.ts'

// Keys from a small space, so that edits hit; values from nothing to several leaves; whole regions as well as points.
// Shrinking such values to the last takes minutes.
const limits = { interruptAfterTimeLimit: 15_000, markInterruptAsFailure: false }
const link = `01551220${'ab'.repeat(32)}` as Cid
const keyOf = fc.integer({ min: 0, max: 999 }).map((i) => new TextEncoder().encode(String(i * 37)))
const valueOf = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 60 }) },
  { weight: 1, arbitrary: fc.integer({ min: 500, max: 9000 }).map((n) => new Uint8Array(n).fill(n)) },
)
const linksOf = fc.oneof(
  { weight: 9, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.constant([link]) },
)
const pairsOf = fc.array(fc.record({ key: keyOf, value: valueOf, links: linksOf }), {
  maxLength: 600,
  size: 'max',
})
const runOf = fc.record({
  from: fc.integer({ min: 0, max: 999 }),
  length: fc.integer({ min: 0, max: 400 }),
  value: fc.option(valueOf),
})
const pointsOf = fc.array(fc.record({ key: keyOf, value: fc.option(valueOf) }), { maxLength: 20 })
const editsOf = fc
  .tuple(pointsOf, fc.array(runOf, { maxLength: 2 }))
  .map(([points, runs]): Edit[] =>
    sortedByKey([
      ...runs.flatMap(({ from, length, value }) =>
        Array.from({ length }, (_, i) => ({ key: new TextEncoder().encode(String((from + i) * 37)), value })),
      ),
      ...points,
    ]),
  )

/** The last of equal keys stays. */
function sortedByKey<T extends { key: Uint8Array }>(items: readonly T[]): T[] {
  const byKey = new Map(items.map((item) => [text(item.key), item]))
  return [...byKey.values()].sort((a, b) => compareBytes(a.key, b.key))
}

function applied(pairs: readonly Pair[], edits: readonly Edit[]): Pair[] {
  const all: Edit[] = sortedByKey([...pairs, ...edits])
  return all.flatMap(({ key, value, links = [] }) => (value === null ? [] : [{ key, value, links }]))
}

function oracle(before: readonly Pair[], after: readonly Pair[]): string[] {
  const side = (pairs: readonly Pair[]): Map<string, string> =>
    new Map(pairs.map((pair) => [text(pair.key), flat({ links: [], ...pair })]))
  const [a, b] = [side(before), side(after)]
  const keys = sortedByKey([...before, ...after]).map((pair) => text(pair.key))
  return keys
    .filter((key) => a.get(key) !== b.get(key))
    .map((key) => `${a.get(key) ?? '-'}>${b.get(key) ?? '-'}`)
}

async function differences(a: ProllyMap, b: ProllyMap, range = {}): Promise<string[]> {
  const all = (await collect(diffMaps(a, b, range))).flat()
  return all.map(({ before, after }) => `${before ? flat(before) : '-'}>${after ? flat(after) : '-'}`)
}

test('any sequence of edits gives the root that a bulk build gives', async () => {
  await fc.assert(
    fc.asyncProperty(pairsOf, fc.array(editsOf, { maxLength: 4 }), async (unsorted, steps) => {
      const writer = newWriter()
      let pairs: Pair[] = sortedByKey(unsorted)
      let map = buildMap(pairs, writer)
      for (const edits of steps) {
        pairs = applied(pairs, edits)
        map = await map.mutate(writer, edits)
        expect(map.cid).toBe(buildMap(pairs, newWriter()).cid)
      }
    }),
    { numRuns: 40, ...limits },
  )
})

test('a diff shows what a comparison of all entries shows, and applied gives the other map', async () => {
  await fc.assert(
    fc.asyncProperty(pairsOf, editsOf, keyOf, keyOf, async (unsorted, edits, from, before) => {
      const writer = newWriter()
      const pairs = sortedByKey(unsorted)
      const after = applied(pairs, edits)
      const [a, b] = [buildMap(pairs, writer), buildMap(after, writer)]
      expect(await differences(a, b)).toEqual(oracle(pairs, after))
      const range = { from, before }
      const within = ({ key }: Pair): boolean => compareBytes(key, from) >= 0 && compareBytes(key, before) < 0
      expect(await differences(a, b, range)).toEqual(oracle(pairs.filter(within), after.filter(within)))
      const asked = sortedByKey([
        ...edits.filter((_, i) => i % 3 === 0),
        { key: from },
        { key: before },
      ] as Pair[])
      const keys = asked.map(({ key }) => key)
      const isAsked = ({ key }: Pair): boolean => keys.some((one) => compareBytes(one, key) === 0)
      expect(await differences(a, b, { keys })).toEqual(oracle(pairs.filter(isAsked), after.filter(isAsked)))
      const patch = (await collect(diffMaps(a, b))).flat()
      const forth = patch.map(({ key, after: entry }) => ({ ...entry, key, value: entry?.value ?? null }))
      expect((await a.mutate(writer, forth)).cid).toBe(b.cid)
    }),
    { numRuns: 50, ...limits },
  )
})

test('maps that share nothing, of different heights or empty, are diffed like any', async () => {
  await fc.assert(
    fc.asyncProperty(pairsOf, pairsOf, fc.integer({ min: 0, max: 5 }), async (left, right, few) => {
      const writer = newWriter()
      const [before, after] = [sortedByKey(left), sortedByKey(right).slice(0, few)]
      const [a, b] = [buildMap(before, writer), buildMap(after, writer)]
      expect(await differences(a, b)).toEqual(oracle(before, after))
      expect(await differences(b, a)).toEqual(oracle(after, before))
    }),
    { numRuns: 40, ...limits },
  )
})

test('a three-way diff shows each key on which a side left the base, and base itself for a side that did not', async () => {
  await fc.assert(
    fc.asyncProperty(pairsOf, editsOf, editsOf, async (unsorted, oursEdits, theirsEdits) => {
      const writer = newWriter()
      const pairs = sortedByKey(unsorted)
      const versions = [pairs, applied(pairs, oursEdits), applied(pairs, theirsEdits)] as const
      const [base, ours, theirs] = versions.map((version) => buildMap(version, writer))
      const found = (await collect(diffThreeWay(base!, ours!, theirs!))).flat()
      const show = (entry: Entry | null | undefined): string =>
        entry ? flat({ ...entry, links: entry.links ?? [] }) : '-'
      const sides = versions.map((version) => new Map(version.map((pair) => [text(pair.key), pair as Entry])))
      const expected = sortedByKey(versions.flat())
        .map(({ key }) => sides.map((side) => show(side.get(text(key)))))
        .filter(([b, o, t]) => b !== o || b !== t)
      expect(found.map((one) => [show(one.base), show(one.ours), show(one.theirs)])).toEqual(expected)
      for (const { base: b, ours: o, theirs: t } of found) {
        expect(o === b).toBe(show(o) === show(b))
        expect(t === b).toBe(show(t) === show(b))
      }
    }),
    { numRuns: 40, ...limits },
  )
})

test('a scan of any range, forwards or backwards, is that part of the entries; ranks and counts agree with it', async () => {
  const bound = fc.option(
    fc.oneof(
      keyOf,
      keyOf.map((key) => Uint8Array.of(...key, 0)),
      keyOf.map((key) => key.subarray(0, 1)),
      fc.constant(new Uint8Array(0)),
    ),
    { nil: undefined },
  )
  await fc.assert(
    fc.asyncProperty(pairsOf, bound, bound, async (unsorted, from, before) => {
      const pairs = sortedByKey(unsorted)
      const map = buildMap(pairs, newWriter())
      const expected = pairs
        .filter(({ key }) => from === undefined || compareBytes(key, from) >= 0)
        .filter(({ key }) => before === undefined || compareBytes(key, before) < 0)
        .map(({ key }) => text(key))
      for (const reverse of [false, true]) {
        const found = (await collect(map.entries({ from, before, reverse }))).map(({ key }) => text(key))
        expect(found).toEqual(reverse ? expected.toReversed() : expected)
      }
      expect(await map.countRange({ from, before })).toBe(expected.length)
      const start = from === undefined ? 0 : await map.rank(from)
      const first = await map.at(start)
      if (expected.length > 0) expect(text(first!.key)).toBe(expected[0])
    }),
    { numRuns: 40, ...limits },
  )
})
