import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { collect } from '../../src/base/iterables.ts'
import { gapsBetween } from '../../src/prolly/align.ts'
import { entryAt } from '../../src/prolly/entry-batch.ts'
import type { ListHunk } from '../../src/prolly/interface.ts'
import { ListBuilder } from '../../src/prolly/list-builder.ts'
import { diffLists } from '../../src/prolly/list-diff.ts'
import { ProllyList } from '../../src/prolly/list.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { listKind } from '../../src/prolly/rule.ts'
import type { ObjectWriter } from '../../src/store/interface.ts'
import { newWriter, text } from '../prolly/support.ts'

const limits = { interruptAfterTimeLimit: 12_000, markInterruptAsFailure: false }
// Few different items, so that nodes and items repeat; and runs long enough for several levels.
const itemOf = fc.oneof(
  fc.constantFrom('a', 'b', ''),
  fc.integer({ min: 0, max: 99 }).map((n) => `${n}`.repeat(20)),
)
const itemsOf = fc
  .tuple(fc.array(itemOf, { maxLength: 600, size: 'max' }), fc.integer({ min: 1, max: 5 }))
  .map(([items, times]) => Array.from({ length: times }, () => items).flat())
const cutsOf = fc.array(fc.tuple(fc.nat(3000), fc.nat(30), fc.array(itemOf, { maxLength: 20 })), {
  maxLength: 5,
})

function buildList(items: readonly string[], writer: ObjectWriter): Promise<ProllyList> {
  const builder = new ListBuilder(writer, listKind, { leafTarget: 1024 })
  for (const item of items) builder.add(utf8(item))
  return ProllyList.load(new NodeStore(writer), builder.finish())
}

function edited(items: readonly string[], cuts: readonly [number, number, string[]][]): string[] {
  return cuts.reduce<string[]>(
    (list, [at, remove, insert]) => list.toSpliced(at, remove, ...insert),
    [...items],
  )
}

function patched(items: readonly string[], hunks: readonly ListHunk[]): string[] {
  const list = [...items]
  for (const { aStart, aItems, bItems } of hunks.toReversed()) {
    expect(list.splice(aStart, aItems.length, ...bItems.map(text))).toEqual(aItems.map(text))
  }
  return list
}

test('a list diff, applied to the items or spliced into the list, gives the other list', async () => {
  await fc.assert(
    fc.asyncProperty(itemsOf, fc.oneof(itemsOf, cutsOf), async (items, change) => {
      const writer = newWriter()
      const after = change.every((one) => typeof one === 'string') ? change : edited(items, change)
      const [a, b] = [await buildList(items, writer), await buildList(after, writer)]
      const hunks = await collect(diffLists(a, b))
      expect(patched(items, hunks)).toEqual(after)
      const spliced = await a.splice(writer, hunks)
      expect(spliced.cid).toBe(b.cid)
      expect(spliced.count).toBe(after.length)
    }),
    { numRuns: 40, ...limits },
  )
})

test('gaps of an alignment hold all that differs and are separated by what is common', () => {
  const idsOf = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 800, size: 'max' })
  fc.assert(
    fc.property(idsOf, idsOf, (a, b) => {
      let [aAt, bAt] = [0, 0]
      const gaps = gapsBetween(a, b)
      for (const [i, gap] of [
        ...gaps,
        { aFrom: a.length, aTo: a.length, bFrom: b.length, bTo: b.length },
      ].entries()) {
        expect(a.slice(aAt, gap.aFrom)).toEqual(b.slice(bAt, gap.bFrom))
        if (i > 0 && i < gaps.length) expect(gap.aFrom).toBeGreaterThan(aAt)
        aAt = gap.aTo
        bAt = gap.bTo
      }
    }),
    { numRuns: 300, ...limits },
  )
})

test('every item is found by its index and by each of its bytes', async () => {
  await fc.assert(
    fc.asyncProperty(itemsOf, fc.nat(), async (items, seed) => {
      const list = await buildList(items, newWriter())
      if (items.length === 0) return
      const index = seed % items.length
      expect(text((await list.at(index))!.value)).toBe(items[index])
      const start = items.slice(0, index).join('').length
      if (items[index] !== '') expect(await list.findByMeasure(start)).toEqual({ index, start })
      const [first] = await collect(list.scan({ start: index, end: index + 1 }))
      expect(text(entryAt(first!, 0).value)).toBe(items[index])
    }),
    { numRuns: 40, ...limits },
  )
})
