// docs/format/table.md is the contract with other programs: its examples are read from the page and checked.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { toHex, utf8 } from '../../src/base/bytes.ts'
import { sha256Hex } from '../../src/base/platform.ts'
import { ProllyMap } from '../../src/prolly/map.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { absentCell, cellOf, nullCell, textCell, trueCell } from '../../src/table/cell.ts'
import type { Cell, ColumnType, Schema, TableObject } from '../../src/table/interface.ts'
import { encodeKey } from '../../src/table/key.ts'
import { cellTag, encodeRow } from '../../src/table/row.ts'
import { columnsMax, columnTypes, keyColumnsMax } from '../../src/table/schema.ts'
import { cellSlot } from '../../src/table/slot.ts'
import { decodeTable, encodeTable } from '../../src/table/table-object.ts'

const page = readFileSync(new URL('../../docs/format/table.md', import.meta.url), 'utf8')

test('each key of the page is what the code writes', () => {
  const lines = [...page.matchAll(/^\| (text|typed) \| (int|text) \| `(.+)` \| `([0-9a-f]+)` \|$/gm)]
  expect(lines).toHaveLength(10)
  for (const [, cells, type, literal, element] of lines) {
    const column = { id: 1, name: 'id', type: type as ColumnType }
    const schema: Schema = { columns: [column], key: [1], nextColumnId: 2, cells: cells as Schema['cells'] }
    const cell = cellOf(cells === 'text' ? 'text' : 'number', utf8(literal!))
    expect(`${literal} ${toHex(encodeKey(schema, [cell]))}`).toBe(`${literal} ${element}`)
  }
})

test('each row of the page is what the code writes', () => {
  const writer = MemoryStore.create().writer()
  const row = (cells: Cell[], lineEnd = 0): string =>
    toHex(
      encodeRow({ lineEnd, keyQuoting: 0, rawLine: null, cells: cells.map((cell) => cellSlot(cell, writer)) })
        .value,
    )
  const rows = [
    row([textCell('Ada'), absentCell, textCell('x')]),
    row([textCell('Ada'), absentCell, absentCell]),
    row([absentCell]),
    row([textCell('Ada')], 2),
    row([{ ...textCell('Ada'), quotingFlipped: true }]),
    row([cellOf('number', utf8('1.50')), trueCell, nullCell]),
  ]
  const section = page.slice(page.indexOf('| row | value |'), page.indexOf('## Layout of CSV'))
  expect([...section.matchAll(/\| `([0-9a-f]+)` \|$/gm)].map(([, hex]) => hex)).toEqual(rows)
})

test('the table object of the page is what the code writes, and reads', () => {
  const writer = MemoryStore.create().writer()
  const table: TableObject = {
    schema: { columns: [{ id: 1, name: 'id', type: 'int' }], key: [1], nextColumnId: 2, cells: 'typed' },
    rows: ProllyMap.empty(new NodeStore(writer), writer).cid,
    order: null,
    layout: null,
    oneWay: [{ endpoint: sha256Hex(utf8('example')), table: 'people', link: 'crm' }],
  }
  const [, hex] = /`example`:\n\n```\n([0-9a-f\n]+)```/.exec(page)!
  expect(toHex(encodeTable(table))).toBe(hex!.replaceAll('\n', ''))
  expect(decodeTable(encodeTable(table))).toEqual(table)
})

test('tags, types and limits of the page are those of the code', () => {
  for (const tag of [
    'absent',
    'null',
    'true',
    'false',
    'text',
    'textFlipped',
    'number',
    'json',
    'bytes',
  ] as const) {
    expect(page).toContain(`| ${cellTag[tag]} (\`${cellTag[tag].toString(16)}\`) | `)
  }
  expect([cellTag.textLinked, cellTag.textFlippedLinked, cellTag.jsonLinked, cellTag.bytesLinked]).toEqual([
    209, 210, 211, 212,
  ])
  expect(page).toContain(`Types are \`${columnTypes.join(' ')}\``)
  expect(page).toContain(`${columnsMax.toLocaleString('en')} columns and ${keyColumnsMax} key`)
})
