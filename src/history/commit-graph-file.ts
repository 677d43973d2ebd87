// The commit graph as bytes, for a file that nobody needs: whatever is wrong with it, it is not there.
//
//   'varvehi1', then counts of commits, edges and bytes of filters as little-endian uint32, and 4 bytes 0
//   dates (float64), generations (uint32; 0: nothing but the digest is known), the first edge and the number of edges
//   (2 uint32), each for all commits in turn; of edges the parent's number (uint32) and where its filters of paths and
//   of rows begin and end (4 uint32; 0 and 0: none); digests (32 bytes a commit); filters; the sha-256 of all before it
//
// A checksum tells damage, not lies: who can write here can write the refs as well. `fsck` holds every fact against the
// commits themselves.
import { equalBytes, utf8 } from '../base/bytes.ts'
import { sha256 } from '../base/platform.ts'

/** Larger ones are not kept: some five million commits. */
export const graphBytesMax: number = 1 << 29

const magic = utf8('varvehi1')
const headBytes = 24
const sumBytes = 32
const digestBytes = 32

/** Arrays may be longer than the counts say. */
export interface GraphArrays {
  count: number
  edgeCount: number
  filterBytes: number
  digests: Uint8Array
  times: Float64Array
  generations: Uint32Array
  /** For each commit: its first edge, and how many it has. */
  edgesAt: Uint32Array
  /** For each edge: the parent that it leads to. */
  edges: Uint32Array
  /** For each edge: where its two filters begin and end. */
  filtersAt: Uint32Array
  filters: Uint8Array
}

export function encodeGraph(graph: GraphArrays): Uint8Array {
  const { count, edgeCount, filterBytes } = graph
  const bytes = new Uint8Array(sizeOf(count, edgeCount, filterBytes))
  bytes.set(magic)
  new Uint32Array(bytes.buffer, magic.length, 3).set([count, edgeCount, filterBytes])
  let at = headBytes
  const parts: [Uint8Array | Uint32Array | Float64Array, length: number][] = [
    [graph.times, count],
    [graph.generations, count],
    [graph.edgesAt, 2 * count],
    [graph.edges, edgeCount],
    [graph.filtersAt, 4 * edgeCount],
    [graph.digests, digestBytes * count],
    [graph.filters, filterBytes],
  ]
  for (const [part, length] of parts) {
    const { buffer, byteOffset, BYTES_PER_ELEMENT } = part
    bytes.set(new Uint8Array(buffer, byteOffset, length * BYTES_PER_ELEMENT), at)
    at += length * BYTES_PER_ELEMENT
  }
  bytes.set(sha256(bytes.subarray(0, at)), at)
  return bytes
}

/** Reads a stored graph; null when the bytes are not one. The arrays are views of the bytes. */
export function decodeGraph(given: Uint8Array): GraphArrays | null {
  if (given.length < headBytes + sumBytes || !equalBytes(given.subarray(0, magic.length), magic)) return null
  const bytes = given.byteOffset % 8 === 0 ? given : new Uint8Array(given)
  const { buffer, byteOffset } = bytes
  const [count, edgeCount, filterBytes] = new Uint32Array(
    buffer,
    byteOffset + magic.length,
    3,
  ) as Iterable<number> as [number, number, number]
  if (bytes.length !== sizeOf(count, edgeCount, filterBytes)) return null
  const end = bytes.length - sumBytes
  if (!equalBytes(sha256(bytes.subarray(0, end)), bytes.subarray(end))) return null
  let at = byteOffset + headBytes
  const uint32s = (length: number): Uint32Array =>
    new Uint32Array(buffer, (at += 4 * length) - 4 * length, length)
  const uint8s = (length: number): Uint8Array => new Uint8Array(buffer, (at += length) - length, length)
  const times = new Float64Array(buffer, (at += 8 * count) - 8 * count, count)
  const graph: GraphArrays = {
    count,
    edgeCount,
    filterBytes,
    times,
    generations: uint32s(count),
    edgesAt: uint32s(2 * count),
    edges: uint32s(edgeCount),
    filtersAt: uint32s(4 * edgeCount),
    digests: uint8s(digestBytes * count),
    filters: uint8s(filterBytes),
  }
  return isSound(graph) ? graph : null
}

function sizeOf(count: number, edgeCount: number, filterBytes: number): number {
  return headBytes + count * (8 + 4 + 8 + digestBytes) + edgeCount * 20 + filterBytes + sumBytes
}

/** Whether nothing points outside, and all parents are older, so that walks end. */
function isSound(graph: GraphArrays): boolean {
  const { count, edgeCount, filterBytes, generations, edgesAt, edges, filtersAt, times } = graph
  for (let slot = 0; slot < count; slot++) {
    const [from, length] = [edgesAt[2 * slot]!, edgesAt[2 * slot + 1]!]
    if (from + length > edgeCount || !Number.isFinite(times[slot])) return false
    for (let edge = from; edge < from + length; edge++) {
      const parent = edges[edge]!
      if (parent >= count) return false
      if (generations[parent]! >= generations[slot]!) return false
    }
  }
  for (let at = 0; at < 4 * edgeCount; at += 2) {
    const [from, end] = [filtersAt[at]!, filtersAt[at + 1]!]
    if (from > end || end > filterBytes || (from === end && end !== 0)) return false
  }
  return true
}
