import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromHex, toHex, utf8 } from '../../src/base/bytes.ts'
import { isVarveError } from '../../src/base/errors.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { absentCell, cellOf, falseCell, nullCell, textCell, trueCell } from '../../src/table/cell.ts'
import type { Cell } from '../../src/table/interface.ts'
import { decodeRow, encodeRow } from '../../src/table/row.ts'
import { cellSlot, fetchContents, slotCell } from '../../src/table/slot.ts'

const flipped = (text: string): Cell => ({ ...textCell(text), quotingFlipped: true })

test('cells of every kind and length come back', async () => {
  const writer = MemoryStore.create().writer()
  const lengths = [0, 1, 199, 200, 1024, 1025, 100_000].map((length) => textCell('x'.repeat(length)))
  const cells = [
    absentCell,
    nullCell,
    trueCell,
    falseCell,
    ...lengths,
    flipped('y'),
    flipped('y'.repeat(2000)),
    cellOf('number', utf8('1.50')),
    cellOf('json', utf8('[1]')),
    cellOf('json', utf8(`"${'z'.repeat(2000)}"`)),
    cellOf('bytes', Uint8Array.of()),
    cellOf('bytes', new Uint8Array(3000)),
  ]
  const slots = cells.map((cell) => cellSlot(cell, writer))
  const { value, links } = encodeRow({
    lineEnd: 2,
    keyQuoting: 5,
    rawLine: cellSlot(textCell('raw'), writer),
    cells: slots,
  })
  const row = decodeRow(value, links, cells.length)
  const contents = await fetchContents(writer, links)
  expect(row.cells.map((slot) => slotCell(slot, contents))).toEqual(cells)
  expect([row.lineEnd, row.keyQuoting, slotCell(row.rawLine!, contents)]).toEqual([2, 5, textCell('raw')])
})

test('absent cells at the end are left out', () => {
  const absent = { spelling: fromHex('c8'), link: null }
  expect(
    toHex(
      encodeRow({
        lineEnd: 0,
        keyQuoting: 0,
        rawLine: null,
        cells: [absent, { spelling: fromHex('0161'), link: null }, absent, absent],
      }).value,
    ),
  ).toBe('00c80161')
})

const broken: [name: string, hex: string][] = [
  ['no flags', ''],
  ['unknown flags', '08'],
  ['a line end that is none', '0104'],
  ['a bitmap of nothing', '0200'],
  ['a bitmap in a long form', '028100'],
  ['a raw line that is no text', '04c9'],
  ['an absent cell at the end', '00c8'],
  ['too many cells', '0001610161016101610161'],
  ['a cell that is cut', '000361'],
  ['a short text with a tag', '00cc0161'],
  ['an unknown tag', '00d5'],
  ['an empty text with flipped quoting', '00cd00'],
  ['an empty number', '00ce00'],
  ['a length in a long form', '00cc c801'.replace(' ', '') + '61'],
  ['a link that is not there', '00d18108'],
  ['a short cell out of line', '00d105'],
]

for (const [name, hex] of broken) {
  test(`a row with ${name} is corrupt`, () => {
    expect(() => decodeRow(fromHex(hex), [], 4)).toThrow(expect.objectContaining({ code: 'VARVE_CORRUPT' }))
  })
}

test('links that no cell uses are corrupt', () => {
  expect(() => decodeRow(fromHex('000161'), ['x' as Cid], 4)).toThrow(/links/)
})

test('any bytes are a row that encodes back to them, or corrupt', () => {
  const piece = fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 198, max: 214 }))
  const law = fc.property(fc.array(piece, { maxLength: 14 }), (bytes) => {
    const value = Uint8Array.from(bytes)
    try {
      expect(encodeRow(decodeRow(value, [], 6)).value).toEqual(value)
    } catch (error) {
      if (!isVarveError(error, 'VARVE_CORRUPT')) throw error
    }
  })
  fc.assert(law, { numRuns: 5000 })
})
