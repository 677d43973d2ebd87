// What must hold for every three JSON documents, against a model that merges parsed values and knows no text.
import '../support/seed.ts'
import { performance } from 'node:perf_hooks'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8, utf8Text } from '../../src/base/bytes.ts'
import type { DocumentMerger } from '../../src/documents/interface.ts'
import { mergeJson } from '../../src/documents/json/merge-json.ts'
import { mergeJsonLines } from '../../src/documents/json/merge-json-lines.ts'
import { scanJson } from '../../src/documents/json/scan.ts'
import { NotFit, type Tree } from '../../src/documents/structure/tree.ts'
import { ValueTable } from '../../src/documents/structure/values.ts'
import { mergeTexts, rowsOf, unfit } from './documents.ts'

type Keyed = { [key: string]: Json }
type Json = null | boolean | number | string | Json[] | Keyed

/** Stands for a value that the sides do not agree on. */
const clash = Symbol('clash')
type Modelled = Json | undefined | typeof clash

const isObject = (value: Json | undefined): value is Keyed =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const keyed = (value: Json): value is { id: number }[] =>
  Array.isArray(value) && value.every((element) => isObject(element) && 'id' in element)

/** Values compared without the order of keys, nor that of elements with ids. */
function canonical(value: Json | undefined): string {
  if (value === undefined) return 'absent'
  if (Array.isArray(value)) {
    const elements = value.map(canonical)
    return `[${(keyed(value) ? elements.sort() : elements).join()}]`
  }
  if (!isObject(value)) return JSON.stringify(value)
  const keys = Object.keys(value).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`
}

function model(
  base: Json | undefined,
  ours: Json | undefined,
  theirs: Json | undefined,
  isElement = false,
): Modelled {
  const [b, o, t] = [base, ours, theirs].map(canonical)
  if (o === t || t === b) return ours
  if (o === b) return theirs
  // Of two that were added under one key or id, one may say all that the other says.
  if (base === undefined && saysAll(ours, theirs)) return ours
  if (base === undefined && saysAll(theirs, ours)) return theirs
  // What one removed whole and the other in part is removed.
  if (ours === undefined && saysAll(base, theirs)) return undefined
  if (theirs === undefined && saysAll(base, ours)) return undefined
  if (ours === undefined || theirs === undefined) return clash
  // Of two objects that were added under one key, each may say what the other is silent about.
  if (base === undefined)
    return isObject(ours) && isObject(theirs) && !isElement ? byKey({}, ours, theirs) : clash
  if (keyed(base) && keyed(ours) && keyed(theirs)) {
    const byId = (list: { id: number }[]): Keyed => Object.fromEntries(list.map((one) => [`${one.id}`, one]))
    const merged = byKey(byId(base), byId(ours), byId(theirs), true)
    return merged === clash ? clash : Object.values(merged as object)
  }
  if (!isObject(base) || !isObject(ours) || !isObject(theirs)) return clash
  return byKey(base, ours, theirs)
}

function byKey(base: Keyed, ours: Keyed, theirs: Keyed, isElement = false): Modelled {
  const merged: Keyed = {}
  for (const key of new Set([base, ours, theirs].flatMap((side) => Object.keys(side)))) {
    const value = model(base[key], ours[key], theirs[key], isElement)
    if (value === clash) return clash
    if (value !== undefined) merged[key] = value
  }
  return merged
}

function saysAll(one: Json | undefined, other: Json | undefined): boolean {
  if (one === undefined || other === undefined) return false
  if (canonical(one) === canonical(other)) return true
  if (JSON.stringify(other).length === 2) return false
  if (keyed(one) && keyed(other)) {
    return other.every((element) => one.some((like) => like.id === element.id && saysAll(like, element)))
  }
  return (
    isObject(one) &&
    isObject(other) &&
    Object.keys(other).every((key) => Object.hasOwn(one, key) && saysAll(one[key], other[key]))
  )
}

const scalar = fc.constantFrom<Json>(0, 1, -2.5, 'a', 'b\n"', 'é', true, null)
const record = (depth: number): fc.Arbitrary<Json> =>
  fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), depth === 0 ? scalar : value(depth - 1), {
    noNullPrototype: true,
  })
const list = (depth: number): fc.Arbitrary<Json> =>
  fc
    .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 6 }), record(depth)), {
      selector: ([id]) => id,
      maxLength: 5,
    })
    .map((pairs) => pairs.map(([id, fields]) => ({ id, ...(fields as object) }) as Json))
const value = (depth: number): fc.Arbitrary<Json> =>
  depth === 0 ? scalar : fc.oneof(scalar, record(depth - 1), list(depth - 1))

/** Three documents of one kind, so that something can be merged. */
const three = fc.oneof(fc.tuple(record(2), record(2), record(2)), fc.tuple(list(1), list(1), list(1)))
const spelled = fc.constantFrom<(value: Json) => string>(
  (json) => JSON.stringify(json),
  (json) => `${JSON.stringify(json, null, 2)}\n`,
  (json) => JSON.stringify(json, null, '\t').replaceAll('\n', '\r\n'),
)

/** Any JSON at all, arrays of arrays included. */
const anyText = fc.tuple(fc.jsonValue({ maxDepth: 4 }), spelled).map(([json, spell]) => spell(json as Json))

describe('laws of merging JSON', () => {
  test('a merge agrees with the model: its value, or a conflict where the model has one', () => {
    fc.assert(
      fc.property(three, fc.tuple(spelled, spelled, spelled), ([base, ours, theirs], [a, b, c]) => {
        const expected = model(base, ours, theirs)
        const { text, conflicts } = mergeTexts(mergeJson, a(base), b(ours), c(theirs))
        if (conflicts.length > 0) {
          // Elements that resemble each other may count as renamed, which the model does not know.
          expect(expected === clash || JSON.stringify([base, ours, theirs]).includes('"id"')).toBe(true)
        } else if (expected !== clash) {
          expect(canonical(JSON.parse(text) as Json)).toBe(canonical(expected as Json))
        } else throw new Error('clean, where the model has a conflict')
      }),
      { numRuns: 500 },
    )
  }, 120_000)

  test('turning the sides round gives the same value, or a conflict again', () => {
    fc.assert(
      fc.property(three, ([base, ours, theirs]) => {
        const [b, o, t] = [base, ours, theirs].map((json) => JSON.stringify(json, null, 1))
        const left = mergeTexts(mergeJson, b!, o!, t!)
        const right = mergeTexts(mergeJson, b!, t!, o!)
        expect(right.conflicts.length).toBe(left.conflicts.length)
        expect(canonical(JSON.parse(right.render('theirs')) as Json)).toBe(
          canonical(JSON.parse(left.text) as Json),
        )
      }),
      { numRuns: 500 },
    )
  }, 120_000)

  test('what one side alone changed is taken byte for byte', () => {
    const sides = fc.oneof(
      fc.tuple(anyText, anyText, fc.constant(mergeJson)),
      fc
        .tuple(fc.array(anyLine), fc.array(anyLine), fc.constant(mergeJsonLines))
        .map(([a, b, merger]): [string, string, DocumentMerger] => [
          `${a.join('')}0\n`,
          `${b.join('')}0\n`,
          merger,
        ]),
    )
    fc.assert(
      fc.property(sides, ([base, side, merger]) => {
        expect(mergeTexts(merger, base, side, base).text).toBe(side)
        expect(mergeTexts(merger, base, base, side).text).toBe(side)
        expect(mergeTexts(merger, base, side, side).text).toBe(side)
      }),
      { numRuns: 500 },
    )
  }, 120_000)

  test('every choice for every conflict gives JSON, and ours and theirs have what their side has there', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (base, ours, theirs) => {
        const merge = mergeJson(
          { base: utf8(base), ours: utf8(ours), theirs: utf8(theirs) },
          { name: 'a.json' },
        )
        if (merge.kind === 'unfit') return
        for (const choice of ['base', 'ours', 'theirs', { value: '[7]' }] as const) {
          JSON.parse(utf8Text(merge.render(() => choice)).replace(/^\ufeff/, ''))
        }
      }),
      { numRuns: 500 },
    )
  }, 120_000)

  test('broken bytes are refused or merged, and never end in anything else', () => {
    const text = '{"a":[1,2.5e3,"x\\u00e9"],"b":{"id":null},"c":[{"id":1},{"id":2}]}'
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(text.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
        fc.nat(text.length),
        fc.constantFrom(mergeJson, mergeJsonLines),
        (flips, length, merger) => {
          const bytes = utf8(text)
          for (const [at, byte] of flips) bytes[at] = byte
          const merge = merger(
            { base: utf8(text), ours: bytes.slice(0, length), theirs: bytes },
            { name: 'a' },
          )
          if (merge.kind === 'merged') expect(merge.render().length).toBeGreaterThan(0)
          else expect(merge.reason).not.toBe('')
        },
      ),
      { numRuns: 500 },
    )
  }, 120_000)
})

test('JSON beside another version reads what it reads alone', () => {
  const edit = fc.tuple(
    fc.nat(),
    fc.nat(12),
    fc.constantFrom('', '1', '0', '"', 'x', ', ', '[', '{"id": 3}, '),
  )
  const long = fc.tuple(fc.oneof(three, fc.array(fc.jsonValue({ maxDepth: 2 }))), spelled)
  fc.assert(
    fc.property(long, fc.array(edit, { maxLength: 3 }), ([json, spell], edits) => {
      const base = spell(json as Json)
      let text = base
      for (const [place, removed, added] of edits) {
        const at = place % (text.length + 1)
        text = text.slice(0, at) + added + text.slice(at + removed)
      }
      const values = new ValueTable()
      const read = (like: Tree | null): string[] | string => {
        try {
          return rowsOf(scanJson(text, values, like))
        } catch (error) {
          if (error instanceof NotFit) return error.message
          throw error
        }
      }
      const known = scanJson(base, values)
      const alone = read(null)
      expect(read(known)).toEqual(alone)
    }),
    { numRuns: 3000 },
  )
}, 120_000)

const anyLine = fc
  .tuple(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('\n', '\r\n', ' \n', '\n\n'))
  .map(([json, end]) => JSON.stringify(json) + end)

describe('large JSON', () => {
  test('100,000 levels deep are refused with a reason', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    expect(unfit(mergeJson, '[]', deep, '[]')).toBe('ours: it is nested deeper than 500 levels')
    expect(unfit(mergeJson, '[]', '[]', '{"a":'.repeat(100_000))).toContain('nested deeper')
  })

  test('a string of 100 MB is merged', () => {
    const long = 'x'.repeat(100 << 20)
    const text = (a: number, b: number): string => `{"a":${a},"long":"${long}","b":${b}}`
    const { text: merged, conflicts } = mergeTexts(mergeJson, text(1, 1), text(2, 1), text(1, 2))
    expect(conflicts).toEqual([])
    expect(merged === text(2, 2)).toBe(true)
  }, 120_000)

  test('10,000 keys wide, and 100,000 elements with and without ids, are merged in seconds', () => {
    const wide = (change: number): string =>
      JSON.stringify(
        Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`key${i}`, i === change ? -1 : i])),
      )
    const list = (change: number, id: string): string =>
      JSON.stringify(
        Array.from({ length: 100_000 }, (_, i) => ({
          [id]: id === 'id' ? i : i % 7,
          n: i === change ? -1 : i % 5,
        })),
      )
    const started = performance.now()
    for (const text of [
      wide,
      (at: number): string => list(at, 'id'),
      (at: number): string => list(at, 'kind'),
    ]) {
      const { text: merged, conflicts } = mergeTexts(mergeJson, text(-1), text(5), text(9000))
      expect(conflicts).toEqual([])
      expect((JSON.stringify(JSON.parse(merged)).match(/-1/g) ?? []).length).toBe(2)
    }
    expect(performance.now() - started).toBeLessThan(60_000)
  }, 120_000)
})
