import { describe, expect, test } from 'vitest'
import { mergeJsonLines } from '../../src/documents/json/merge-json-lines.ts'
import { clashes, cleanly, mergeTexts, unfit } from './documents.ts'

const merge = (base: string, ours: string, theirs: string): string =>
  cleanly(mergeJsonLines, base, ours, theirs)

describe('merge of JSON Lines', () => {
  test('records are told apart by an id and merged within', () => {
    const base = '{"id": 1, "a": 1, "b": 1}\n{"id": 2, "a": 1, "b": 1}\n'
    expect(merge(base, base.replace('"a": 1', '"a": 2'), base.replace('"b": 1', '"b": 3'))).toBe(
      '{"id": 2, "a": 1, "b": 1}\n'.replace('2', '1').replace('"a": 1, "b": 1', '"a": 2, "b": 3') +
        '{"id": 2, "a": 1, "b": 1}\n',
    )
    expect(mergeTexts(mergeJsonLines, base, `${base}{"id": 3}\n`, `{"id": 4}\n${base}`).basis).toBe(
      "records by 'id'",
    )
  })

  test('records appended on both sides are both taken, ours first', () => {
    expect(merge('{"id":9}\n', '{"id":9}\n{"id":5}\n', '{"id":9}\n{"id":4}\n')).toBe(
      '{"id":9}\n{"id":5}\n{"id":4}\n',
    )
  })

  test('a record appended to a file without a final newline gets a line of its own', () => {
    expect(merge('{"id":9}', '{"id":9}\n{"id":5}', '{"id":9}\n{"id":4}')).toBe('{"id":9}\n{"id":5}\n{"id":4}')
  })

  test('blank lines, odd spacing and CRLF of untouched records stay', () => {
    expect(
      merge(
        '{"id":1}\r\n\r\n  { "id" : 2 } \r\n{"id":3,"x":1}\r\n\r\n',
        '{"id":0}\r\n{"id":1}\r\n\r\n  { "id" : 2 } \r\n{"id":3,"x":1}\r\n\r\n',
        '{"id":1}\r\n\r\n  { "id" : 2 } \r\n{"id":3,"x":2}\r\n\r\n',
      ),
    ).toBe('{"id":0}\r\n{"id":1}\r\n\r\n  { "id" : 2 } \r\n{"id":3,"x":2}\r\n\r\n')
  })

  test('two different records with one new id are a collision, a record changed and removed a conflict', () => {
    expect(
      clashes(mergeJsonLines, '{"id":1}\n', '{"id":1}\n{"id":2,"a":1}\n', '{"id":1}\n{"id":2}\n'),
    ).toEqual(['key-collision $[id=2]'])
    const outcome = mergeTexts(
      mergeJsonLines,
      '{"id":1}\n{"id":2}\n',
      '{"id":1}\n',
      '{"id":1}\n{"id":2,"a":1}\n',
    )
    expect(outcome.conflicts.map(({ kind, where }) => `${kind} ${where}`)).toEqual(['row $[id=2]'])
    expect(outcome.render('theirs')).toBe('{"id":1}\n{"id":2,"a":1}\n')
    expect(outcome.render({ value: '{"id":2,"a":0}' })).toBe('{"id":1}\n{"id":2,"a":0}\n')
  })

  test('records without an id are a sequence', () => {
    expect(merge('[1]\n[2]\n[3]\n', '[1]\n[2]\n[3]\n[4]\n', '[0]\n[1]\n[2]\n[3]\n')).toBe(
      '[0]\n[1]\n[2]\n[3]\n[4]\n',
    )
  })

  test('a line that holds no value, or two, or half of one is refused', () => {
    expect(unfit(mergeJsonLines, '{}\n', '{} {}\n', '{}\n')).toContain(
      'ours: it is not JSON: not one value in a line',
    )
    expect(unfit(mergeJsonLines, '{}\n', '{\n}\n', '{}\n')).toContain('not one value in a line')
    expect(unfit(mergeJsonLines, '{}\n', '{}\n', 'id,name\n')).toContain('theirs: it is not JSON')
  })
})
