// One node of a prolly tree, read without copying: keys and values are views of the object's bytes. A node is itself
// a batch of entries. Whatever the bytes, decoding either gives a node that is sound in itself or VARVE_CORRUPT;
// what only a parent knows (order between siblings, sums) is checked on the way down, by descent.ts.
import { corrupt } from '../base/errors.ts'
import { compareRanges } from '../base/bytes.ts'
import { commonLength } from '../base/platform.ts'
import { type Cid, cidFromBytes } from '../encoding/cid.ts'
import { ByteReader } from '../encoding/varint.ts'
import { objectBytesMax } from '../store/interface.ts'
import { keyAt, sameBytesAt, startOf } from './entry-batch.ts'
import type { EntryBatch } from './interface.ts'
import {
  arrayMajor,
  bytesMajor,
  checkLinks,
  linkLength,
  linkPrefixLength,
  readHead,
  unsignedMajor,
} from './node-cbor.ts'
import { linkEndsLength, nodeFields, widthOf } from './node-encoder.ts'
import {
  type NodeKind,
  type Shape,
  chunkListKind,
  entryBytesMax,
  isLeafTarget,
  keyBytesMax,
  levelMax,
  listKind,
  mapKind,
  ruleNumber,
  sizeOfEntry,
} from './rule.ts'

interface NodeFields extends Omit<EntryBatch, 'links'> {
  readonly shape: Shape
  readonly items: number
  readonly measure: number
  readonly linkBytes: Uint8Array
  readonly itemEnds: Float64Array | null
  readonly measureEnds: Float64Array | null
  readonly byteLength: number
}

const noLinks = [0, 0] as const

export class Node implements EntryBatch {
  readonly shape: Shape
  readonly count: number
  readonly keys: Uint8Array
  readonly keyEnds: Uint32Array
  readonly values: Uint8Array
  readonly valueEnds: Uint32Array
  readonly linkEnds: Uint32Array | null
  /** Leaf items below. */
  readonly items: number
  /** Bytes below: of keys and values (map), of values (list), or what the values say (list of chunks). */
  readonly measure: number
  /** Sums of items and measure up to and with each entry; null where an item counts one, or its own length. */
  readonly itemEnds: Float64Array | null
  readonly measureEnds: Float64Array | null
  /** Length of the object. */
  readonly byteLength: number
  /** All links as they lie in the node. */
  readonly linkBytes: Uint8Array
  #links: readonly Cid[] | null = null

  constructor(fields: NodeFields) {
    this.shape = fields.shape
    this.count = fields.count
    this.keys = fields.keys
    this.keyEnds = fields.keyEnds
    this.values = fields.values
    this.valueEnds = fields.valueEnds
    this.linkEnds = fields.linkEnds
    this.items = fields.items
    this.measure = fields.measure
    this.itemEnds = fields.itemEnds
    this.measureEnds = fields.measureEnds
    this.byteLength = fields.byteLength
    this.linkBytes = fields.linkBytes
  }

  get level(): number {
    return this.shape.level
  }

  get links(): readonly Cid[] {
    this.#links ??= Array.from({ length: this.linkBytes.length / linkLength }, (_, i) => this.link(i))
    return this.#links
  }

  /** The i-th link; in an inner node it is the child of entry i. */
  link(i: number): Cid {
    return cidFromBytes(this.linkBytes, i * linkLength + linkPrefixLength)
  }

  /** The range of entry i's links in `linkBytes`. */
  linkRange(i: number): readonly [number, number] {
    if (this.linkEnds === null) return noLinks
    return [startOf(this.linkEnds, i) * linkLength, this.linkEnds[i]! * linkLength]
  }

  /** The last key; empty for lists and empty maps. */
  get lastKey(): Uint8Array {
    return this.count === 0 ? this.keys : keyAt(this, this.count - 1)
  }

  /** How many items of leaves lie before entry i. */
  itemsBefore(i: number): number {
    return this.itemEnds === null ? i : i === 0 ? 0 : this.itemEnds[i - 1]!
  }

  /** The measure of all items before entry i of a list. */
  measureBefore(i: number): number {
    return this.measureEnds === null ? startOf(this.valueEnds, i) : i === 0 ? 0 : this.measureEnds[i - 1]!
  }
}

