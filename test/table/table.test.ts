import { expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { isVarveError } from '../../src/base/errors.ts'
import { collect } from '../../src/base/iterables.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { diffTables } from '../../src/table/diff.ts'
import { diffSchemas } from '../../src/table/schema-diff.ts'
import { applyEdits, editsOf, newTable, type RowEdits } from '../../src/table/edits.ts'
import type { OneWaySource, Row, TableObject } from '../../src/table/interface.ts'
import { allSources, checkOneWay, oneWayRecord } from '../../src/table/one-way.ts'
import { decodeTable, encodeTable } from '../../src/table/table-object.ts'
import { Table } from '../../src/table/table.ts'

function place() {
  const writer = MemoryStore.create().writer()
  return { writer, nodes: new NodeStore(writer) }
}

type Place = ReturnType<typeof place>

async function edited({ nodes, writer }: Place, object: TableObject, edits: RowEdits): Promise<TableObject> {
  const table = await Table.of(nodes, object)
  return applyEdits(table, await editsOf(table, edits, writer), writer)
}

async function people(here: Place, rows: readonly Row[]): Promise<TableObject> {
  return edited(here, newTable(here.nodes, here.writer, { key: ['id'], rows }), { puts: rows })
}

const ada = { id: 1, name: 'Ada', born: 1815, tags: ['a', { b: 1 }] }
const alan = { id: 2, name: 'Alan', born: null, tags: [] }

test('rows put are rows got, with their types', async () => {
  const here = place()
  const table = await Table.of(here.nodes, await people(here, [ada, alan]))
  expect(await table.get(1)).toEqual(ada)
  expect(await table.get([2])).toEqual(alan)
  expect(await table.get(3)).toBe(null)
  expect(await table.get('1')).toBe(null)
  expect(table.count).toBe(2)
  expect(table.schema.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'id int',
    'name text',
    'born int',
    'tags json',
  ])
})

test('values keep every digit, byte and kind', async () => {
  const here = place()
  const row = {
    id: 1,
    a: 12345678901234567890n,
    b: Uint8Array.of(0, 255),
    c: true,
    d: false,
    e: -0.5,
    f: 'x'.repeat(5000),
    g: '',
  }
  const table = await Table.of(here.nodes, await people(here, [row]))
  expect(await table.get(1)).toEqual(row)
})

test('columns may be called __proto__ and constructor', async () => {
  const here = place()
  const row = Object.fromEntries([
    ['id', 1],
    ['__proto__', 2],
    ['constructor', 3],
  ]) as Row
  const table = await Table.of(here.nodes, await people(here, [row]))
  const got = (await table.get(1))!
  expect(Object.getPrototypeOf(got)).toBe(null)
  expect(Object.entries(got)).toEqual([
    ['id', 1],
    ['__proto__', 2],
    ['constructor', 3],
  ])
})

test('rows come in the order of their keys as numbers, and by ranges', async () => {
  const here = place()
  const rows = [10, -3, 2, 0, 100, -20].map((id) => ({ id, name: `n${id}` }))
  const table = await Table.of(here.nodes, await people(here, rows))
  const ids = async (options = {}) => (await collect(table.scan(options))).flat().map(({ id }) => id)
  expect(await ids()).toEqual([-20, -3, 0, 2, 10, 100])
  expect(await ids({ reverse: true })).toEqual([100, 10, 2, 0, -3, -20])
  expect(await ids({ from: -3, before: 10 })).toEqual([-3, 0, 2])
})

test('a put of the same values changes no byte', async () => {
  const here = place()
  const before = await people(here, [ada, alan])
  expect((await edited(here, before, { puts: [{ ...ada }] })).rows).toBe(before.rows)
})

test('a row without key, or with a column that is not there, is refused', async () => {
  const here = place()
  const table = await people(here, [ada])
  await expect(edited(here, table, { puts: [{ name: 'x' }] })).rejects.toMatchObject({
    code: 'VARVE_RULE_VIOLATED',
    data: { column: 'id' },
  })
  await expect(edited(here, table, { puts: [{ id: 3, size: 1 }] })).rejects.toMatchObject({
    data: { reason: 'unknown-column' },
  })
})

