// Plain rows are read and written four bytes at a time: that must give what the careful way gives, whatever stands where.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import { type CsvPlan, dialectOf } from '../../src/formats/csv/plan.ts'
import { RowRenderer } from '../../src/formats/csv/render.ts'
import { parseSlice } from '../../src/formats/csv/slice.ts'
import { shortTextMax } from '../../src/table/row.ts'

const dialects = [
  [',', '"', '\n'],
  [';', "'", '\r\n'],
  ['\t', '', '\n'],
  [',', '"', '\r'],
] as const
const columns = 3

function planOf([delimiter, quote, eol]: (typeof dialects)[number], always: number): CsvPlan {
  return {
    ...dialectOf(delimiter, quote, eol),
    valuePlace: Int32Array.of(-1, 0, 1),
    keyPlace: Int32Array.of(0, -1, -1),
    keyIsInt: Uint8Array.of(1),
    always: new Uint8Array(columns).fill(quote === '' ? 0 : always),
    isStraight: true,
  }
}

function parsed(text: string, plan: CsvPlan): unknown {
  const { keys, keyEnds, values, valueEnds, ...rest } = parseSlice({ bytes: utf8(text), plan, values: null })
  return {
    ...rest,
    keys: toHex(keys),
    keyEnds: [...keyEnds],
    values: toHex(values),
    valueEnds: [...valueEnds],
  }
}

/** What ends cells, its neighbours among bytes, and letters of one to four bytes. */
const letters = Array.from('abc+,-:;<!"#&\'(\0\x08\t\n\x0b\x0c\r\x0e~é€😀')
const cell = fc.oneof(
  fc.array(fc.constantFrom(...letters), { maxLength: 10 }).map((chars) => chars.join('')),
  fc.integer({ min: shortTextMax - 4, max: shortTextMax + 4 }).map((length) => 'x'.repeat(length)),
)

test('plain rows are read and proved as the careful way does it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...dialects),
      fc.constantFrom(0, 1),
      fc.array(fc.tuple(cell, cell, fc.boolean()), { minLength: 1, maxLength: 8 }),
      (dialect, always, rows) => {
        const [delimiter, quote, eol] = dialect
        const plan = planOf(dialect, always)
        const set = (text: string): string => (always === 1 && text !== '' ? `${quote}${text}${quote}` : text)
        const lines = rows.map(([a, b, isTold], i) => {
          const cells = [`${i + 1}`, a, b].map((text) => (isTold ? text.replace(/[\t\n\r,;"']/g, '.') : text))
          return `${cells.map(set).join(delimiter)}${eol}`
        })
        const text = lines.join('')
        expect(parsed(text, plan)).toEqual(parsed(text, { ...plan, isStraight: false }))
      },
    ),
    { numRuns: 2000 },
  )
})

test('each place of a stop within a cell of some words is seen', () => {
  for (const stop of [',', '"', '\n', '\r', '\t', '\0']) {
    for (let length = 1; length <= 12; length++) {
      for (let at = 0; at < length; at++) {
        const name = `${'x'.repeat(at)}${stop}${'x'.repeat(length - at - 1)}`
        const text = `1,${name},z\n2,${'y'.repeat(length)},${name}\n`
        const plan = planOf(dialects[0], 0)
        expect(parsed(text, plan), JSON.stringify(text)).toEqual(parsed(text, { ...plan, isStraight: false }))
      }
    }
  }
})

test('a row whose cell goes on beyond its end is damage, and nothing is written beyond the memory', () => {
  const values = Uint8Array.of(0, 199, 0x78)
  const rows = {
    count: 1,
    keys: Uint8Array.of(0x81, 1),
    keyEnds: Uint32Array.of(2),
    values,
    valueEnds: Uint32Array.of(3),
  }
  const renderer = new RowRenderer(planOf(dialects[0], 0), new Uint8Array(8))
  expect(() => renderer.render(rows, 0, 1, [])).toThrow(expect.objectContaining({ code: 'VARVE_CORRUPT' }))
})