/** Whether two entries have the same value and links. */
export function sameContent(a: Node, i: number, b: Node, j: number): boolean {
  if (!sameBytesAt(a.values, a.valueEnds, i, b.values, b.valueEnds, j)) return false
  if (a.linkEnds === null && b.linkEnds === null) return true
  return compareRanges(a.linkBytes, ...a.linkRange(i), b.linkBytes, ...b.linkRange(j)) === 0
}

/**
 * How many entries from i and j on are the same in both nodes. Most of two versions of a node is: whole runs of bytes
 * are compared at once, and each byte once, however many entries there are.
 */
export function equalRun(a: Node, i: number, b: Node, j: number): number {
  const [aLinks, bLinks] = [a.linkRange(i)[0], b.linkRange(j)[0]]
  const starts = [
    startOf(a.keyEnds, i),
    startOf(b.keyEnds, j),
    startOf(a.valueEnds, i),
    startOf(b.valueEnds, j),
  ] as const
  const [aKey, bKey, aValue, bValue] = starts
  const keys = commonLength(a.keys, aKey, b.keys, bKey)
  const values = commonLength(a.values, aValue, b.values, bValue)
  const links = commonLength(a.linkBytes, aLinks, b.linkBytes, bLinks)
  const most = Math.min(a.count - i, b.count - j)
  let run = 0
  for (; run < most; run++) {
    const keyEnd = a.keyEnds[i + run]! - aKey
    const valueEnd = a.valueEnds[i + run]! - aValue
    const linkEnd = a.linkRange(i + run)[1] - aLinks
    if (keyEnd > keys || valueEnd > values || linkEnd > links) break
    if (keyEnd !== b.keyEnds[j + run]! - bKey || valueEnd !== b.valueEnds[j + run]! - bValue) break
    if (linkEnd !== b.linkRange(j + run)[1] - bLinks) break
  }
  return run
}

/** @throws VarveError VARVE_CORRUPT */
export function decodeNode(bytes: Uint8Array): Node {
  if (bytes.length > objectBytesMax) throw corrupt('node is larger than an object may be')
  const reader = new ByteReader(bytes)
  if (readHead(reader, arrayMajor) !== nodeFields) throw corrupt('node does not have twelve fields')
  if (readHead(reader, unsignedMajor) !== ruleNumber) throw corrupt('node follows an unknown cutting rule')
  const shape = readShape(reader)
  const items = readHead(reader, unsignedMajor)
  const measure = readHead(reader, unsignedMajor)
  const keyEndsBlob = readBlob(reader)
  const keys = readBlob(reader)
  const valueEndsBlob = readBlob(reader)
  const values = readBlob(reader)
  const linkEndsBlob = readBlob(reader)
  const links = readHead(reader, arrayMajor)
  if (links > (reader.end - reader.at) / linkLength) throw corrupt('node has fewer links than it claims')
  const linkBytes = reader.take(links * linkLength)
  if (!reader.done) throw corrupt('node has bytes behind its end')
  checkLinks(linkBytes, shape.level)
  const count = valueEndsBlob.length / widthOf(values.length)
  const linkEnds = readLinkEnds(linkEndsBlob, shape.level, count, links)
  const valueEnds = readEnds(valueEndsBlob, count, values.length)
  const keyEnds = readKeyEnds(shape.kind, keyEndsBlob, count, keys)
  const sums = readSums(shape, keys, values, valueEnds)
  if (sums.items !== items || sums.measure !== measure) throw corrupt('node does not hold what it counts')
  const fields = {
    shape,
    count,
    keys,
    keyEnds,
    values,
    valueEnds,
    linkEnds,
    linkBytes,
    byteLength: bytes.length,
  }
  const node = new Node({ ...fields, ...sums })
  checkEntries(node)
  return node
}

function readShape(reader: ByteReader): Shape {
  const kind = readHead(reader, unsignedMajor)
  const level = readHead(reader, unsignedMajor)
  const target = readHead(reader, unsignedMajor)
  if (kind > chunkListKind) throw corrupt('node is of an unknown kind')
  if (level > levelMax) throw corrupt('node is higher than a tree may be')
  const leafTarget = level === 0 ? target : target * 2
  if (!isLeafTarget(leafTarget)) throw corrupt('node has an impossible target size')
  return { kind: kind as NodeKind, level, leafTarget }
}

