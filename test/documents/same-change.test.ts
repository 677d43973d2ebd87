// Two sides that did the same, one of them something more, do not clash; and what only looks like it still does.
import { describe, expect, test } from 'vitest'
import { mergeJson } from '../../src/documents/json/merge-json.ts'
import { clashes, cleanly } from './documents.ts'

const merge = (base: unknown, ours: unknown, theirs: unknown): unknown => {
  const [b, o, t] = [base, ours, theirs].map((value) => JSON.stringify(value))
  const merged = JSON.parse(cleanly(mergeJson, b!, o!, t!)) as unknown
  expect(JSON.parse(cleanly(mergeJson, b!, t!, o!))).toEqual(merged)
  return merged
}
const conflicts = (base: unknown, ours: unknown, theirs: unknown): string[] =>
  clashes(mergeJson, JSON.stringify(base), JSON.stringify(ours), JSON.stringify(theirs))

describe('what one side removed whole and the other in part', () => {
  test('is removed', () => {
    expect(merge({ a: ['x', 'y', 'z'], b: 1 }, { b: 1 }, { a: ['x', 'z'], b: 1 })).toEqual({ b: 1 })
    const element = { id: 1, name: 'one', notes: { a: 1, b: 2 } }
    expect(merge([element, { id: 2 }], [{ id: 2 }], [{ ...element, notes: { a: 1 } }, { id: 2 }])).toEqual([
      { id: 2 },
    ])
  })

  test('is a conflict where the other also added or changed something', () => {
    expect(conflicts({ a: ['x', 'y'] }, {}, { a: ['x', 'w'] })).toEqual(['row $.a'])
    expect(conflicts({ a: { x: 1, y: 2 } }, {}, { a: { x: 3 } })).toEqual(['row $.a'])
    expect(conflicts({ a: ['x'] }, {}, { a: [] })).toEqual(['row $.a'])
  })

  test('is a conflict where it may have been renamed: the part would come back under the new name', () => {
    const [whole, part] = [{ source: 'iana', charset: 'UTF-8' }, { source: 'iana' }]
    expect(conflicts({ cap: whole, z: 1 }, { captive: whole, z: 1 }, { cap: part, z: 1 })).toEqual([
      'row $.cap',
    ])
    expect(merge({ cap: whole, z: 1 }, { other: { a: 1 }, z: 1 }, { cap: part, z: 1 })).toEqual({
      other: { a: 1 },
      z: 1,
    })
  })
})

describe('a text', () => {
  const text = 'The quick brown fox jumps over the lazy dog, and the dog sleeps on.'

  test("in which one side made all edits of the other is that side's", () => {
    const some = text.replace('lazy', 'tired')
    const all = some.replace('quick brown', 'slow')
    expect(merge({ text }, { text: all }, { text: some })).toEqual({ text: all })
  })

  test('that both edited, each somewhere else, is a conflict: nobody wrote both', () => {
    const [left, right] = [text.replace('quick', 'slow'), text.replace('lazy', 'tired')]
    expect(conflicts({ text }, { text: left }, { text: right })).toEqual(['cell $.text'])
  })

  test('of which a word was replaced by different ones is a conflict, however they begin', () => {
    const [left, right] = [text.replace('dog,', 'hound,'), text.replace('dog,', 'hounds,')]
    expect(conflicts({ text }, { text: left }, { text: right })).toEqual(['cell $.text'])
  })

  test('that is short, like a date or a version, is a conflict', () => {
    expect(conflicts({ d: '2020-01-01' }, { d: '2021-01-02' }, { d: '2020-01-02' })).toEqual(['cell $.d'])
    expect(conflicts({ v: '1.2.3' }, { v: '1.3.4' }, { v: '1.2.4' })).toEqual(['cell $.v'])
  })
})

describe('a text that both changed alike, and one also gave a new key', () => {
  test('stands under the new key', () => {
    const base = { socks: 'Socks', suites: 'Suites', swimwear: 'Swimwear' }
    expect(
      merge(base, { socks: 'Socks', suits: 'Suits', swimwear: 'Swimwear' }, { ...base, suites: 'Suits' }),
    ).toEqual({ socks: 'Socks', suits: 'Suits', swimwear: 'Swimwear' })
    expect(
      merge({ a: 'a title', z: 1 }, { title: 'another title', z: 1 }, { a: 'another title', z: 1 }),
    ).toEqual({ title: 'another title', z: 1 })
  })

  test('is a conflict where it may be chance', () => {
    expect(conflicts({ enabled: false }, { visible: true }, { enabled: true })).toEqual(['row $.enabled'])
    expect(conflicts({ a: 'no' }, { b: 'yes' }, { a: 'yes' })).toEqual(['row $.a'])
    expect(conflicts({ level1: 'no', z: 0 }, { z: 0, level2: 'yes' }, { level1: 'yes', z: 0 })).toEqual([
      'row $.level1',
    ])
  })
})

describe('an element to which both sides gave the same new id', () => {
  const [first, second] = [
    { code: 'A', cases: 15, deaths: 0 },
    { code: 'B', cases: 70, deaths: 2 },
  ]

  test('is merged with what it was under its old id', () => {
    const [one, other] = [
      { code: 'C', cases: 70, deaths: 5, notes: 'late' },
      { code: 'C', cases: 70, deaths: 2 },
    ]
    expect(merge([first, second], [first, one], [first, other])).toEqual([first, one])
  })

  test('even where the old id is worn by another now', () => {
    const corrected = { code: 'B', cases: 15, deaths: 0 }
    const [one, other] = [
      { code: 'C', cases: 70, deaths: 5 },
      { code: 'C', cases: 70, deaths: 2 },
    ]
    expect(merge([first, second], [one, corrected], [other, corrected])).toEqual([one, corrected])
  })

  test('is a collision where a side still has the element under its old id, or nothing links the two', () => {
    const [one, other] = [
      { code: 'C', cases: 70, deaths: 5 },
      { code: 'C', cases: 70, deaths: 2 },
    ]
    expect(conflicts([first, second], [first, second, one], [first, other])).toContain(
      'key-collision $[code=C]',
    )
    const stranger = { code: 'C', cases: 1, deaths: 1 }
    expect(conflicts([first, second], [first, stranger], [first, other])).toContain('key-collision $[code=C]')
  })
})

describe('the order of sets', () => {
  test('what both put into one place is sorted where each side is, also where it replaced something', () => {
    const base = ['zoo', 'real', 'website', 'wheels', 'apes']
    const ours = ['zoo', 'real', 'toilets', 'toilets/wheels', 'website', 'wheels', 'apes']
    const theirs = ['zoo', 'real', 'sport', 'wheels', 'apes']
    const wanted = ['zoo', 'real', 'sport', 'toilets', 'toilets/wheels', 'wheels', 'apes']
    expect(merge(base, ours, theirs)).toEqual(wanted)
  })

  test('what one side sorted takes the additions of the other where they belong', () => {
    const [base, sorted] = [
      ['dog', 'ape', 'cat', 'bee'],
      ['ape', 'bee', 'cat', 'dog'],
    ]
    expect(merge(base, ['dog', 'ape', 'cat', 'bee', 'ant'], sorted)).toEqual(['ant', ...sorted])
  })

  test('a list that is sorted only because a side removed something is not sorted', () => {
    const base = ['a', 'b', 'z', 'c', 'd']
    expect(merge(base, [...base, 'aa'], ['a', 'b', 'c', 'd'])).toEqual(['a', 'b', 'c', 'd', 'aa'])
  })
})
