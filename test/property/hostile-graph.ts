// Graphs of objects whose names are right and whose contents are not: a whole history, in which one object was changed at
// random, or replaced by one made to do harm, and all objects above it were written anew. Such a graph is what a
// remote of somebody else's may hold.
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { type Cid, cidFromLink, cidOf, cidToLink, codecOf } from '../../src/encoding/cid.ts'
import { linksOf } from '../../src/encoding/links.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import type { Objects } from './hostile-objects.ts'
import { evilObject } from './hostile-objects.ts'
import type { Random } from './hostile-values.ts'
import { changedValue } from './hostile-values.ts'

export interface Graph {
  readonly objects: Objects
  readonly refs: ReadonlyMap<string, Cid>
}

export async function graphOf(folder: string): Promise<Graph> {
  const store = await DiskStore.open(folder)
  const named = [...(await store.manifest()).refs].filter(([ref]) => /^refs\/(heads|tags)\//.test(ref))
  const objects = new Map<Cid, Uint8Array>()
  const queue = named.map(([, cid]) => cid)
  for (let cid = queue.pop(); cid !== undefined; cid = queue.pop()) {
    if (objects.has(cid)) continue
    const [bytes] = await store.get([cid])
    objects.set(cid, bytes!)
    queue.push(...linksOf(cid, bytes!))
  }
  await store.close()
  return { objects, refs: new Map(named) }
}

/** The graph with one object changed, and what was done. */
export function malformed(graph: Graph, random: Random): { graph: Graph; what: string } {
  const cids = [...graph.objects.keys()].filter((cid) => codecOf(cid) === 'dag-cbor')
  const kinds = cids.map((cid) => kindOf(graph.objects.get(cid)!))
  const kind = random.one([...new Set(kinds)])
  const cid = random.one(cids.filter((_, i) => kinds[i] === kind))
  const nowhere = cidOf('dag-cbor', Uint8Array.of(1))
  const links = [...random.some([...graph.objects.keys()], 3), nowhere].map(cidToLink)
  const before = dagCbor.decode<unknown>(graph.objects.get(cid)!)
  const evil = random.below(3) === 0 ? evilObject(kind, before, random) : null
  const { value, what } = evil ?? changedValue(before, links, random)
  const changed = dagCbor.encode(value)
  return { graph: replaced(graph, cid, changed), what: `${kind} ${cid}: ${what}` }
}

function kindOf(bytes: Uint8Array): string {
  const value = dagCbor.decode<Record<string, unknown>>(bytes)
  if (Array.isArray(value)) return `node ${String(value[1])}`
  return 'parents' in value ? 'commit' : 'schema' in value ? 'table' : 'tag'
}

/** With other bytes in an object's place, and so other names for all that reach it. */
export function replaced(graph: Graph, target: Cid, bytes: Uint8Array): Graph {
  const objects = new Map(graph.objects)
  const names = new Map<Cid, Cid>()
  const nameOf = (cid: Cid): Cid => {
    const known = names.get(cid)
    if (known !== undefined) return known
    const old = graph.objects.get(cid)
    const fresh = cid === target ? bytes : old === undefined ? undefined : relinked(cid, old)
    const name = fresh === undefined || fresh === old ? cid : cidOf('dag-cbor', fresh)
    if (name !== cid) objects.set(name, fresh!)
    names.set(cid, name)
    return name
  }
  const relinked = (cid: Cid, old: Uint8Array): Uint8Array => {
    const links = linksOf(cid, old)
    if (links.every((link) => nameOf(link) === link)) return old
    return dagCbor.encode(mapped(dagCbor.decode(old), (link) => cidToLink(nameOf(cidFromLink(link)))))
  }
  const refs = new Map([...graph.refs].map(([ref, cid]) => [ref, nameOf(cid)]))
  return { objects, refs }
}

function mapped(value: unknown, of: (link: CID) => CID): unknown {
  const link = CID.asCID(value)
  if (link !== null) return of(link)
  if (Array.isArray(value)) return value.map((item) => mapped(item, of))
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapped(item, of)]))
}

/** Writes a graph into a new store. */
export async function storeGraph(folder: string, graph: Graph): Promise<void> {
  const store = await DiskStore.create(folder, { firstBranch: 'main' })
  const writer = store.writer()
  for (const [cid, bytes] of graph.objects) writer.put(codecOf(cid), bytes)
  const operation = { name: 'commit', message: '', author: 'Mallory' }
  const change = { refs: graph.refs, head: 'refs/heads/main', operation }
  await store.update(() => change, { writer })
  await store.close()
}
