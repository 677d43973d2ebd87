// The law: the history of a table costs what changed in it, not the commits times the rows.
import { beforeAll, describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { collect } from '../../src/base/iterables.ts'
import type { Cid } from '../../src/encoding/cid.ts'
import { DataRepository } from '../../src/index.ts'
import { MapBuilder } from '../../src/prolly/map-builder.ts'
import type { Edit } from '../../src/prolly/interface.ts'
import type { ProllyMap } from '../../src/prolly/map.ts'
import { walkLevel } from '../../src/prolly/walk.ts'
import type { Schema, TableObject } from '../../src/table/interface.ts'
import { textCell } from '../../src/table/cell.ts'
import { encodeKey } from '../../src/table/key.ts'
import { encodeRow } from '../../src/table/row.ts'
import { cellSlot } from '../../src/table/slot.ts'
import { WrappedStore } from '../remote/wrapped-store.ts'
import { DrawnHistory } from './drawn.ts'

const rowCount = 10_000
const editsOfVersion = 20
const versionCount = 5

const schema: Schema = {
  columns: [
    { id: 1, name: 'id', type: 'int' },
    { id: 2, name: 'name', type: 'text' },
    { id: 3, name: 'mail', type: 'text' },
  ],
  key: [1],
  nextColumnId: 4,
  cells: 'text',
}

function row(history: DrawnHistory, id: number, name: string): Edit {
  const { writer } = history.bench
  return {
    key: encodeKey(schema, [{ kind: 'text', bytes: utf8(String(id)), quotingFlipped: false }]),
    ...encodeRow({
      lineEnd: 0,
      keyQuoting: 0,
      rawLine: null,
      cells: [name, `mail${id}@example.org`].map((text) => cellSlot(textCell(text), writer)),
    }),
  }
}

function table(rows: ProllyMap): TableObject {
  return { schema, rows: rows.cid, order: null, layout: null }
}

/** Each version of the table is followed by `others` commits that touch something else. */
async function draw(others: number): Promise<{ history: DrawnHistory; rowNodes: Set<Cid>; height: number }> {
  const history = new DrawnHistory()
  const builder = new MapBuilder(history.bench.writer)
  for (let id = 0; id < rowCount; id++) {
    const { key, value, links } = row(history, id, `name ${id}`)
    builder.addEntry(key, value!, links ?? [])
  }
  const rowNodes = new Set<Cid>()
  let rows = builder.finish(history.bench.nodes)
  let last = ''
  for (let version = 0; version < versionCount; version++) {
    if (version > 0) rows = await edited(history, rows, version)
    for (let level = 0; level < rows.height; level++) {
      for await (const places of walkLevel(history.bench.nodes, rows.root, level))
        for (const { ref } of places) rowNodes.add(ref.cid)
    }
    for (let other = 0; other <= others; other++) {
      const name = `v${version}-${other}`
      await history.commit(`${name}: ${last}`, { people: table(rows), notes: `note ${other}\n` })
      last = name
    }
  }
  return { history, rowNodes, height: rows.height }
}

/** Version v edits the rows v, v + 500, v + 1000, … */
function edited(history: DrawnHistory, rows: ProllyMap, version: number): Promise<ProllyMap> {
  const step = rowCount / editsOfVersion
  return rows.mutate(
    history.bench.writer,
    Array.from({ length: editsOfVersion }, (_, i) => row(history, version + i * step, `edited ${version}`)),
  )
}

describe('cost of history', () => {
  let drawn: Awaited<ReturnType<typeof draw>>
  beforeAll(async () => {
    drawn = await draw(20)
    await drawn.history.open()
  }, 60_000)

  /** Row nodes that the work reads, of a repository that has read nothing yet. */
  async function rowReads(
    work: (repo: DataRepository) => Promise<unknown>,
    { history, rowNodes } = drawn,
  ): Promise<number> {
    const store = new WrappedStore(history.store)
    await work(DataRepository.over(store))
    return [...store.read].filter((cid) => rowNodes.has(cid)).length
  }

  const blameRow = async (repo: DataRepository): Promise<void> => {
    const [[found]] = (await collect((await repo.blame('people', { key: 7 })).rows())) as [[unknown]]
    expect(found).toMatchObject({ cells: [{}, { by: { subject: 'v0-0' } }, {}] })
  }
  const logRow = async (repo: DataRepository): Promise<void> => {
    expect(await collect(repo.rowLog('people', { key: 7 }))).toMatchObject([{ message: 'v0-0\n' }])
  }
  const blameAll = async (repo: DataRepository): Promise<void> => {
    const commits = new Map<string, number>()
    for await (const rows of (await repo.blame('people')).rows())
      for (const { by } of rows) commits.set(by!.subject, (commits.get(by!.subject) ?? 0) + 1)
    expect(Object.fromEntries(commits)).toEqual({
      'v0-0': rowCount - (versionCount - 1) * editsOfVersion,
      'v1-0': editsOfVersion,
      'v2-0': editsOfVersion,
      'v3-0': editsOfVersion,
      'v4-0': editsOfVersion,
    })
  }

  test('one row costs a path a version of its table at most', async () => {
    expect(await rowReads(blameRow)).toBeLessThanOrEqual(versionCount * drawn.height)
    expect(await rowReads(logRow)).toBeLessThanOrEqual(versionCount * drawn.height)
  })

  test('a whole table costs one scan and the nodes that differ between its versions', async () => {
    const scan = await rowReads(async (repo) => {
      expect(await (await repo.at('main')).table('people').count()).toBe(rowCount)
      await collect((await repo.at('main')).table('people').scan())
    })
    expect(scan).toBeGreaterThan(40)
    expect(await rowReads(blameAll)).toBeLessThanOrEqual(
      scan + (versionCount - 1) * editsOfVersion * drawn.height,
    )
  })

  test('commits that do not touch the table read no row nodes', async () => {
    const few = await draw(0)
    await few.history.open()
    for (const work of [blameRow, logRow, blameAll])
      expect(await rowReads(work)).toBe(await rowReads(work, few))
  })
})
