// Values: each comes back as it was, through reading, writing, guarding and deleting, or is refused by name.
import { expect } from 'vitest'
import { utf8 } from '../base/bytes.ts'
import type { Connector, EndpointTable, RowChange } from '../connectors/interface.ts'
import { cellOf } from '../table/cell.ts'
import type { Cell } from '../table/interface.ts'
import { apply, heldBack, insert, keyOf, readAll, remove, update } from './plans.ts'
import type { Suite } from './connector.ts'

const texts: readonly string[] = [
  '',
  ' ',
  'NULL',
  '\\N',
  "'",
  '"',
  '\\',
  'tab\t line\n return\r back\\slash',
  '1',
  '1.0',
  'true',
  'é',
  'e\u0301',
  '💧',
  '\u0001',
  '\u200b\ufeff',
  ',;|',
  'x'.repeat(70_000),
]

export function valueTests({ fixture, promise }: Suite): void {
  promise('text arrives as it was, and no value is not an empty one', async (bench) => {
    const other = await bench.fresh()
    for (const one of [bench.endpoint, other])
      await one.create({
        name: 't',
        key: ['id'],
        columns: [
          { name: 'id', type: 'int' },
          { name: 'v', type: 'text', nullable: true },
        ],
      })
    const rows = [null, ...texts].map((v, id) => ({ id: String(id), v }))
    await bench.endpoint.write(...rows.map((put) => ({ table: 't', put })))
    expect(await readAll(bench.connector, ['t'])).toEqual([rows])
    const connector = await bench.another(other)
    expect(
      (
        await apply(
          connector,
          rows.map((row) => insert('t', row)),
        )
      ).outcome,
    ).toBe('applied')
    expect(await other.rows('t')).toEqual(rows)
    const turned = rows.map((row, i) => ({ ...row, v: rows.at(i - 1)!.v }))
    expect(
      heldBack(
        await apply(
          connector,
          rows.map((row, i) => update('t', row, turned[i]!)),
        ),
      ),
    ).toBe('nothing')
    expect(await other.rows('t')).toEqual(turned)
  })

  const cellBytesMax = fixture.cellBytesMax ?? 8 << 20
  promise(`a value of ${cellBytesMax >> 20} MiB goes both ways`, async (bench) => {
    const shape = {
      name: 't',
      key: ['id'],
      columns: [
        { name: 'id', type: 'int' as const },
        { name: 'v', type: 'text' as const },
      ],
    }
    await bench.endpoint.create(shape)
    const row = { id: '1', v: 'ü'.repeat(cellBytesMax / 2) }
    expect(heldBack(await apply(bench.connector, [insert('t', row)]))).toBe('nothing')
    expect((await bench.endpoint.rows('t'))[0]!['v'] === row.v).toBe(true)
    expect((await readAll(bench.connector, ['t']))[0]![0]!['v'] === row.v).toBe(true)
    expect(heldBack(await apply(bench.connector, [remove('t', row)]))).toBe('nothing')
  })

  promise('every kind of value is read exactly, written exactly, and guarded', async (bench) => {
    const other = await bench.fresh()
    const connector = await bench.another(other)
    for (const [i, type] of [...new Set(fixture.values.map((one) => one.type))].entries()) {
      const cases = fixture.values.filter((one) => one.type === type)
      const [name, literals] = [`v${i}`, cases.map(({ literal }) => literal)]
      const expected = cases.map(({ cell }) => cell)
      await bench.endpoint.createValues(name, type, literals)
      await other.createValues(name, type, [])
      const there = await bench.endpoint.shownValues(name)
      const [read] = await bench.connector.discover([name])
      expect(read!.columns[1]!.type, type).toBe(cases[0]!.columnType)
      const cells = await valuesOf(bench.connector, read!)
      expect(cells.map(described), type).toEqual(expected)
      const [table] = await connector.discover([name])
      const rows = cells.map((cell, at) => row(table!, at, cell))
      const turned = cells.map((_, at) => row(table!, at, cells.at(at - 1)!))
      const inserts = rows.map((after) => ({ kind: 'insert', before: null, after }) as const)
      expect(heldBack(await applyRows(connector, table!, inserts)), type).toBe('nothing')
      expect(await other.shownValues(name), type).toEqual(there)
      const updates = rows.map((before, at) => ({ kind: 'update', before, after: turned[at]! }) as const)
      expect(heldBack(await applyRows(connector, table!, updates)), type).toBe('nothing')
      expect((await valuesOf(connector, table!)).map(described), type).toEqual(
        expected.map((_, at) => expected.at(at - 1)),
      )
      const deletes = turned.map((before) => ({ kind: 'delete', before, after: null }) as const)
      expect(heldBack(await applyRows(connector, table!, deletes)), type).toBe('nothing')
      expect(await other.shownValues(name), type).toEqual([])
    }
  })

  promise('a value that a column cannot hold is refused by name, and nothing is written', async (bench) => {
    for (const [i, { type, cell }] of fixture.refusals.entries()) {
      const name = `v${i}`
      await bench.endpoint.createValues(name, type, [])
      const [table] = await bench.connector.discover([name])
      const after = row(table!, 0, cellOf(cell[0], bytesOf(cell)))
      const applied = await applyRows(bench.connector, table!, [{ kind: 'insert', before: null, after }])
      expect(heldBack(applied), `${type}: ${cell.join(' ')}`).toBe('rejected 1')
      expect(await bench.endpoint.shownValues(name)).toEqual([])
    }
  })
}

type Rows = readonly {
  kind: RowChange['kind']
  before: readonly Cell[] | null
  after: readonly Cell[] | null
}[]

async function applyRows(connector: Connector, table: EndpointTable, rows: Rows) {
  const { fence } = await connector.takeOver('shop')
  const id = table.columns.findIndex(({ name }) => name === 'id')
  return connector.apply({
    link: 'shop',
    fence,
    base: 'a'.repeat(64),
    tables: [table],
    async *changes(_, kind) {
      yield rows
        .filter((one) => one.kind === kind)
        .map((one) => ({ ...one, key: keyOf([described((one.before ?? one.after)![id]!)[1]]) }) as RowChange)
    },
  })
}

/** Values of column v, by id. Copies: a batch's cells may be views of what is read over later. */
async function valuesOf(connector: Connector, table: EndpointTable): Promise<Cell[]> {
  const snapshot = await connector.snapshot([table])
  const cells: Cell[] = []
  for await (const batch of snapshot.rows(table))
    for (const [id, v] of batch) cells[Number(described(id!)[1]) - 1] = { ...v!, bytes: v!.bytes.slice() }
  await snapshot.close()
  return cells
}

function row(table: EndpointTable, i: number, v: Cell): Cell[] {
  const id = cellOf(table.columns[0]!.type === 'int' ? 'number' : 'text', utf8(String(i + 1)))
  return [id, v]
}

/** Bytes as hex, else text. */
function described({ kind, bytes }: Cell): [string, string] {
  return [kind, Buffer.from(bytes).toString(kind === 'bytes' ? 'hex' : 'utf8')]
}

function bytesOf([kind, text]: readonly [string, string]): Uint8Array {
  return kind === 'bytes' ? new Uint8Array(Buffer.from(text, 'hex')) : utf8(text)
}
