// A set of byte strings that errs on one side: what it denies is not in it, what it does not deny may be. Twelve bits a
// member and eight probes err once in 300 times (Bloom 1970; two hashes stand for eight: Dillinger and Manolios 2004).
import { xxh32 } from '../encoding/xxh32.ts'

const bitsPerMember = 12
const probes = 8

/** In one byte, which a filter with members has not. */
export const emptyFilter: Uint8Array = new Uint8Array([0])
/** Denies nothing. */
export const fullFilter: Uint8Array = new Uint8Array([1])

/** A member as filters look for it. */
export interface Probe {
  readonly first: number
  readonly step: number
}

export function probeOf(member: Uint8Array): Probe {
  return { first: xxh32(member, 0, member.length, 0), step: xxh32(member, 0, member.length, 1) }
}

export function filterFor(members: readonly Probe[]): Uint8Array {
  if (members.length === 0) return emptyFilter
  const filter = new Uint8Array(Math.max(2, Math.ceil((members.length * bitsPerMember) / 8)))
  for (const member of members) {
    for (let i = 0; i < probes; i++) {
      const bit = bitOf(member, i, filter)
      filter[bit >>> 3] = filter[bit >>> 3]! | (1 << (bit & 7))
    }
  }
  return filter
}

export function mayHold(filter: Uint8Array, member: Probe): boolean {
  if (filter.length === 1) return filter[0] !== emptyFilter[0]
  for (let i = 0; i < probes; i++) {
    const bit = bitOf(member, i, filter)
    if ((filter[bit >>> 3]! & (1 << (bit & 7))) === 0) return false
  }
  return true
}

/**
 * The i-th bit, of an odd number of bits: with an even one, steps in a small filter would meet the same few bits
 * again and again.
 */
function bitOf({ first, step }: Probe, i: number, filter: Uint8Array): number {
  return ((first + Math.imul(step, i) + (i * (i * i - 1)) / 6) >>> 0) % (8 * filter.length - 1)
}
