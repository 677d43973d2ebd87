// What is known of commits, `cache/history` (docs/FORMAT.md).
import { type Name, check, hex, sha256, text } from './bytes.ts'
import { xxh32 } from './xxh32.ts'

export interface KnownCommit {
  readonly timeMs: number
  readonly generation: number
  readonly edges: readonly { parent: Name; paths: Uint8Array | null; rows: Uint8Array | null }[]
}

/** Of the commits of which more than the name is known. */
export function readKnownCommits(file: Uint8Array): Map<Name, KnownCommit> {
  const view = new DataView(file.buffer, file.byteOffset, file.length)
  check(text(file.subarray(0, 8)) === 'varvehi1', 'it begins with varvehi1')
  const [commits, edges, filterBytes] = [8, 12, 16].map((at) => view.getUint32(at, true)) as [
    number,
    number,
    number,
  ]
  check(view.getUint32(20, true) === 0, 'the fourth number is 0')
  const end = file.length - 32
  check(hex(file.subarray(end)) === sha256(file.subarray(0, end)), 'it ends with its digest')
  let at = 24
  const part = (items: number, width: number): number => (at += items * width) - items * width
  const times = part(commits, 8)
  const generations = part(commits, 4)
  const spans = part(commits, 8)
  const parents = part(edges, 4)
  const bounds = part(edges, 16)
  const digests = part(commits, 32)
  const filters = part(filterBytes, 1)
  check(at === end, 'its parts have the lengths that its head counts')
  const nameOf = (commit: number): Name =>
    `01711220${hex(file.subarray(digests + 32 * commit, digests + 32 * commit + 32))}`
  const filterOf = (place: number): Uint8Array | null => {
    const [from, to] = [view.getUint32(place, true), view.getUint32(place + 4, true)]
    return to === 0 ? null : file.subarray(filters + from, filters + to)
  }
  const known = new Map<Name, KnownCommit>()
  for (let i = 0; i < commits; i++) {
    const generation = view.getUint32(generations + 4 * i, true)
    if (generation === 0) continue
    const [first, count] = [view.getUint32(spans + 8 * i, true), view.getUint32(spans + 8 * i + 4, true)]
    known.set(nameOf(i), {
      timeMs: view.getFloat64(times + 8 * i, true),
      generation,
      edges: Array.from({ length: count }, (_, n) => ({
        parent: nameOf(view.getUint32(parents + 4 * (first + n), true)),
        paths: filterOf(bounds + 16 * (first + n)),
        rows: filterOf(bounds + 16 * (first + n) + 8),
      })),
    })
  }
  return known
}

export function mayHold(filter: Uint8Array, member: Uint8Array): boolean {
  if (filter.length === 1) return filter[0] === 1
  const [h0, h1] = [BigInt(xxh32(member, 0)), BigInt(xxh32(member, 1))]
  const bits = BigInt(filter.length * 8 - 1)
  for (let i = 0n; i < 8n; i++) {
    const bit = Number(((h0 + i * h1 + (i ** 3n - i) / 6n) % 2n ** 32n) % bits)
    if (((filter[bit >> 3]! >> (bit & 7)) & 1) === 0) return false
  }
  return true
}
