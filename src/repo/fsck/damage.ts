// What lost objects take from one dataset: which paths, and of tables which rows. Only those parts of trees are read that
// lead to something lost.
import { type Cid } from '../../encoding/cid.ts'
import { decodeEntry } from '../../files/entry.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { pathFromBytes } from '../../files/path.ts'
import { entryAt, keyAt } from '../../prolly/entry-batch.ts'
import type { Entry } from '../../prolly/interface.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import type { Taint } from '../../store/taint.ts'
import { keyText } from '../../table/key.ts'
import { loadTable } from '../../table/table-object.ts'

/** Told of one table; more of them are counted. */
const partsMax = 10

export interface PathDamage {
  /** null: of paths whose names are lost as well. */
  readonly path: Path | null
  readonly entry: TreeEntry | null
  /** For people: 'the file', 'rows with keys from Oslo to Paris (about 120)'. */
  readonly what: string
}

export async function* damageOfTree(nodes: NodeStore, root: Cid, taint: Taint): AsyncGenerator<PathDamage> {
  for await (const part of brokenParts(nodes, root, taint)) {
    if ('entry' in part) {
      const path = pathFromBytes(part.entry.key)
      const entry = decodeEntry(part.entry)
      const what =
        entry.kind === 'table' ? await damageOfTable(nodes, entry.table, taint) : `the ${entry.kind}`
      yield { path, entry, what }
    } else {
      yield { path: null, entry: null, what: `about ${part.items} paths ${between(part, pathFromBytes)}` }
    }
  }
}

async function damageOfTable(nodes: NodeStore, cid: Cid, taint: Taint): Promise<string> {
  if (taint.lost.has(cid)) return 'the whole table'
  const { schema, rows, order } = await loadTable(nodes.reader, cid)
  const parts: string[] = []
  let more = 0
  for await (const part of brokenParts(nodes, rows, taint)) {
    if (parts.length === partsMax) more++
    else if ('entry' in part) parts.push(`a large cell of row '${keyText(schema, part.entry.key)}'`)
    else parts.push(`about ${part.items} rows ${between(part, (key) => `'${keyText(schema, key)}'`)}`)
  }
  if (more > 0) parts.push(`${more} more parts`)
  if (order !== null && taint.tainted.has(order)) parts.push('the order of its rows')
  return `of the table ${parts.join(', ')}`
}

interface Gap {
  /** Leaf items that are gone. */
  readonly items: number
  /** Keys are above this, up to and with `last`; null: no bound is known. */
  readonly after: Uint8Array | null
  readonly last: Uint8Array | null
}

/** Entries that lead to something lost, and gaps where nodes of the map itself are lost. */
async function* brokenParts(
  nodes: NodeStore,
  cid: Cid,
  taint: Taint,
  gap: Gap = { items: 0, after: null, last: null },
): AsyncGenerator<Gap | { readonly entry: Entry }> {
  if (!taint.tainted.has(cid)) return
  if (taint.lost.has(cid)) {
    yield gap
    return
  }
  const [node] = await nodes.get([cid])
  for (let i = 0; i < node!.count; i++) {
    if (node!.level > 0) {
      const after = i === 0 ? gap.after : keyAt(node!, i - 1)
      const items = (node!.itemEnds?.[i] ?? 0) - node!.itemsBefore(i)
      yield* brokenParts(nodes, node!.link(i), taint, { items, after, last: keyAt(node!, i) })
    } else {
      const entry = entryAt(node!, i)
      if (entry.links.some((link) => taint.tainted.has(link))) yield { entry }
    }
  }
}

function between({ after, last }: Gap, text: (key: Uint8Array) => string): string {
  if (last === null) return 'of all there are'
  return after === null ? `up to ${text(last)}` : `after ${text(after)}, up to ${text(last)}`
}
