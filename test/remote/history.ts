// Small histories to send around: commits whose tree holds files, and a table's rows, made through the real rooms.
import { utf8 } from '../../src/base/bytes.ts'
import { encodeCbor } from '../../src/encoding/cbor.ts'
import { type Cid, type CommitCid, cidToLink } from '../../src/encoding/cid.ts'
import { writeBytes } from '../../src/files/content.ts'
import type { TreeEntry } from '../../src/files/interface.ts'
import { Tree } from '../../src/files/tree.ts'
import { readCommit, writeCommit, writeTag } from '../../src/history/commit.ts'
import { MapBuilder } from '../../src/prolly/map-builder.ts'
import { ProllyMap } from '../../src/prolly/map.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import type { ObjectReader, ObjectWriter, Store } from '../../src/store/interface.ts'

const person = { name: 'Ada Lovelace', email: 'ada@example.org', timeMs: 1_700_000_000_000, zoneMinutes: 60 }

/** '' removes. */
export type Files = Readonly<Record<string, string>>

export interface Contents {
  readonly files?: Files
  /** Sets rows of the table 'rows'. */
  readonly rows?: ReadonlyMap<number, string>
}

/** Commits on a branch; the first commit of a branch may start from `from`. */
export async function commitOn(
  store: Store,
  ref: string,
  contents: Contents,
  from?: CommitCid,
): Promise<CommitCid> {
  const writer = store.writer()
  let cid = '' as CommitCid
  await store.update(
    async (current) => {
      const parent = current.refs.get(ref) ?? from
      cid = await writeChild(store, writer, parent === undefined ? [] : [parent], contents)
      return { refs: new Map([[ref, cid]]), operation: { name: 'commit', message: '', author: '' } }
    },
    { writer },
  )
  return cid
}

export async function writeChild(
  reader: ObjectReader,
  writer: ObjectWriter,
  parents: readonly CommitCid[],
  contents: Contents,
): Promise<CommitCid> {
  const nodes = new NodeStore(writer)
  const commits = await Promise.all(parents.map((parent) => readCommit(reader, parent)))
  const before =
    commits[0] === undefined ? Tree.empty(nodes, writer) : await Tree.load(nodes, commits[0].tree)
  const changes = new Map<string, TreeEntry | null>()
  for (const [path, text] of Object.entries(contents.files ?? {})) {
    const file = () => ({ kind: 'file', executable: false, ...writeBytes(writer, utf8(text)) }) as const
    changes.set(path, text === '' ? null : file())
  }
  if (contents.rows !== undefined) changes.set('rows', await tableWith(nodes, writer, before, contents.rows))
  const tree = await before.update(writer, changes)
  const message = JSON.stringify(contents.files ?? contents.rows?.size)?.slice(0, 1000)
  const generation = 1 + Math.max(0, ...commits.map((commit) => commit.generation))
  return writeCommit(writer, {
    tree: tree.cid,
    parents,
    author: person,
    committer: person,
    message,
    generation,
    extra: {},
  })
}

/** A table object as the table room writes it, as far as links go: the root of its rows. */
async function tableWith(
  nodes: NodeStore,
  writer: ObjectWriter,
  tree: Tree,
  rows: ReadonlyMap<number, string>,
): Promise<TreeEntry> {
  const known = await tree.get('rows')
  const edits = [...rows].map(([key, text]) => ({ key: keyOf(key), value: utf8(text) }))
  let map: ProllyMap
  if (known?.kind === 'table') {
    const root = await rootOf(nodes.reader, known.table)
    map = await (await ProllyMap.load(nodes, root)).mutate(writer, edits)
  } else {
    const builder = new MapBuilder(writer)
    for (const { key, value } of edits) builder.addEntry(key, value)
    map = builder.finish(nodes)
  }
  const table = writer.put('dag-cbor', encodeCbor({ v: 1, rows: cidToLink(map.cid) }))
  return { kind: 'table', executable: false, table }
}

async function rootOf(reader: ObjectReader, table: Cid): Promise<Cid> {
  const { linksOf } = await import('../../src/encoding/links.ts')
  const [bytes] = await reader.get([table])
  return linksOf(table, bytes!)[0]!
}

function keyOf(key: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, key)
  return bytes
}

export function manyRows(count: number): Map<number, string> {
  const rows = new Map<number, string>()
  for (let i = 0; i < count; i++)
    rows.set(i, `row ${i}, ${Math.imul(i, 2654435761) >>> 0}, ${'x'.repeat(i % 40)}`)
  return rows
}

export async function tagCommit(store: Store, name: string, target: Cid): Promise<Cid> {
  const writer = store.writer()
  const cid = writeTag(writer, { name, target, tagger: person, message: 'a release' })
  const operation = { name: 'tag', message: '', author: '' }
  await store.update(() => ({ refs: new Map([[`refs/tags/${name}`, cid]]), operation }), { writer })
  return cid
}

export async function setRef(store: Store, ref: string, target: Cid | null): Promise<void> {
  const operation = { name: 'test', message: '', author: '' }
  await store.update(() => ({ refs: new Map([[ref, target]]), operation }))
}

export async function refOf(store: Store, ref: string): Promise<Cid | undefined> {
  return (await store.manifest()).refs.get(ref)
}

/** No problem anywhere: every ref's closure is there and is what its name says. */
export async function problemsOf(store: Store): Promise<unknown[]> {
  return [...(await store.fsck()).problems]
}
