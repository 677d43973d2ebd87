import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes } from '../../src/base/bytes.ts'
import { ChunkCutter } from '../../src/chunking/cutter.ts'
import { binaryRule, type CutRule, cutRule, gearTable, textRule } from '../../src/chunking/gear.ts'
import { noise } from './noise.ts'

function chunksOf(parts: readonly Uint8Array[], rule: CutRule): Uint8Array[] {
  const chunks: Uint8Array[] = []
  const cutter = new ChunkCutter(rule, (chunk) => chunks.push(chunk.slice()))
  for (const part of parts) cutter.push(part)
  cutter.end()
  return chunks
}

const lengths = (chunks: readonly Uint8Array[]): number[] => chunks.map((chunk) => chunk.length)

/** The rule said once more, as slowly and plainly as it can be. */
function plainLengths(bytes: Uint8Array, rule: CutRule): number[] {
  const hashes: number[] = []
  for (let end = 32; end <= bytes.length; end++) {
    let hash = 0n
    for (let at = end - 32; at < end; at++)
      hash = (hash * 2n + BigInt(gearTable()[bytes[at]!]!)) & 0xffffffffn
    hashes[end] = Number(hash)
  }
  const found: number[] = []
  let start = 0
  while (start < bytes.length) {
    const cut = plainCut(bytes.length, start, hashes, rule)
    found.push(cut - start)
    start = cut
  }
  return found
}

function plainCut(length: number, start: number, hashes: readonly number[], rule: CutRule): number {
  let best = start + rule.min
  for (let cut = start + rule.min; cut <= start + rule.max; cut++) {
    if (cut > length) return length
    if (hashes[cut]! < rule.threshold) return cut
    if (hashes[cut]! <= hashes[best]!) best = cut
  }
  return best
}

const small = cutRule(64)

// Random bytes, few-valued bytes (where no hash is below the threshold) and runs, in pushes of any size.
const contents = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  fc.array(fc.constantFrom(0, 1), { maxLength: 3000 }).map((bits) => Uint8Array.from(bits)),
  fc
    .array(fc.tuple(fc.nat(255), fc.integer({ min: 1, max: 600 })), { maxLength: 8 })
    .map((runs) => concatBytes(runs.map(([byte, length]) => new Uint8Array(length).fill(byte)))),
)

function partsOf(bytes: Uint8Array, steps: readonly number[]): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const step = steps.length === 0 ? bytes.length : steps[i % steps.length]!
    parts.push(bytes.subarray(at, at + step))
    at += step
  }
  return parts
}

describe('the cut rule', () => {
  test('the gear table starts with these numbers', () => {
    expect([...gearTable().subarray(0, 4)].map((entry) => entry >>> 0)).toEqual([
      438366304, 669728025, 768843952, 3555632129,
    ])
  })

  test('noise from seed 1 is cut at these lengths', () => {
    expect(lengths(chunksOf([noise(400_000, 1)], binaryRule))).toEqual([
      64040, 59730, 115718, 37639, 40896, 81977,
    ])
    expect(lengths(chunksOf([noise(100_000, 1)], textRule))).toEqual([
      9587, 21513, 14284, 18656, 11278, 11024, 13658,
    ])
  })

  test('up to half the target there is one chunk, of nothing there is none', () => {
    expect(lengths(chunksOf([noise(32 << 10, 7)], binaryRule))).toEqual([32 << 10])
    expect(lengths(chunksOf([noise(8 << 10, 7)], textRule))).toEqual([8 << 10])
    expect(chunksOf([], textRule)).toEqual([])
    expect(chunksOf([new Uint8Array(0)], textRule)).toEqual([])
  })

  test('bytes without a cut are cut at four targets', () => {
    expect(lengths(chunksOf([new Uint8Array(600 << 10)], binaryRule))).toEqual([
      256 << 10,
      256 << 10,
      88 << 10,
    ])
  })

  test('chunks have about the target length', () => {
    const found = lengths(chunksOf([noise(8 << 20, 3)], textRule))
    const mean = (8 << 20) / found.length
    expect(mean).toBeGreaterThan(14_000)
    expect(mean).toBeLessThan(19_000)
  })

  test('an insertion moves the cuts near it only', () => {
    const before = noise(2 << 20, 5)
    const after = concatBytes([
      before.subarray(0, 1_000_000),
      Uint8Array.of(1, 2, 3),
      before.subarray(1_000_000),
    ])
    const known = new Set(chunksOf([before], textRule).map(String))
    const fresh = chunksOf([after], textRule).filter((chunk) => !known.has(String(chunk)))
    expect(fresh.length).toBeLessThan(6)
  })
})

describe('the cutter', () => {
  test('cuts as the plain rule says', () => {
    fc.assert(
      fc.property(contents, (bytes) => {
        expect(lengths(chunksOf([bytes], small))).toEqual(plainLengths(bytes, small))
      }),
    )
  })

  test('cuts alike whatever the push sizes, and the chunks joined are the bytes', () => {
    fc.assert(
      fc.property(contents, fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 6 }), (bytes, steps) => {
        const chunks = chunksOf(partsOf(bytes, steps), small)
        expect(concatBytes(chunks)).toEqual(bytes)
        expect(lengths(chunks)).toEqual(lengths(chunksOf([bytes], small)))
      }),
      { numRuns: 500 },
    )
  })

  test('large pushes of noise are cut as one', () => {
    const bytes = noise(3 << 20, 11)
    const whole = lengths(chunksOf([bytes], binaryRule))
    for (const step of [1000, 65_536, 100_003, 1 << 20]) {
      expect(lengths(chunksOf(partsOf(bytes, [step]), binaryRule))).toEqual(whole)
    }
  })
})
