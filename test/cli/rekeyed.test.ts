// What a merge commit says of rows that got new keys.
import { expect, test } from 'vitest'
import { derivedLines } from '../../src/cli/format/derived.ts'
import { rekeyedLines } from '../../src/cli/format/rekeyed.ts'
import { Clash, csv } from '../api/merging.ts'

test('a merge commit tells which rows of which side got new keys', async () => {
  const rows = (name: string): string => csv('id,name', '1,Ann', `2,${name}`, `3,${name} II`)
  const base = { 'people.csv': csv('id,name', '1,Ann') }
  const clash = await Clash.of(
    { 'people.csv': ['id'] },
    { base, ours: { 'people.csv': rows('Bob') }, theirs: { 'people.csv': rows('Bea') } },
  )
  await clash.repo.merge('theirs')
  await clash.repo.rekey('people.csv')
  const commit = await clash.repo.commit({ message: 'both' })
  expect(rekeyedLines(commit, false)).toEqual([
    '2 rows of people.csv (theirs) got new keys:',
    '  2 -> 4',
    '  3 -> 5',
    '',
  ])
})

test('many keys are cut, and what is no such record says nothing', () => {
  const keys = Array.from({ length: 30 }, (_, i) => [String(i), String(i + 100)] as [string, string])
  const extra = {
    rekeyed: [{ path: 'a\u001bb', side: 'ours', count: 1500, keys }, 7, { path: 1 }, { keys: [['1']] }],
  }
  const lines = rekeyedLines({ extra }, false)
  expect(lines).toHaveLength(23)
  expect(lines[0]).toBe(String.raw`1500 rows of a\x1bb (ours) got new keys:`)
  expect(lines.slice(-2)).toEqual(['  and 1480 more', ''])
  expect(rekeyedLines({ extra }, true)).toHaveLength(33)
  expect(rekeyedLines({ extra: { rekeyed: 'x' } }, true)).toEqual([])
})

test('so it is with tables that a commit says it derived', () => {
  const made = { definition: '00', from: { 'a.csv': '0123456789abcdef' } }
  const extra = { derived: { 'b.csv': made, c: null, d: { from: 7 }, e: { from: { x: 1 } } } }
  expect(derivedLines({ extra })).toEqual(['Derived b.csv from a.csv (01234567)', ''])
  for (const derived of [7, null, { c: null }]) expect(derivedLines({ extra: { derived } })).toEqual([])
})
