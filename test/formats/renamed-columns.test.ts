import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { readTable } from '../../src/formats/read.ts'
import { withNewNames } from '../../src/formats/renamed-columns.ts'
import type { TableObject } from '../../src/table/interface.ts'
import { Bench } from '../merge/bench.ts'

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield utf8(text)
}

/** What was renamed between two versions of a file: 'old -> new'. */
async function renames(
  before: string,
  after: string,
  keys: readonly [string, string] = ['id', 'id'],
  format: 'csv' | 'jsonl' = 'csv',
): Promise<string[]> {
  const { nodes, writer } = new Bench()
  const read = async (text: string, key: string, previous?: TableObject): Promise<TableObject> =>
    (await readTable(once(text), { format, key: [key], writer, nodes, where: 't', previous })).table
  const old = await read(before, keys[0])
  const named = await withNewNames(nodes, old, await read(after, keys[1], old))
  if (named === null) return []
  const table = await read(after, keys[1], named)
  return old.schema.columns.flatMap(({ id, name }) => {
    const now = table.schema.columns.find((column) => column.id === id)
    return now === undefined || now.name === name ? [] : [`${name} -> ${now.name}`]
  })
}

const lines = (head: string, row: (i: number) => string, count = 50): string =>
  `${head}\n${Array.from({ length: count }, (_, i) => `${i},${row(i)}`).join('\n')}\n`
const base = lines('id,name,city', (i) => `n${i},c${i % 7}`)

describe('a column with another name is the same column', () => {
  test('where its cells are the same, rows being added and removed meanwhile', async () => {
    expect(
      await renames(
        base,
        lines('id,name,town', (i) => `n${i},c${i % 7}`),
      ),
    ).toEqual(['city -> town'])
    expect(
      await renames(
        base,
        lines('id,town,name', (i) => `c${i % 7},n${i}`, 80),
      ),
    ).toEqual(['city -> town'])
    const both = lines('id,full name,town', (i) => `n${i},c${i % 7}`)
    expect(await renames(base, both)).toEqual(['name -> full name', 'city -> town'])
  })

  test('where nearly all its cells are the same', async () => {
    expect(
      await renames(
        base,
        lines('id,label,city', (i) => `${i === 3 ? 'new' : `n${i}`},c${i % 7}`),
      ),
    ).toEqual(['name -> label'])
  })

  test('also a column of the key', async () => {
    const after = lines('number,name,town', (i) => `n${i},c${i % 7}`)
    expect(await renames(base, after, ['id', 'number'])).toEqual(['id -> number', 'city -> town'])
  })

  test('and a member of JSON Lines', async () => {
    const text = (name: string): string =>
      Array.from({ length: 20 }, (_, i) => `{"id": ${i}, "${name}": "c${i}"}\n`).join('')
    expect(await renames(text('city'), text('town'), ['id', 'id'], 'jsonl')).toEqual(['city -> town'])
  })

  test('of two that look alike the one that stands where it stood', async () => {
    const twins = lines('id,a,b', () => 'x,x')
    expect(
      await renames(
        twins,
        lines('id,a,c', () => 'x,x'),
      ),
    ).toEqual(['b -> c'])
    expect(
      await renames(
        twins,
        lines('id,c,d', () => 'x,x'),
      ),
    ).toEqual(['a -> c', 'b -> d'])
  })
})

describe('a new column is no other', () => {
  test('where cells differ', async () => {
    expect(
      await renames(
        base,
        lines('id,name,town', (i) => `n${i},d${i % 7}`),
      ),
    ).toEqual([])
    expect(
      await renames(
        base,
        lines('id,name,town', (i) => `n${i},c${i % 3}`),
      ),
    ).toEqual([])
  })

  test('where only its commonest cell is that of the old one', async () => {
    const flags = lines('id,dead', (i) => String(i === 5))
    expect(
      await renames(
        flags,
        lines('id,lost', (i) => String(i === 6)),
      ),
    ).toEqual([])
  })

  test('where the old one is still there, or no row is known, or no cell is filled', async () => {
    expect(
      await renames(
        base,
        lines('id,name,city,town', (i) => `n${i},c${i % 7},c${i % 7}`),
      ),
    ).toEqual([])
    expect(
      await renames(base, base.replaceAll('\n', '\n9').replace(/\n9$/, '\n').replace('city', 'town')),
    ).toEqual([])
    expect(
      await renames(
        lines('id,a', () => ''),
        lines('id,b', () => ''),
      ),
    ).toEqual([])
  })
})
