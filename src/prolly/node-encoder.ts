// Writes a node: a canonical dag-cbor array of twelve fields, laid straight into its final bytes from runs of packed
// entries. The scratch buffer is used again for the next node, so take what you need before you encode another.
//
// [ rule, kind, level, T, items below, bytes below, keyEnds, keys, valueEnds, values, linkEnds, [links] ]
import { objectBytesMax } from '../store/interface.ts'
import { assert } from '../base/assert.ts'
import { ByteReader } from '../encoding/varint.ts'
import type { EntryBatch } from './interface.ts'
import { startOf } from './entry-batch.ts'
import {
  arrayMajor,
  bytesMajor,
  headLength,
  linkLength,
  unsignedMajor,
  writeHead,
  writeLink,
} from './node-cbor.ts'
import { type Shape, chunkListKind, listKind, mapKind, ruleNumber, targetOf } from './rule.ts'

export const nodeFields = 12
const shortBlobMax = 65536

/** Entries [from, to) of a batch. */
export interface Run {
  readonly batch: EntryBatch
  readonly from: number
  readonly to: number
}

export interface EncodedNode {
  /** A view of the scratch buffer. */
  readonly bytes: Uint8Array
  /** Leaf items below. */
  readonly items: number
  /** Bytes below, in the measure of the tree's kind. */
  readonly measure: number
}

/** How many bytes an offset takes: two, where they suffice. */
export function widthOf(indexed: number): 2 | 4 {
  return indexed < shortBlobMax ? 2 : 4
}

/** How long the offsets of links are. An inner node needs none, because each of its entries has one link. */
export function linkEndsLength(level: number, entries: number, links: number): number {
  return level > 0 || links === 0 ? 0 : entries * widthOf(links)
}

export class NodeEncoder {
  #scratch = new Uint8Array(8 << 10)

  encode(shape: Shape, runs: readonly Run[]): EncodedNode {
    const lengths = lengthsOf(runs)
    const sums = sumsOf(shape, runs, lengths)
    const blobs = [
      shape.kind === mapKind ? lengths.entries * widthOf(lengths.keys) : 0,
      lengths.keys,
      lengths.entries * widthOf(lengths.values),
      lengths.values,
      linkEndsLength(shape.level, lengths.entries, lengths.links),
    ] as const
    const numbers = [ruleNumber, shape.kind, shape.level, targetOf(shape), sums.items, sums.measure]
    let length = 1 + headLength(lengths.links) + lengths.links * linkLength
    for (const number of numbers) length += headLength(number)
    for (const blob of blobs) length += headLength(blob) + blob
    assert(length <= objectBytesMax, 'a node fits in an object')
    if (length > this.#scratch.length) this.#scratch = new Uint8Array(length * 2)
    const bytes = this.#scratch.subarray(0, length)
    let at = writeHead(bytes, 0, arrayMajor, nodeFields)
    for (const number of numbers) at = writeHead(bytes, at, unsignedMajor, number)
    at = writeHead(bytes, at, bytesMajor, blobs[0])
    if (shape.kind === mapKind) at = writeEnds(bytes, at, runs, 'keyEnds', widthOf(lengths.keys))
    at = writeHead(bytes, at, bytesMajor, blobs[1])
    at = writeBlob(bytes, at, runs, 'keys', 'keyEnds')
    at = writeHead(bytes, at, bytesMajor, blobs[2])
    at = writeEnds(bytes, at, runs, 'valueEnds', widthOf(lengths.values))
    at = writeHead(bytes, at, bytesMajor, blobs[3])
    at = writeBlob(bytes, at, runs, 'values', 'valueEnds')
    at = writeHead(bytes, at, bytesMajor, blobs[4])
    if (blobs[4] > 0) at = writeEnds(bytes, at, runs, 'linkEnds', widthOf(lengths.links))
    at = writeHead(bytes, at, arrayMajor, lengths.links)
    at = writeLinks(bytes, at, runs)
    assert(at === length, 'a node has the length that was computed for it')
    return { bytes, ...sums }
  }
}

interface Lengths {
  entries: number
  keys: number
  values: number
  links: number
}

function lengthsOf(runs: readonly Run[]): Lengths {
  const lengths = { entries: 0, keys: 0, values: 0, links: 0 }
  for (const { batch, from, to } of runs) {
    if (from === to) continue
    lengths.entries += to - from
    lengths.keys += batch.keyEnds[to - 1]! - startOf(batch.keyEnds, from)
    lengths.values += batch.valueEnds[to - 1]! - startOf(batch.valueEnds, from)
    if (batch.linkEnds !== null) lengths.links += batch.linkEnds[to - 1]! - startOf(batch.linkEnds, from)
  }
  return lengths
}

function sumsOf(shape: Shape, runs: readonly Run[], lengths: Lengths): { items: number; measure: number } {
  if (shape.level === 0 && shape.kind !== chunkListKind) {
    return { items: lengths.entries, measure: lengths.values + (shape.kind === listKind ? 0 : lengths.keys) }
  }
  let items = 0
  let measure = 0
  for (const { batch, from, to } of runs) {
    if (from === to) continue
    const reader = new ByteReader(batch.values, startOf(batch.valueEnds, from), batch.valueEnds[to - 1])
    for (let i = from; i < to; i++) {
      items += shape.level === 0 ? 1 : reader.varint()
      measure += reader.varint()
    }
  }
  return { items, measure }
}

type EndsName = 'keyEnds' | 'valueEnds' | 'linkEnds'

function writeEnds(
  target: Uint8Array,
  start: number,
  runs: readonly Run[],
  name: EndsName,
  width: 2 | 4,
): number {
  let at = start
  let end = 0
  for (const { batch, from, to } of runs) {
    if (from === to) continue
    const ends = batch[name]
    const shift = end - (ends === null ? 0 : startOf(ends, from))
    for (let i = from; i < to; i++) {
      if (ends !== null) end = ends[i]! + shift
      target[at] = end & 255
      target[at + 1] = (end >>> 8) & 255
      if (width === 4) {
        target[at + 2] = (end >>> 16) & 255
        target[at + 3] = end >>> 24
      }
      at += width
    }
  }
  return at
}

function writeBlob(
  target: Uint8Array,
  start: number,
  runs: readonly Run[],
  name: 'keys' | 'values',
  endsName: 'keyEnds' | 'valueEnds',
): number {
  let at = start
  for (const { batch, from, to } of runs) {
    if (from === to) continue
    const first = startOf(batch[endsName], from)
    const end = batch[endsName][to - 1]!
    target.set(batch[name].subarray(first, end), at)
    at += end - first
  }
  return at
}

function writeLinks(target: Uint8Array, start: number, runs: readonly Run[]): number {
  let at = start
  for (const { batch, from, to } of runs) {
    if (from === to || batch.linkEnds === null) continue
    for (let i = startOf(batch.linkEnds, from); i < batch.linkEnds[to - 1]!; i++) {
      at = writeLink(target, at, batch.links[i]!)
    }
  }
  return at
}
