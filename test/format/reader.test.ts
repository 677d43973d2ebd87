// A second reader of the format, made from the pages of docs/FORMAT.md alone, reads what the product has written: the same
// files, rows and history. What it cannot read, the pages do not say.
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { type Value, Cursor, decode, encode, fields, hex, link, sha256, text } from './bytes.ts'
import { readBundle } from './bundle.ts'
import { bytesOfEntry, checkedOut, fileOfSide, readCommit, readConflicts, readTag } from './history.ts'
import { mayHold, readKnownCommits } from './known-commits.ts'
import { kinds, readTree } from './prolly.ts'
import { StoredRepository } from './repository.ts'
import { cellText, readCell, readKey, readTable } from './tables.ts'
import { readPathTree } from './files.ts'
import {
  conflictedRepository,
  editedRepository,
  inFolder,
  longHistory,
  put,
  run,
  tagMany,
  tables,
  writtenRepository,
} from './written-repositories.ts'

type Files = ReadonlyMap<string, { mode: string; bytes: Uint8Array }>

/** Names, modes and bytes, without printing large ones. */
function expectSame(read: Files, written: Files): void {
  expect([...read.keys()].sort()).toEqual([...written.keys()].sort())
  for (const [name, { mode, bytes }] of written) {
    const other = read.get(name)!
    expect(`${name} ${other.mode}`).toBe(`${name} ${mode}`)
    expect(Buffer.compare(other.bytes, bytes), `bytes of ${name}`).toBe(0)
  }
}

const open = (folder: string): StoredRepository => new StoredRepository(path.join(folder, '.varve'))