test('the difference of two tables is rows and cells', async () => {
  const here = place()
  const a = await people(here, [ada, alan, { id: 3, name: 'Eva', born: 1, tags: null }])
  const b = await edited(here, a, {
    puts: [
      { ...ada, born: 1816 },
      { id: 4, name: 'Tim' },
    ],
    deletes: [[2]],
  })
  const differences = (await collect(diffTables(here.nodes, a, b))).flat()
  expect(differences).toEqual([
    {
      kind: 'changed',
      key: [1],
      before: ada,
      after: { ...ada, born: 1816 },
      cells: [{ column: 'born', before: 1815, after: 1816 }],
    },
    { kind: 'removed', key: [2], before: alan, after: null, cells: [] },
    {
      kind: 'added',
      key: [4],
      before: null,
      after: { id: 4, name: 'Tim', born: null, tags: null },
      cells: [],
    },
  ])
  expect(
    (await collect(diffTables(here.nodes, a, b, { range: { from: 2, before: 4 } }))).flat(),
  ).toHaveLength(1)
  expect(await collect(diffTables(here.nodes, a, a))).toEqual([])
})

test('columns are matched by id in one lineage: a renamed column is no other', async () => {
  const here = place()
  const a = await people(here, [ada])
  const columns = a.schema.columns.map((column) =>
    column.name === 'born' ? { ...column, name: 'birth' } : column,
  )
  const b = { ...a, schema: { ...a.schema, columns } }
  const { renamed, added, removed, keyChanged } = diffSchemas(a.schema, b.schema)
  expect(renamed.map(({ before, after }) => `${before.name} ${after.name}`)).toEqual(['born birth'])
  expect([added, removed, keyChanged]).toEqual([[], [], false])
})

test('a table object is read as it was written; other bytes are corrupt, or another table', async () => {
  const here = place()
  const plain = await people(here, [ada])
  const source = { endpoint: 'ab'.repeat(32), table: 'people', link: 'crm' }
  const made = { ...plain, oneWay: [source, { ...source, link: 'shop' }] }
  for (const table of [plain, made]) {
    const bytes = encodeTable(table)
    expect(decodeTable(bytes)).toEqual(table)
    for (let i = 0; i < bytes.length; i++) {
      for (const flip of [1, 0x20, 0x80, 0xff]) {
        const broken = bytes.slice()
        broken[i]! ^= flip
        try {
          expect(toHex(encodeTable(decodeTable(broken)))).toBe(toHex(broken))
        } catch (error) {
          if (!isVarveError(error)) throw error
        }
      }
    }
  }
})

test('of what a table was made each source is named once, in order; none at all is no list', () => {
  const source = (table: string, link: string): OneWaySource => ({ endpoint: 'ab'.repeat(32), table, link })
  const [a, b, c] = [source('people', 'crm'), source('people', 'shop'), source('Übrige', 'crm')]
  expect(allSources([c, b], [a, b], [])).toEqual([a, b, c])
  expect(checkOneWay(oneWayRecord([c, b, a]))).toEqual([a, b, c])
  for (const broken of [
    [],
    null,
    [['ab', 'people', 'crm']],
    oneWayRecord([a, b]).reverse(),
    [...oneWayRecord([a]), ...oneWayRecord([a])],
  ])
    expect(() => checkOneWay(broken)).toThrow('table has')
})

test('tables made apart, whose rows have equal bytes under other columns, differ in every cell', async () => {
  const here = place()
  const a = await people(here, [
    { id: 1, name: 'x', town: 'y' },
    { id: 2, name: 'same', town: 'same' },
  ])
  const b = await people(here, [
    { id: 1, town: 'x', name: 'y' },
    { id: 2, town: 'same', name: 'same' },
    { id: 3, town: 'new', name: 'new' },
  ])
  const differences = (await collect(diffTables(here.nodes, a, b))).flat()
  expect(differences.map(({ kind, key }) => `${kind} ${JSON.stringify(key)}`)).toEqual([
    'changed [1]',
    'added [3]',
  ])
  expect(differences[0]!.cells).toEqual([
    { column: 'town', before: 'y', after: 'x' },
    { column: 'name', before: 'x', after: 'y' },
  ])
  const back = (await collect(diffTables(here.nodes, b, a))).flat()
  expect(back.map(({ kind, key }) => `${kind} ${JSON.stringify(key)}`)).toEqual([
    'changed [1]',
    'removed [3]',
  ])
})
