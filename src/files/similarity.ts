// How much two contents share, from sketches of them. A small content is sketched by its bytes, cut into spans of
// about 64 bytes by the same rule that cuts files, each entry of a map (a row of a table) on its own, so that one edited
// row counts as one; a large one by the names of its chunks or nodes, without reading the bytes. What else a file or a
// table is made of does not matter here: links are followed, whatever holds them.
import { isVarveError } from '../base/errors.ts'
import { cutRule, findCut } from '../chunking/gear.ts'
import { type Cid, type Codec, codecOf } from '../encoding/cid.ts'
import { linksOf } from '../encoding/links.ts'
import { xxh32 } from '../encoding/xxh32.ts'
import { startOf } from '../prolly/entry-batch.ts'
import { type Node, decodeNode } from '../prolly/node.ts'
import { mapKind } from '../prolly/rule.ts'
import type { ObjectReader, ReadOptions } from '../store/interface.ts'

export interface Sketch {
  readonly of: 'bytes' | 'names'
  /** What it holds, and how much each counts. */
  readonly weights: ReadonlyMap<number | Cid, number>
  /** The same with spans that end where lines do, for contents of which a span would be much. */
  readonly lines?: ReadonlyMap<number, number>
  readonly total: number
}

const spanRule = cutRule(64)
const linesBytesMax = 16 << 10
const newline = 10
/** A content of so many objects is read whole. */
const smallObjectsMax = 64
/** A dag-cbor array of twelve. */
const nodeHead = 0x8c
const objectsReadMax = 256

export async function sketch(reader: ObjectReader, root: Cid, options: ReadOptions = {}): Promise<Sketch> {
  const names = new Set<Cid>()
  const objects: { readonly codec: Codec; readonly bytes: Uint8Array }[] = []
  let frontier: Cid[] = [root]
  let small = true
  while (frontier.length > 0) {
    small &&= objects.length + frontier.length <= smallObjectsMax
    const wanted = small ? frontier : frontier.filter((cid) => codecOf(cid) !== 'raw')
    const read = wanted.slice(0, objectsReadMax - objects.length)
    const found = read.length === 0 ? [] : await reader.get(read, options)
    frontier = found.flatMap((bytes, i) => linksOf(read[i]!, bytes)).filter((cid) => !names.has(cid))
    for (const cid of frontier) names.add(cid)
    found.forEach((bytes, i) => objects.push({ codec: codecOf(read[i]!), bytes }))
  }
  return small
    ? ofBytes(objects)
    : { of: 'names', weights: new Map([...names].map((cid) => [cid, 1])), total: names.size }
}

function ofBytes(objects: readonly { readonly codec: Codec; readonly bytes: Uint8Array }[]): Sketch {
  const weights = new Map<number, number>()
  let total = 0
  let hasRows = false
  const add = (bytes: Uint8Array, from: number, to: number, seed: number): void => {
    total += to - from
    addSpans(weights, bytes.subarray(from, to), { seed, inLines: false })
  }
  for (const { codec, bytes } of objects) {
    if (codec === 'raw') {
      add(bytes, 0, bytes.length, 0)
      continue
    }
    // What a table's head, inner nodes and lists hold follows from the rest, or says little.
    const node = nodeOf(bytes)
    if (node !== null && node.shape.kind === mapKind && node.shape.level === 0) {
      hasRows = true
      for (let i = 0; i < node.count; i++) {
        const seed = xxh32(node.keys, startOf(node.keyEnds, i), node.keyEnds[i]!, 0)
        add(node.values, startOf(node.valueEnds, i), node.valueEnds[i]!, seed)
      }
    }
  }
  if (hasRows || total > linesBytesMax) return { of: 'bytes', weights, total }
  const lines = new Map<number, number>()
  for (const { codec, bytes } of objects)
    if (codec === 'raw') addSpans(lines, bytes, { seed: 0, inLines: true })
  return { of: 'bytes', weights, lines, total }
}

function addSpans(
  weights: Map<number, number>,
  bytes: Uint8Array,
  { seed, inLines }: { readonly seed: number; readonly inLines: boolean },
): void {
  for (let start = 0; start < bytes.length;) {
    const lineEnd = inLines ? bytes.indexOf(newline, start) + 1 : 0
    const to = lineEnd === 0 ? bytes.length : lineEnd
    const cut = findCut(bytes, start, to, spanRule)
    const end = cut === -1 ? to : cut
    const hash = xxh32(bytes, start, end, seed)
    weights.set(hash, (weights.get(hash) ?? 0) + end - start)
    start = end
  }
}

/** The bytes as a node of a tree; null when they are something else. */
function nodeOf(bytes: Uint8Array): Node | null {
  if (bytes[0] !== nodeHead) return null
  try {
    return decodeNode(bytes)
  } catch (error) {
    if (isVarveError(error, 'VARVE_CORRUPT')) return null
    throw error
  }
}

/** 0 to 1: what both hold, as a part of the larger one. */
export function similarity(a: Sketch, b: Sketch): number {
  const total = Math.max(a.total, b.total)
  if (a.of !== b.of || total === 0 || Math.min(a.total, b.total) * 2 < total) return 0
  let shared = 0
  const isInLines = a.lines !== undefined && b.lines !== undefined
  const [ours, theirs]: ReadonlyMap<number | Cid, number>[] = isInLines
    ? [a.lines, b.lines]
    : [a.weights, b.weights]
  for (const [what, weight] of ours!) shared += Math.min(weight, theirs!.get(what) ?? 0)
  return shared / total
}
