import { describe, expect, test } from 'vitest'
import { parseMask } from '../../../src/dataset/mask.ts'
import { castCell } from '../../../src/table/cast.ts'
import { RowExpressions } from '../../../src/sync/transform/expressions.ts'
import { cellMaskOf } from '../../../src/sync/transform/mask.ts'
import { cellOf, cellText, nullCell, textCell, trueCell } from '../../../src/table/cell.ts'
import type { Cell, ColumnType } from '../../../src/table/interface.ts'
import { fault } from '../../support/fault.ts'

const number = (text: string): Cell => cellOf('number', Buffer.from(text))
const shown = (cell: Cell | null): string | null =>
  cell === null ? null : cell.kind === 'true' || cell.kind === 'false' ? cell.kind : cellText(cell)

describe('casts', () => {
  test.each<[string, ColumnType, string | null]>([
    ['007', 'int', '7'],
    ['-0', 'int', '0'],
    ['-007', 'int', '-7'],
    ['+000', 'int', '0'],
    ['12345678901234567890123', 'int', '12345678901234567890123'],
    ['3.00', 'int', '3'],
    ['3.5', 'int', null],
    ['', 'int', null],
    ['1.50', 'decimal', '1.50'],
    ['+2', 'decimal', '2'],
    ['1,5', 'decimal', null],
    ['1e400', 'float', '1e400'],
    ['Yes', 'bool', 'true'],
    ['0', 'bool', 'false'],
    ['maybe', 'bool', null],
    ['2024-02-29', 'date', '2024-02-29'],
    ['2023-02-29', 'date', null],
    ['2024-05-06 07:08:09.123456Z', 'date', '2024-05-06'],
    ['2024-05-06 07:08:09.123456+02', 'timestamp', '2024-05-06T07:08:09.123456+02'],
    ['2024-05-06', 'timestamp', '2024-05-06T00:00:00'],
    ['06.05.2024', 'timestamp', null],
    ['{"a": 1}', 'json', '{"a": 1}'],
    ['{a}', 'json', null],
  ])('%j as %s is %j', (text, type, result) => {
    expect(shown(castCell(textCell(text), type))).toBe(result)
  })

  test('leave nothing nothing, and bytes bytes', () => {
    expect(castCell(nullCell, 'int')).toBe(nullCell)
    expect(castCell(cellOf('bytes', Buffer.from('1')), 'int')).toBe(null)
    expect(shown(castCell(trueCell, 'text'))).toBe('true')
  })
})

test('a cast of a long text that is almost a value takes no longer than it is', () => {
  const types = ['int', 'decimal', 'float', 'bool', 'date', 'timestamp', 'json'] as const
  const start = performance.now()
  for (const type of types)
    for (const text of ['0', '1', ' ', '0.', '-0'].map((part) => `${part.repeat(1 << 19)}x`))
      expect(castCell(textCell(text), type)).toBe(null)
  expect(performance.now() - start).toBeLessThan(10_000)
})

describe('masks', () => {
  const secret = '0123456789abcdef'
  const masked = (word: string, cell: Cell, key = secret): Cell =>
    cellMaskOf(parseMask(word)!, 'text', key).apply(cell)

  test('hide what they are for', () => {
    expect(masked('null', textCell('ada@example.org'))).toBe(nullCell)
    expect(shown(masked('redact', textCell('ada@example.org')))).toBe('[redacted]')
    expect(shown(masked('last(4)', textCell('DE89370400440532013000')))).toBe('******************3000')
    expect(shown(masked('first(1)', textCell('Grüße')))).toBe('G****')
    // All that there is would be shown.
    expect(shown(masked('last(4)', textCell('1234')))).toBe('****')
    expect(masked('hash', nullCell)).toBe(nullCell)
  })

  test('hash the same to the same, under one secret, and need one', () => {
    const hash = shown(masked('hash', textCell('ada')))
    expect(hash).toMatch(/^[0-9a-f]{32}$/)
    expect(shown(masked('hash', textCell('ada')))).toBe(hash)
    expect(shown(masked('hash', textCell('ada'), `${secret}!`))).not.toBe(hash)
    expect(() => masked('hash', textCell('ada'), 'short')).toThrow('needs a secret')
  })

  test.each(['md5', 'last', 'last(0)', 'first(65)', 'hash(4)'])('%s is none', (word) => {
    expect(parseMask(word)).toBe(null)
  })
})

describe('expressions', () => {
  const columns = [
    { name: 'id', type: 'int' },
    { name: 'price', type: 'decimal' },
    { name: 'a "name"', type: 'text' },
  ] as const

  async function results(sql: string, ...rows: Cell[][]): Promise<(string | null)[]> {
    const expressions = await RowExpressions.create(columns, [{ name: 'x', sql }], 'people')
    try {
      return expressions.results(rows).map(([cell]) => (cell!.kind === 'null' ? null : shown(cell!)))
    } finally {
      expressions.close()
    }
  }

  test('compute with numbers as numbers and text as text', async () => {
    const rows = [
      [number('1'), number('99.5'), textCell('007')],
      [number('2'), nullCell, textCell('zero\0byte')],
    ]
    expect(await results('price > 100', ...rows)).toEqual(['0', null])
    expect(await results('id * 2', ...rows)).toEqual(['2', '4'])
    expect(await results(`"a ""name""" || '!'`, ...rows)).toEqual(['007!', 'zero\0byte!'])
    expect(await results('id * 4611686018427387904 -- a comment', [number('1'), nullCell, nullCell])).toEqual(
      ['4611686018427387904'],
    )
  })

  test.each([
    ['(SELECT 1)', 'subqueries'],
    ['count(id)', 'aggregate'],
    ['random()', 'non-deterministic'],
    ['missing + 1', 'no such column'],
    ['1) VIRTUAL, more GENERATED ALWAYS AS (2', 'more than one expression'],
    [`1); ATTACH '/tmp/x' AS x; SELECT (1`, 'not an expression'],
    ['load_extension(1)', 'no such function'],
    ['', 'not an expression'],
  ])('%s is refused', async (sql, words) => {
    expect(await fault(results(sql, [number('1'), number('1'), nullCell]))).toContain(words)
  })

  test('are the same tomorrow', async () => {
    const words = await fault(results(`datetime('now')`, [number('1'), number('1'), nullCell]))
    expect(words).toMatch(/^VARVE_RULE_VIOLATED: people: an expression cannot be computed: non-deterministic/)
  })
})
