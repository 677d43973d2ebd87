import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { mergeTables } from '../../src/merge/tables/merge-tables.ts'
import { MapBuilder } from '../../src/prolly/map-builder.ts'
import type { ProllyMap } from '../../src/prolly/map.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import type { ObjectReader, ObjectWriter } from '../../src/store/interface.ts'
import type { Schema, TableObject } from '../../src/table/interface.ts'
import { encodeKey } from '../../src/table/key.ts'
import { encodeRow } from '../../src/table/row.ts'
import { cellSlot } from '../../src/table/slot.ts'
import { textCell } from '../../src/table/cell.ts'
import { Bench } from './bench.ts'

const rowCount = 100_000
const editCount = 1000

const schema: Schema = {
  columns: [
    { id: 1, name: 'id', type: 'int' },
    { id: 2, name: 'name', type: 'text' },
    { id: 3, name: 'mail', type: 'text' },
    { id: 4, name: 'city', type: 'text' },
  ],
  key: [1],
  nextColumnId: 5,
  cells: 'text',
}

/** Counts the objects that go through. */
function counting(writer: ObjectWriter): { writer: ObjectWriter; reads: () => number } {
  let reads = 0
  const get: ObjectReader['get'] = (cids, options) => {
    reads += cids.length
    return writer.get(cids, options)
  }
  const counted = new Proxy(writer, {
    get: (target, name) => {
      if (name === 'get') return get
      const member = target[name as keyof ObjectWriter] as unknown
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
  return { writer: counted, reads: () => reads }
}

describe('cost of a merge', () => {
  test('1,000 cells changed on each side of 100,000 rows read only the nodes they lie in', async () => {
    const bench = new Bench()
    const row = (name: string, mail: string): { value: Uint8Array; links: Cid[] } =>
      encodeRow({
        lineEnd: 0,
        keyQuoting: 0,
        rawLine: null,
        cells: [name, mail, 'Reykjavik'].map((text) => cellSlot(textCell(text), bench.writer)),
      })
    const key = (id: number): Uint8Array =>
      encodeKey(schema, [{ kind: 'text', bytes: utf8(String(id)), quotingFlipped: false }])
    const builder = new MapBuilder(bench.writer)
    for (let id = 1; id <= rowCount; id++) {
      const { value, links } = row(`name ${id}`, `mail${id}@example.org`)
      builder.addEntry(key(id), value, links)
    }
    const base = builder.finish(bench.nodes)
    const step = rowCount / editCount
    const edited = async (
      offset: number,
      edit: (id: number) => { value: Uint8Array; links: Cid[] },
    ): Promise<ProllyMap> =>
      base.mutate(
        bench.writer,
        Array.from({ length: editCount }, (_, i) => ({
          key: key(1 + i * step + offset),
          ...edit(1 + i * step + offset),
        })),
      )
    const ours = await edited(0, (id) => row(`NAME ${id}`, `mail${id}@example.org`))
    const theirs = await edited(0, (id) => row(`name ${id}`, `MAIL${id}@example.org`))
    const table = (rows: ProllyMap): TableObject => ({ schema, rows: rows.cid, order: null, layout: null })

    const { writer, reads } = counting(bench.writer)
    const io = { nodes: new NodeStore(writer), writer }
    const merged = await mergeTables(io, 't', { base: table(base), ours: table(ours), theirs: table(theirs) })
    if (merged.kind !== 'merged') throw new Error(merged.reason)
    expect(merged.rowsChanged).toBe(editCount)
    expect(merged.conflicts).toEqual([])
    // At most a leaf an edit and side, the nodes above, and nothing twice.
    expect(reads()).toBeLessThan(3 * (editCount + 60))
    const expected = await edited(0, (id) => row(`NAME ${id}`, `MAIL${id}@example.org`))
    expect(merged.table.rows).toBe(expected.cid)
  })

  test('a few rows in one place of a large table in an order of its own read a few nodes', async () => {
    const bench = new Bench()
    const ids = Array.from({ length: 20_000 }, (_, i) => String(((i * 7919) % 20_000) + 1))
    const rows = (edit: (id: string) => string): (readonly string[])[] => ids.map((id) => [id, edit(id)])
    const base = await bench.table({ columns: ['id', 'v'], rows: rows(() => 'v') })
    const ours = await bench.table(
      { columns: ['id', 'v'], rows: [...rows(() => 'v'), ['90001', 'new']] },
      base,
    )
    const theirs = await bench.table(
      { columns: ['id', 'v'], rows: rows((id) => (id === '77' ? 'edited' : 'v')).toSpliced(5, 1) },
      base,
    )
    const { writer, reads } = counting(bench.writer)
    const merged = await mergeTables({ nodes: new NodeStore(writer), writer }, 't', { base, ours, theirs })
    if (merged.kind !== 'merged') throw new Error(merged.reason)
    expect(reads()).toBeLessThan(60)
    const expected = await bench.table(
      {
        columns: ['id', 'v'],
        rows: [...rows((id) => (id === '77' ? 'edited' : 'v')).toSpliced(5, 1), ['90001', 'new']],
      },
      base,
    )
    expect(merged.table).toEqual(expected)
  })
})
