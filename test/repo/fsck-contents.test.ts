// What fsck says of files and tables whose objects are all there, under their right names, and do not fit together.
import path from 'node:path'
import * as dagCbor from '@ipld/dag-cbor'
import { expect, test } from 'vitest'
import { noise } from '../chunking/noise.ts'
import { put, run } from '../format/written-repositories.ts'
import { Repository } from '../../src/index.ts'
import { type Graph, graphOf, replaced, storeGraph } from '../property/hostile-graph.ts'
import { temporaryDir } from '../support/temporary.ts'

async function sample(...more: string[]): Promise<Graph> {
  const folder = temporaryDir()
  await run(folder, 'init')
  put(folder, 'small.txt', 'small')
  put(folder, 'large.bin', noise(300_000, 1))
  put(folder, 'order.csv', 'id,n\n2,b\n1,a\n3,c\n')
  await run(folder, 'track order.csv --key id', 'add .', 'commit -m first', ...more)
  return graphOf(path.join(folder, '.varve'))
}

type Node = [number, number, number, number, number, number, ...Uint8Array[]]

/** What fsck finds after the one object for which `change` says so was changed. */
async function foundAfter(change: (value: unknown) => boolean, ...more: string[]): Promise<string[]> {
  const graph = await sample(...more)
  const folder = temporaryDir()
  let changed = 0
  for (const [cid, bytes] of graph.objects) {
    if (cid.startsWith('0155')) continue
    const value = dagCbor.decode<unknown>(bytes)
    if (!change(value)) continue
    changed++
    await storeGraph(path.join(folder, '.varve'), replaced(graph, cid, dagCbor.encode(value)))
  }
  expect(changed).toBe(1)
  await using repo = await Repository.open(folder)
  return (await repo.fsck()).problems.map(({ where, what }) => `${where}: ${what}`)
}

/** As `foundAfter`, of a node of a tree. */
function found(change: (node: Node) => boolean): Promise<string[]> {
  return foundAfter((value) => Array.isArray(value) && change(value as Node))
}

/** As `foundAfter`, of the commit or the table, which has such a field. */
function foundWith(field: 'extra' | 'layout', made: (value: object) => unknown): Promise<string[]> {
  return foundAfter((value) => {
    const object = value as Record<string, object>
    const isOfKind = !Array.isArray(value) && object[field] !== undefined
    if (isOfKind) object[field] = made(object[field]!) as object
    return isOfKind
  })
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

test('a sound repository has no problems', async () => {
  const folder = temporaryDir()
  await storeGraph(path.join(folder, '.varve'), await sample())
  await using repo = await Repository.open(folder)
  expect((await repo.fsck()).problems).toEqual([])
})

test('a file of one chunk that has another size', async () => {
  const problems = await found((node) => {
    const values = node[9] as unknown as Uint8Array
    const at = text(node[7] as unknown as Uint8Array).includes('small.txt')
      ? text(values).indexOf('\u0001\u0005')
      : -1
    if (at >= 0) values[at + 1] = 6
    return at >= 0
  })
  expect(problems).toEqual([
    "tree of refs/heads/main, file 'small.txt': content is not as long as its entry says",
  ])
})

test('a list of chunks in which one is longer than it is', async () => {
  const problems = await found((node) => {
    if (node[1] !== 2) return false
    const values = node[9] as unknown as Uint8Array
    // The lengths of two chunks, whose sum stays.
    values[0]! += 1
    values[3]! -= 1
    return true
  })
  expect(problems).toEqual([
    "tree of refs/heads/main, file 'large.bin': chunk has another length than its list says",
  ])
})

test('an order of rows that has one key twice', async () => {
  const problems = await found((node) => {
    if (node[1] !== 1) return false
    const values = node[9] as unknown as Uint8Array
    values.copyWithin(0, 2, 4)
    return true
  })
  expect(problems).toEqual([
    "tree of refs/heads/main, table 'order.csv': order of a table has a key that the table has not",
  ])
})

test('a commit of older history whose generation is false, or is none', async () => {
  const folder = temporaryDir()
  await run(folder, 'init')
  for (const name of ['first', 'second', 'third']) {
    put(folder, 'a.txt', name)
    await run(folder, 'add .', `commit -m ${name}`)
  }
  const graph = await graphOf(path.join(folder, '.varve'))
  const [second] = [...graph.objects].flatMap(([cid, bytes]) => {
    if (cid.startsWith('0155')) return []
    const commit = dagCbor.decode<Record<string, unknown>>(bytes)
    return String(commit['message']).trim() === 'second' ? [{ cid, commit }] : []
  })
  for (const [change, expected] of [
    [{ gen: 7 }, ['its generation is false', 'its generation is false']],
    [{ author: ['a', 'b', 1.5, 0] }, ['a time or zone is no whole number']],
    [{ gen: 'two' }, [expect.stringMatching(/is damaged$/)]],
  ] as const) {
    const other = temporaryDir()
    const bytes = dagCbor.encode({ ...second!.commit, ...change })
    await storeGraph(path.join(other, '.varve'), replaced(graph, second!.cid, bytes))
    await using repo = await Repository.open(other)
    const { problems } = await repo.fsck()
    expect(problems.map(({ what }) => what)).toEqual(expected)
    expect(problems.every(({ where }) => where.startsWith('commit 0171'))).toBe(true)
  }
})

test('a table whose file has settings that no file has', async () => {
  expect(await foundWith('layout', (layout) => ({ ...layout, delimiter: [] }))).toEqual([
    expect.stringMatching(
      /^tree of refs\/heads\/main, table 'order.csv': layout of a table is not one of a CSV file/,
    ),
  ])
})

test.each([
  ['bytes', Uint8Array.of(1)],
  ['a list', []],
  ['a number', 1],
])('a commit that has %s where it has more to say', async (_name, extra) => {
  const problems = await foundWith('extra', () => extra)
  expect(problems.join('\n')).toMatch(/commit [0-9a-f]+ is damaged/)
})

test('a tag without a message', async () => {
  const problems = await foundAfter((value) => {
    const tag = value as Record<string, unknown>
    const isTag = !Array.isArray(value) && tag['tagger'] !== undefined
    if (isTag) delete tag['message']
    return isTag
  }, 'tag -a v1 -m words')
  expect(problems.join('\n')).toMatch(/tag [0-9a-f]+ is damaged/)
})
