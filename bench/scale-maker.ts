// Makes large repositories for `bench/server-scale.js`, by the rooms themselves: a hundred thousand commits by the public API
// would be as many files of the log. Bundled and run there: node MAKER DIR COMMITS PATHS REFS
import path from 'node:path'
import { utf8 } from '../src/base/bytes.ts'
import type { Cid, CommitCid } from '../src/encoding/cid.ts'
import { writeBytes } from '../src/files/content.ts'
import type { TreeEntry } from '../src/files/interface.ts'
import { Tree } from '../src/files/tree.ts'
import { writeCommit, writeTag } from '../src/history/commit.ts'
import { NodeStore } from '../src/prolly/node-store.ts'
import { DiskStore } from '../src/store/disk/store.ts'
import type { ObjectWriter } from '../src/store/interface.ts'
import { applyEdits, editsOf, newTable } from '../src/table/edits.ts'
import type { Row } from '../src/table/interface.ts'
import { encodeTable } from '../src/table/table-object.ts'
import { Table } from '../src/table/table.ts'

const [dir = '', ...counts] = process.argv.slice(2)
const [commits = 0, paths = 0, refs = 0] = counts.map(Number)

/** One repository under way: a line of commits on a tree. */
class Making {
  readonly writer: ObjectWriter
  readonly nodes: NodeStore
  tree: Tree
  head: CommitCid | null = null
  generation = 0
  #object: Parameters<typeof encodeTable>[0] | null = null

  constructor(writer: ObjectWriter) {
    this.writer = writer
    this.nodes = new NodeStore(writer)
    this.tree = Tree.empty(this.nodes, writer)
  }

  file(text: string): TreeEntry {
    return { kind: 'file', executable: false, ...writeBytes(this.writer, utf8(text)) }
  }

  async rows(puts: readonly Row[]): Promise<TreeEntry> {
    const object = this.#object ?? newTable(this.nodes, this.writer, { key: ['id'], rows: [...puts] })
    const table = await Table.of(this.nodes, object)
    this.#object = await applyEdits(
      table,
      await editsOf(table, { puts, deletes: [] }, this.writer),
      this.writer,
    )
    const cid = this.writer.put('dag-cbor', encodeTable(this.#object))
    return { kind: 'table', executable: false, table: cid }
  }

  write(message: string, i: number, generation: number): CommitCid {
    const who = {
      name: `Ada ${i % 50}`,
      email: 'ada@example.org',
      timeMs: 1_700_000_000_000 + i * 1000,
      zoneMinutes: 0,
    }
    return writeCommit(this.writer, {
      tree: this.tree.cid,
      parents: this.head === null ? [] : [this.head],
      author: who,
      committer: who,
      message,
      generation,
      extra: {},
    })
  }

  async commit(message: string, i: number, changes: ReadonlyMap<string, TreeEntry | null>): Promise<void> {
    this.tree = await this.tree.update(this.writer, changes)
    this.head = this.write(message, i, ++this.generation)
    if (i % 500 === 0) await this.writer.drained()
  }
}

async function make(
  name: string,
  work: (making: Making) => Promise<ReadonlyMap<string, Cid>>,
): Promise<void> {
  const store = await DiskStore.create(path.join(dir, name))
  const writer = store.writer()
  const made = await work(new Making(writer))
  await store.update(() => ({ refs: made, operation: { name: 'make', message: '', author: '' } }), { writer })
  await store.close()
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
const onMain = ({ head }: Making): ReadonlyMap<string, Cid> => new Map([['refs/heads/main', head!]])

await make('deep', async (making) => {
  await making.commit(
    'rows',
    0,
    new Map([['items', await making.rows(numbers(1000).map((id) => ({ id, name: `item ${id}` })))]]),
  )
  for (let i = 1; i < commits; i++) {
    const change: readonly [string, TreeEntry] =
      i % 10 === 0
        ? ['items', await making.rows([{ id: (i / 10) % 1000, name: `item ${i}` }])]
        : [`notes/${i % 100}.txt`, making.file(`note ${i}\n`)]
    await making.commit(`commit ${i}`, i, new Map([change]))
  }
  return onMain(making)
})

await make('paths', async (making) => {
  const flat = (i: number): string => `flat/file-${String(i).padStart(6, '0')}.txt`
  const all = numbers(paths).flatMap((i): [string, TreeEntry][] => [
    [flat(i), making.file(`flat ${i}\n`)],
    [`nested/${i % 10}/${Math.floor(i / 10) % 100}/f${i}.txt`, making.file(`nested ${i}\n`)],
  ])
  await making.commit('all', 0, new Map(all))
  await making.commit(
    'some',
    1,
    new Map(numbers(paths / 100).map((i) => [flat(i * 100), making.file(`new ${i}\n`)])),
  )
  return onMain(making)
})

await make('refs', async (making) => {
  const made = new Map<string, Cid>()
  for (const i of numbers(refs)) {
    if (i % 10 === 0) await making.commit(`commit ${i}`, i, new Map([['a.txt', making.file(`a ${i}\n`)]]))
    const target = making.head!
    made.set(`refs/heads/team-${i % 40}/topic-${i}`, making.write(`tip ${i}`, i, making.generation + 1))
    const tagger = { name: 'Ada', email: 'ada@example.org', timeMs: 1_700_000_000_000, zoneMinutes: 0 }
    const tag = { target, name: `v${i}`, tagger, message: `release ${i}` }
    made.set(`refs/tags/v${i}`, i % 2 === 0 ? target : writeTag(making.writer, tag))
  }
  return new Map([...made, ...onMain(making)])
})

await make('wide', async (making) => {
  const row = (id: number, cell: string): Row =>
    Object.fromEntries([
      ['id', id],
      ...numbers(9999).map((i) => [`column ${i}`, i === id ? cell : `cell ${(id * 7 + i) % 1000}`]),
    ]) as Row
  for (const cell of ['old', 'new']) {
    for (let at = 0; at < 300; at += 100) await making.rows(numbers(100).map((i) => row(at + i, cell)))
    const all = await making.rows(numbers(100).map((i) => row(300 + i, cell)))
    await making.commit(cell, 0, new Map([['wide', all]]))
  }
  return onMain(making)
})
