// What may be typed in place of a conflict: one whole piece, so that the file stays what it is.
import { describe, expect, test } from 'vitest'
import { pieceFault } from '../../src/documents/typed-piece.ts'

const cell = { kind: 'cell', base: null, ours: '1', theirs: '2' } as const
const row = { kind: 'row', base: '2;Bob;Wien', ours: '2;Rob;Wien', theirs: null } as const

describe('a piece that somebody typed', () => {
  test.each(['7', '1.50', '"Ada"', '{"a": [1, 2]}', ' null '])('%s is one value of JSON', (text) => {
    expect(pieceFault('a.json', cell, text)).toBeNull()
    expect(pieceFault('a.jsonl', cell, text)).toBeNull()
  })

  test.each(['', 'Ada', '1, "b": 2', '1]', '{"a": 1', '[1] [2]', "'a'"])('%j is none', (text) => {
    expect(pieceFault('a.json', cell, text)?.reason).toBe('it is not one value of JSON')
    expect(pieceFault('a.jsonl', cell, text)?.reason).toBe('it is not one value of JSON')
  })

  test('may span lines in JSON, and not where each line is a record', () => {
    expect(pieceFault('a.json', cell, '[\n1\n]')).toBeNull()
    expect(pieceFault('a.jsonl', cell, '[\n1\n]')?.reason).toBe('it is not one value of JSON')
  })

  test.each(['7', 'Ada L.', '"a: b"', '[1, 2]', '{a: 1}'])('%s is one value of YAML', (text) => {
    expect(pieceFault('a.yaml', cell, text)).toBeNull()
  })

  test.each(['a: b: c', '[1', '1\nb: 2', '"a'])('%j is none', (text) => {
    expect(pieceFault('a.yaml', cell, text)?.reason).toBe('it is not one value of YAML')
  })

  test('is a row with as many cells as the sides have', () => {
    expect(pieceFault('a.csv', row, '2;"R;ob";Wien')).toBeNull()
    for (const text of ['', '2;Rob', '2,Rob,Wien', '{"name":"Rob"}', '2;Rob;Wien\n3;Eve;Bonn'])
      expect(pieceFault('a.csv', row, text)).toEqual({
        reason: 'it is not one row of 3 cells',
        hint: "write it as it stands in the file: --value '2;Rob;Wien'",
      })
  })

  test('is any text in a cell of a table, and in a text', () => {
    expect(pieceFault('a.csv', cell, 'a,"b\n')).toBeNull()
    expect(pieceFault('a.json', { ...cell, kind: 'text' }, '}{')).toBeNull()
  })
})
