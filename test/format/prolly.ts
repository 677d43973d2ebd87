// Prolly trees (docs/format/tree.md): a tree's leaf entries in order, after its shape was checked: every node's own fields,
// and that each level is cut where the rule cuts it.
import { type Name, Cursor, bytesOf, check, decode, link, list, number, same } from './bytes.ts'
import { xxh32 } from './xxh32.ts'

export interface Entry {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly links: readonly Name[]
}

export interface Node {
  readonly kind: number
  readonly level: number
  readonly target: number
  readonly items: number
  readonly bytes: number
  readonly entries: readonly Entry[]
}

export interface Objects {
  object(name: Name): Uint8Array
}

export const kinds = { map: 0, list: 1, chunks: 2 }

/** The entries of the leaves of a tree of this kind. */
export function readTree(objects: Objects, root: Name, kind: number): readonly Entry[] {
  let nodes = [readNode(objects.object(root))]
  check(
    nodes[0]!.entries.length !== 1 || nodes[0]!.level === 0,
    'a root above the leaves has two entries or more',
  )
  for (;;) {
    const { level } = nodes[0]!
    for (const node of nodes) {
      check(node.kind === kind && node.level === level, 'the nodes of a level are of one kind')
      check(
        node.entries.length > 0 || (level === 0 && nodes.length === 1),
        'only an empty tree has an empty node',
      )
    }
    checkOrder(nodes)
    checkCuts(nodes)
    if (level === 0) return nodes.flatMap((node) => node.entries)
    nodes = nodes.flatMap((node) => node.entries.map((entry) => readChild(objects, node, entry)))
  }
}

function readChild(objects: Objects, parent: Node, entry: Entry): Node {
  check(entry.links.length === 1, 'an inner entry links one child')
  const child = readNode(objects.object(entry.links[0]!))
  check(child.level === parent.level - 1, 'a child is of the level below')
  check(
    child.target === (child.level === 0 ? parent.target * 2 : parent.target),
    'above the leaves T is half',
  )
  const value = new Cursor(entry.value)
  check(
    value.varint() === child.items && value.varint() === child.bytes && value.done,
    'a child is as its parent says',
  )
  check(same(entry.key, child.entries.at(-1)?.key ?? new Uint8Array(0)), 'an inner key is the last one below')
  return child
}

export function readNode(object: Uint8Array): Node {
  const parts = list(decode(object, 'a node'), 'a node')
  check(parts.length === 12 && parts[0] === 1, 'a node has twelve fields, the first of them 1')
  const [kind, level, target, items, bytes] = parts.slice(1, 6).map((part) => number(part, 'a field')) as [
    number,
    number,
    number,
    number,
    number,
  ]
  check(kind <= 2 && level <= 23, 'kind and level are known')
  const [keyEnds, keys, valueEnds, values, linkEnds] = parts
    .slice(6, 11)
    .map((part) => bytesOf(part, 'a field'))
  const links = list(parts[11], 'links').map((item) => link(item, 'a link'))
  const valueRanges = ranges(valueEnds!, values!.length)
  const keyRanges = ranges(keyEnds!, keys!.length)
  check(kind === kinds.map ? keyRanges.length === valueRanges.length : keys!.length === 0, 'a map has keys')
  const count = valueRanges.length
  const linkRanges: [number, number][] =
    linkEnds!.length > 0
      ? ranges(linkEnds!, links.length)
      : valueRanges.map((_, i) => (level > 0 ? [i, i + 1] : [0, 0]))
  check(
    linkRanges.length === count && (linkRanges.at(-1)?.[1] ?? 0) === links.length,
    'each link is an entry’s',
  )
  const entries = valueRanges.map(([from, to], i) => ({
    key: kind === kinds.map ? keys!.subarray(...keyRanges[i]!) : new Uint8Array(0),
    value: values!.subarray(from, to),
    links: links.slice(...linkRanges[i]!),
  }))
  const node = { kind, level, target, items, bytes, entries }
  if (level === 0) {
    check(items === count, 'a leaf counts its entries')
    check(
      bytes === entries.reduce((sum, entry) => sum + measure(kind, entry), 0),
      'a leaf measures its entries',
    )
  }
  return node
}

function measure(kind: number, entry: Entry): number {
  if (kind !== kinds.chunks) return entry.key.length + entry.value.length
  const value = new Cursor(entry.value)
  const length = value.varint()
  check(value.done && entry.links.length === 1, 'an entry of a list of chunks is a length and a link')
  return length
}

function ranges(ends: Uint8Array, indexed: number): [number, number][] {
  const width = indexed < 65_536 ? 2 : 4
  const view = new DataView(ends.buffer, ends.byteOffset, ends.length)
  const found: [number, number][] = []
  for (let at = 0, before = 0; at < ends.length; at += width) {
    const end = width === 2 ? view.getUint16(at, true) : view.getUint32(at, true)
    check(end >= before && end <= indexed, 'ends ascend')
    found.push([before, end])
    before = end
  }
  check((found.at(-1)?.[1] ?? 0) === indexed, 'the last end is the end')
  return found
}

function checkOrder(nodes: readonly Node[]): void {
  if (nodes[0]!.kind !== kinds.map) return
  const keys = nodes.flatMap((node) => node.entries.map((entry) => entry.key))
  for (let i = 1; i < keys.length; i++)
    check(Buffer.compare(keys[i - 1]!, keys[i]!) < 0, 'keys ascend strictly')
}

const size = (entry: Entry): number => entry.key.length + entry.value.length + 41 * entry.links.length + 8

function checkCuts(nodes: readonly Node[]): void {
  for (const [n, node] of nodes.entries()) {
    let held = 0
    for (const [i, entry] of node.entries.entries()) {
      check(i === 0 || held + size(entry) <= 4 * node.target, 'a node has 4T at most')
      held += size(entry)
      const ends = held >= node.target / 2 && hash(node, entry) < (size(entry) * 2 ** 32) / (node.target / 2)
      if (i < node.entries.length - 1) check(!ends, 'a node goes on until the rule ends it')
      else if (n < nodes.length - 1)
        check(
          ends || held + size(nodes[n + 1]!.entries[0]!) > 4 * node.target,
          'a node ends where the rule ends it',
        )
    }
  }
}

function hash(node: Node, entry: Entry): number {
  if (node.kind === kinds.map) return xxh32(entry.key, node.level)
  const [first] = entry.links
  return first === undefined
    ? xxh32(entry.value, node.level)
    : Buffer.from(first.slice(8, 16), 'hex').readUInt32LE(0)
}