test('the reader imports nothing of the product', () => {
  const readers = readdirSync(import.meta.dirname).filter((name) => name !== 'written-repositories.ts')
  expect(readers.length).toBeGreaterThan(8)
  for (const name of readers)
    expect(readFileSync(path.join(import.meta.dirname, name), 'utf8')).not.toMatch(/from '[./]*\/src\//)
})

test('files and tables of a commit are read as they were written', async () => {
  const folder = temporaryDir()
  await writtenRepository(folder)
  const repository = open(folder)
  const commit = readCommit(repository, repository.refs.get('refs/heads/main')!)
  expect(repository.manifest.head).toBe('refs/heads/main')
  expect(repository.manifest.operation.slice(0, 2)).toEqual(['commit', 'first'])
  expect([commit.author, commit.message.trim(), commit.generation]).toEqual([
    'Ada Lovelace <ada@example.org>',
    'first',
    1,
  ])
  expectSame(checkedOut(repository, commit.tree), inFolder(folder))
  const entries = readPathTree(repository, commit.tree)
  for (const name of Object.keys(tables)) expect(`${name} ${entries.get(name)!.kind}`).toBe(`${name} table`)
  expect(repository.refs.get('INDEX')).toBe(commit.tree)
})

test('every commit of a history of edits, through deltas and patches', async () => {
  const folder = temporaryDir()
  await writtenRepository(folder)
  await editedRepository(folder)
  await run(folder, 'tag -a v1 -m words', 'tag light HEAD~3')
  const packings = [0, 0, 0, 0, 0]
  for (const pack of ['written', 'gc', 'gc --aggressive']) {
    if (pack !== 'written') await run(folder, pack)
    const repository = open(folder)
    let name = repository.refs.get('refs/heads/main')!
    expect(readTag(repository, repository.refs.get('refs/tags/v1')!)).toMatchObject({
      object: name,
      name: 'v1',
    })
    expectSame(checkedOut(repository, readCommit(repository, name).tree), inFolder(folder))
    const edits: [number, number][] = []
    for (let commit = readCommit(repository, name); commit.parents.length > 0;) {
      commit = readCommit(repository, (name = commit.parents[0]!))
      const tree = readPathTree(repository, commit.tree)
      const read = (name: string): string => text(bytesOfEntry(repository, tree.get(name)!))
      edits.unshift([
        read('large.csv').split('renamed').length - 1,
        read('prefix.txt').split('\n').length - 9001,
      ])
    }
    expect(edits).toEqual([...Array.from({ length: 9 }, (_, i) => [i, i]), [8, 8], [8, 8]])
    for (const [i, count] of repository.packings.entries()) packings[i]! += count
  }
  // Each way of packing was met.
  for (const kind of ['none', 'brotli', 'delta', 'patch'].map((packing) =>
    'none deflate brotli delta patch'.split(' ').indexOf(packing),
  ))
    expect(packings[kind], `packing ${kind}`).toBeGreaterThan(0)
})

test('the conflicts of a merge that waits, and what it knows of it', async () => {
  const folder = temporaryDir()
  await conflictedRepository(folder)
  const repository = open(folder)
  const state = fields(decode(repository.object(repository.refs.get('MERGE')!), 'merge'), 'merge')
  expect([state['v'], state['kind'], state['rebase'], state['author']]).toEqual([1, 'merge', undefined, null])
  expect(link(state['ours'], 'ours')).toBe(repository.refs.get('refs/heads/main'))
  expect(link(state['theirs'], 'theirs')).toBe(repository.refs.get('refs/heads/other'))
  const conflicts = readConflicts(repository, link(state['conflicts'], 'conflicts'))
  const tree = readPathTree(repository, repository.refs.get('INDEX')!)
  const people = readTable(repository, tree.get('people.csv')!.content!)
  const told = conflicts.map(({ number, kind, path: name, key, text: about, sides }) => {
    const row = name === 'people.csv' ? readKey(people, key).map(cellText).join() : ''
    const said = sides.map((side) => {
      if (side === null) return null
      if (kind === 0)
        return cellText(readCell(repository, new Cursor(side.bytes), [...side.links]))!.slice(0, 5)
      if (kind === 2) return hex(fileOfSide(repository, side))
      return kind === 5 ? (decode(side.bytes, 'a part') as [string])[0] : 'row'
    })
    return [number, kind, name, row || about, ...said]
  })
  expect(told).toEqual([
    [1, 2, 'a.bin', 'binary', '0001', '0002', '0003'],
    [2, 5, 'notes.csv', 'id=2', 'b', 'ours', 'theirs'],
    [3, 0, 'people.csv', '7', 'Wien', 'Graz', 'Linz'],
    [4, 1, 'people.csv', '8', 'row', null, 'row'],
    [5, 4, 'people.csv', '999', null, 'row', 'row'],
  ])
})

test('a resolution is remembered under the digest of its conflict', async () => {
  const folder = temporaryDir()
  await conflictedRepository(folder)
  await run(folder, 'resolve people.csv --key 7 --theirs')
  const repository = open(folder)
  const [remembered] = readTree(repository, repository.refs.get('RERERE')!, kinds.map)
  const asCell = (value: string): Value => ['text', Buffer.from(value)]
  const people = Buffer.from('people.csv')
  const conflict = [0, people, Buffer.from('2107', 'hex'), 'city', [], asCell('Wien')]
  const sides = ['Graz', 'Linz'].map((value) => encode(asCell(value))).sort((a, b) => Buffer.compare(a, b))
  expect(hex(remembered!.key)).toBe(sha256(encode([...conflict, sides])))
  const [sequence, kind, path0, , about, side] = decode(remembered!.value, 'remembered') as [
    number,
    ...Value[],
  ]
  expect([sequence < repository.manifest.sequence, kind, about]).toEqual([true, 0, 'city'])
  expect(hex(path0 as Uint8Array)).toBe(hex(people))
  expect(hex((side as [Uint8Array, number])[0])).toBe(hex(Buffer.from('\u0004Linz')))
})

test('refs that are too many for a manifest, and HEAD without a branch', async () => {
  const folder = temporaryDir()
  put(folder, 'a.txt', 'a')
  await run(folder, 'init', 'add .', 'commit -m first', 'switch --detach HEAD')
  const names = Array.from({ length: 3000 }, (_, i) => `refs/tags/${i}-${'ä'.repeat(i % 20)}`)
  await tagMany(folder, names)
  const repository = open(folder)
  const commit = repository.refs.get('refs/heads/main')
  expect([repository.manifest.head, repository.refs.get('HEAD')]).toEqual([null, commit])
  const tags = [...repository.refs].filter(([ref]) => ref.startsWith('refs/tags/'))
  expect(tags.map(([ref]) => ref).sort()).toEqual(names.toSorted())
  expect(tags.every(([, name]) => name === commit)).toBe(true)
})

test('a bundle holds what its header says', async () => {
  const folder = temporaryDir()
  await conflictedRepository(folder)
  await run(folder, 'merge --abort', 'bundle create all.bundle --all')
  const bundle = readBundle(readFileSync(path.join(folder, 'all.bundle')))
  const refs = Object.keys(bundle.refs).sort()
  expect([bundle.head, refs, bundle.needs]).toEqual([
    'refs/heads/main',
    ['refs/heads/main', 'refs/heads/other'],
    [],
  ])
  const tree = readCommit(bundle, link(bundle.refs['refs/heads/main'], 'main')).tree
  const written = inFolder(folder)
  expectSame(checkedOut(bundle, tree), new Map([...written].filter(([name]) => name !== 'all.bundle')))
})

test('what is known of commits: generations, edges, and filters that deny nothing that differs', async () => {
  const folder = temporaryDir()
  const count = 320
  await longHistory(folder, count)
  await run(folder, 'log --oneline f3.txt', 'log --oneline t.csv --key 3')
  const repository = open(folder)
  const known = readKnownCommits(readFileSync(path.join(folder, '.varve/cache/history')))
  const filters = { paths: 0, rows: 0 }
  for (const [name, { generation, edges }] of known) {
    const commit = readCommit(repository, name)
    expect([generation, edges.map((edge) => edge.parent)]).toEqual([commit.generation, commit.parents])
    // In each commit but the first one file and one row have changed, each named by the commit's number.
    const number = commit.generation - 1
    for (const { paths, rows } of edges) {
      if (paths !== null) {
        filters.paths++
        const held = ['t.csv', 'f0.txt', 'f1.txt', 'f2.txt', 'f3.txt', 'f4.txt'].filter((file) =>
          mayHold(paths, Buffer.from(file)),
        )
        expect(held.filter((file) => file === 't.csv' || file === `f${number % 5}.txt`)).toHaveLength(2)
        filters.paths -= held.length > 2 ? 1 : 0
      }
      if (rows !== null) {
        filters.rows++
        const key = Uint8Array.of(0x21, (number % 7) + 1)
        expect(mayHold(rows, Buffer.concat([Buffer.from('t.csv\0'), key]))).toBe(true)
        filters.rows -= mayHold(rows, Buffer.concat([Buffer.from('t.csv\0'), Uint8Array.of(0x21, 9)])) ? 1 : 0
      }
    }
  }
  expect(known.size).toBe(count)
  // A filter may hold what was never put in, but seldom does.
  expect(filters.paths).toBeGreaterThan(count * 0.9)
  expect(filters.rows).toBeGreaterThan(count * 0.9)
})