function readBlob(reader: ByteReader): Uint8Array {
  return reader.take(readHead(reader, bytesMajor))
}

/** Ends ascend, and the last one is the end of what they index. */
function readEnds(blob: Uint8Array, count: number, indexed: number): Uint32Array {
  const width = widthOf(indexed)
  if (blob.length !== count * width) throw corrupt('node has a wrong number of offsets')
  const ends = new Uint32Array(count)
  let before = 0
  for (let i = 0, at = 0; i < count; i++, at += width) {
    let end = blob[at]! | (blob[at + 1]! << 8)
    if (width === 4) end = (end | (blob[at + 2]! << 16) | (blob[at + 3]! << 24)) >>> 0
    if (end < before) throw corrupt('node has offsets that do not ascend')
    ends[i] = end
    before = end
  }
  if (before !== indexed) throw corrupt('node has offsets that do not end where their bytes end')
  return ends
}

function readKeyEnds(kind: NodeKind, blob: Uint8Array, count: number, keys: Uint8Array): Uint32Array {
  if (kind === mapKind) return readEnds(blob, count, keys.length)
  if (blob.length > 0 || keys.length > 0) throw corrupt('node of a list has keys')
  return new Uint32Array(count)
}

function readLinkEnds(blob: Uint8Array, level: number, count: number, links: number): Uint32Array | null {
  if (blob.length !== linkEndsLength(level, count, links))
    throw corrupt('node has a wrong number of link offsets')
  if (level === 0) return links === 0 ? null : readEnds(blob, count, links)
  if (links !== count || count === 0) throw corrupt('inner node does not have one link an entry')
  return Uint32Array.from({ length: count }, (_, i) => i + 1)
}

type Sums = Pick<NodeFields, 'items' | 'measure' | 'itemEnds' | 'measureEnds'>

function readSums(shape: Shape, keys: Uint8Array, values: Uint8Array, valueEnds: Uint32Array): Sums {
  const count = valueEnds.length
  if (shape.level === 0 && shape.kind !== chunkListKind) {
    const measure = values.length + (shape.kind === listKind ? 0 : keys.length)
    return { items: count, measure, itemEnds: null, measureEnds: null }
  }
  const itemEnds = shape.level === 0 ? null : new Float64Array(count)
  const measureEnds = new Float64Array(count)
  const reader = new ByteReader(values)
  let items = 0
  let measure = 0
  for (let i = 0; i < count; i++) {
    if (itemEnds !== null) {
      const below = reader.varint()
      if (below === 0) throw corrupt('inner node has an empty child')
      items += below
      itemEnds[i] = items
    }
    measure += reader.varint()
    measureEnds[i] = measure
    if (reader.at !== valueEnds[i]) throw corrupt('node has a value of the wrong length')
  }
  if (items > Number.MAX_SAFE_INTEGER || measure > Number.MAX_SAFE_INTEGER)
    throw corrupt('node counts too much')
  return { items: itemEnds === null ? count : items, measure, itemEnds, measureEnds }
}

function checkEntries(node: Node): void {
  checkSizes(node)
  if (node.shape.kind !== mapKind) return
  const { keys, keyEnds } = node
  let [beforeStart, start] = [0, 0]
  for (let i = 0; i < node.count; i++) {
    const end = keyEnds[i]!
    if (i > 0 && compareRanges(keys, beforeStart, start, keys, start, end) >= 0) {
      throw corrupt('node has keys that do not ascend')
    }
    beforeStart = start
    start = end
  }
}

function checkSizes(node: Node): void {
  const keyMax = keyBytesMax(node.shape.leafTarget)
  const maySomeBeLarge = node.byteLength > entryBytesMax / 2
  for (let i = 0; i < node.count; i++) {
    if (node.keyEnds[i]! - startOf(node.keyEnds, i) > keyMax) throw corrupt('node has a key that is too long')
    if (maySomeBeLarge && sizeOfEntry(node, i) > entryBytesMax) {
      throw corrupt('node has an entry that is too large')
    }
  }
}
