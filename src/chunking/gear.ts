// Where a file's bytes are cut into chunks: a 32-bit gear hash in plain JavaScript. The hash moves one bit a byte, so
// it knows the last 32 bytes and nothing else: whether a chunk may end at a place depends on those bytes alone, and
// an insertion moves the cuts near it only. A chunk has at least `min` bytes (the last one of a file may be shorter)
// and at most `max`; in between it ends behind the first byte where hash < 2^32 / (target / 2). Where no such byte
// comes within `max`, it ends at the smallest hash of that stretch, the last one of equals.
// The table and the rule are part of the format: another table would store every file anew (docs/format/files.md).
import { assert } from '../base/assert.ts'
import { concatBytes, utf8 } from '../base/bytes.ts'
import { sha256 } from '../base/platform.ts'

export interface CutRule {
  readonly min: number
  readonly max: number
  /** Cut when the hash, unsigned, is below. */
  readonly threshold: number
}

const gearWindow = 32

/** Chunks of about `targetBytes`, a power of two: half of it is skipped, the other half is what chance adds. */
export function cutRule(targetBytes: number): CutRule {
  assert(targetBytes >= 2 * gearWindow && Number.isInteger(Math.log2(targetBytes)), 'a power of two above 32')
  return { min: targetBytes / 2, max: 4 * targetBytes, threshold: 2 ** 32 / (targetBytes / 2) }
}

export const textRule: CutRule = cutRule(16 << 10)
export const binaryRule: CutRule = cutRule(64 << 10)

const signBit = 0x80000000 | 0

let table: Int32Array | undefined

/** Entry i: the first four bytes, little-endian, of sha256('varve-gear-v1' and the byte i). */
export function gearTable(): Int32Array {
  if (table !== undefined) return table
  table = new Int32Array(256)
  const label = utf8('varve-gear-v1')
  for (let byte = 0; byte < 256; byte++) {
    const digest = sha256(concatBytes([label, Uint8Array.of(byte)]))
    table[byte] = new DataView(digest.buffer, digest.byteOffset).getInt32(0, true)
  }
  return table
}

/**
 * The end of the chunk that begins at `start`, or -1 when bytes[start..end) do not hold it yet. `seen` says up to
 * where an earlier call has looked in vain, so that no byte is looked at twice as more of them arrive.
 */
export function findCut(bytes: Uint8Array, start: number, end: number, rule: CutRule, seen = 0): number {
  const stop = Math.min(end, start + rule.max)
  const first = Math.max(start + rule.min, seen + 1)
  if (first <= stop) {
    const cut = scan(bytes, first, stop, rule.threshold)
    if (cut !== -1) return cut
  }
  return stop === start + rule.max ? smallest(bytes, start + rule.min, stop) : -1
}

/** The hash of the 31 bytes before the one that ends at `cut`. */
function warm(gear: Int32Array, bytes: Uint8Array, cut: number): number {
  let hash = 0
  for (let at = cut - gearWindow; at < cut - 1; at++) hash = ((hash << 1) + gear[bytes[at]!]!) | 0
  return hash
}

// Eight bytes a turn. `| 0` keeps every value a 32-bit integer; the one comparison a byte is almost never true, so
// that the processor guesses it right. Both are what makes this loop fast.
function scan(bytes: Uint8Array, first: number, last: number, threshold: number): number {
  const gear = gearTable()
  let hash = warm(gear, bytes, first)
  let at = first - 1
  for (; at + 8 <= last; at += 8) {
    hash = ((hash << 1) + gear[bytes[at]!]!) | 0
    if (hash >>> 0 < threshold) return at + 1
    hash = ((hash << 1) + gear[bytes[at + 1]!]!) | 0
    if (hash >>> 0 < threshold) return at + 2
    hash = ((hash << 1) + gear[bytes[at + 2]!]!) | 0
    if (hash >>> 0 < threshold) return at + 3
    hash = ((hash << 1) + gear[bytes[at + 3]!]!) | 0
    if (hash >>> 0 < threshold) return at + 4
    hash = ((hash << 1) + gear[bytes[at + 4]!]!) | 0
    if (hash >>> 0 < threshold) return at + 5
    hash = ((hash << 1) + gear[bytes[at + 5]!]!) | 0
    if (hash >>> 0 < threshold) return at + 6
    hash = ((hash << 1) + gear[bytes[at + 6]!]!) | 0
    if (hash >>> 0 < threshold) return at + 7
    hash = ((hash << 1) + gear[bytes[at + 7]!]!) | 0
    if (hash >>> 0 < threshold) return at + 8
  }
  for (; at < last; at++) {
    hash = ((hash << 1) + gear[bytes[at]!]!) | 0
    if (hash >>> 0 < threshold) return at + 1
  }
  return -1
}

// The last cut in [first, last] whose hash is the smallest. With the sign bit turned over, signed integers compare
// as the unsigned ones do, and stay small integers in the engine's eyes.
function smallest(bytes: Uint8Array, first: number, last: number): number {
  const gear = gearTable()
  let hash = warm(gear, bytes, first)
  let best = 0x7fffffff
  let cut = last
  for (let at = first - 1; at < last; at++) {
    hash = ((hash << 1) + gear[bytes[at]!]!) | 0
    const order = hash ^ signBit
    if (order <= best) {
      best = order
      cut = at + 1
    }
  }
  return cut
}
