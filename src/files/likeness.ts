// How much two contents share, from sketches of them. A small content is sketched by its bytes, cut into spans of
// about 64 bytes by the same rule that cuts files; a large one by the names of its chunks or nodes, without reading
// the bytes. What a file or a table is made of does not matter here: links are followed, whatever holds them.
import { cutRule, findCut } from '../chunking/gear.ts'
import { type Cid, codecOf } from '../encoding/cid.ts'
import { linksOf } from '../encoding/links.ts'
import { xxh32 } from '../encoding/xxh32.ts'
import type { ObjectReader, ReadOptions } from '../store/interface.ts'

export interface Sketch {
  readonly of: 'bytes' | 'names'
  /** What it holds, and how much each counts. */
  readonly weights: ReadonlyMap<number | Cid, number>
  readonly total: number
}

const spanRule = cutRule(64)
/** A content of so many objects is read whole. */
const smallObjectsMax = 16
const objectsReadMax = 256

export async function sketch(reader: ObjectReader, root: Cid, options: ReadOptions = {}): Promise<Sketch> {
  const names = new Set<Cid>()
  const objects: Uint8Array[] = []
  let frontier: Cid[] = [root]
  let small = true
  while (frontier.length > 0) {
    small &&= objects.length + frontier.length <= smallObjectsMax
    const wanted = small ? frontier : frontier.filter((cid) => codecOf(cid) !== 'raw')
    const read = wanted.slice(0, objectsReadMax - objects.length)
    const found = read.length === 0 ? [] : await reader.get(read, options)
    frontier = found.flatMap((bytes, i) => linksOf(read[i]!, bytes)).filter((cid) => !names.has(cid))
    for (const cid of frontier) names.add(cid)
    objects.push(...found)
  }
  return small
    ? ofBytes(objects)
    : { of: 'names', weights: new Map([...names].map((cid) => [cid, 1])), total: names.size }
}

function ofBytes(objects: readonly Uint8Array[]): Sketch {
  const weights = new Map<number, number>()
  let total = 0
  for (const bytes of objects) {
    total += bytes.length
    for (let start = 0; start < bytes.length;) {
      const cut = findCut(bytes, start, bytes.length, spanRule)
      const end = cut === -1 ? bytes.length : cut
      const hash = xxh32(bytes, start, end, 0)
      weights.set(hash, (weights.get(hash) ?? 0) + end - start)
      start = end
    }
  }
  return { of: 'bytes', weights, total }
}

/** 0 to 1: what both hold, as a part of the larger one. */
export function likeness(a: Sketch, b: Sketch): number {
  const total = Math.max(a.total, b.total)
  if (a.of !== b.of || total === 0 || Math.min(a.total, b.total) * 2 < total) return 0
  let shared = 0
  for (const [what, weight] of a.weights) shared += Math.min(weight, b.weights.get(what) ?? 0)
  return shared / total
}
