// A value that a cell cannot hold is refused, with its column, before anything is written: in tables of text, as CSV
// files are, and in typed ones. JSON.stringify would drop or change it without a word.
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DataRepository, Repository, type Row } from '../../src/index.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

/** One with typed cells, one with those of a CSV file. */
let repositories: DataRepository[] = []

beforeAll(async () => {
  const typed = DataRepository.over(undefined, { author })
  await typed.transaction('main', (tx) => {
    tx.createTable('t.csv', { key: ['id'] }).put({ id: 0, note: 'first' })
  })
  const dir = temporaryDir()
  const text = await Repository.init(dir, { author })
  fs.writeFileSync(path.join(dir, 't.csv'), 'id,note\n0,first\n')
  await text.track('t.csv', { key: ['id'] })
  await text.add(['.'])
  await text.commit({ message: 'First' })
  repositories = [typed, text]
})

afterAll(async () => {
  for (const repo of repositories) await repo.close()
})

const put = async (repo: DataRepository, note: unknown): Promise<Row | null> => {
  await repo.transaction('main', (tx) => tx.table('t.csv').put({ id: 1, note } as Row))
  return (await repo.at('main')).table('t.csv').get(1)
}

test.each([
  ['a number that is none', NaN, 'NaN'],
  ['an infinite number', -Infinity, '-Infinity'],
  ['a symbol', Symbol('x'), 'JSON value|symbol'],
  ['a function', () => 1, 'JSON value|function'],
  ['a map', new Map([[1, 2]]), 'kind Map'],
  ['a set', new Set([1]), 'kind Set'],
  ['a regular expression', /x/, 'kind RegExp'],
  ['a buffer', new ArrayBuffer(3), 'kind ArrayBuffer'],
  ['a number that is none, within', { a: [NaN] }, 'NaN'],
  ['a function, within', [() => 1], 'function'],
  ['bytes, within', { a: new Uint8Array(2) }, 'kind Uint8Array'],
  ['a map, within', [{ a: new Map() }], 'kind Map'],
])('%s is refused with its column', async (_, value, words) => {
  for (const repo of repositories)
    await expect(put(repo, value)).rejects.toThrow(
      expect.objectContaining({
        name: 'TypeError',
        message: expect.stringMatching(new RegExp(`^column 'note': .*(${words})`)) as string,
      }),
    )
})

test('a circle is refused, and so are bytes that are no text where a file holds text', async () => {
  const circle: { self?: unknown } = {}
  circle.self = circle
  for (const repo of repositories) await expect(put(repo, circle)).rejects.toThrow("column 'note'")
  const text = repositories[1]!
  await expect(put(text, Uint8Array.of(255))).rejects.toThrow(
    "column 'note': a cell of text cannot hold bytes",
  )
})

test('what JSON can say is kept: dates as they say themselves, objects of classes, and what is left out', async () => {
  class Point {
    x = 1
    y = undefined
  }
  for (const repo of repositories) {
    const kept = async (value: unknown): Promise<unknown> => {
      const { note } = (await put(repo, value))!
      return typeof note === 'string' && /^[{[]/.test(note) ? JSON.parse(note) : note
    }
    expect(await kept({ at: [new Date(0)], p: new Point(), none: Object.create(null) as object })).toEqual({
      at: ['1970-01-01T00:00:00.000Z'],
      p: { x: 1 },
      none: {},
    })
    expect(await kept([1, [true, null, 'x']])).toEqual([1, [true, null, 'x']])
  }
})
