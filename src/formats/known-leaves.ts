// The leaves of the version before by digest, in flat shared memory, so that threads can tell which leaves are old
// without asking: a hash table with open addressing over whole digests.
import { fromHex, sharedBuffer } from '../base/bytes.ts'
import { type Cid, digestHex } from '../encoding/cid.ts'

const digestBytes = 32
const vacant = 0

export interface KnownLeaves {
  readonly digests: Uint8Array
  /** A digest's number plus one, at the first free place behind the one that its first bytes name. */
  readonly slots: Int32Array
}

export function knownLeaves(cids: readonly Cid[]): KnownLeaves {
  const room = 2 ** Math.ceil(Math.log2(2 * cids.length + 2))
  const digests = new Uint8Array(sharedBuffer(cids.length * digestBytes))
  const slots = new Int32Array(sharedBuffer(room * 4))
  cids.forEach((cid, number) => {
    const at = number * digestBytes
    digests.set(fromHex(digestHex(cid)), at)
    let slot = firstSlot(digests, at, slots.length)
    while (slots[slot] !== vacant) slot = (slot + 1) & (slots.length - 1)
    slots[slot] = number + 1
  })
  return { digests, slots }
}

/** The number of the digest, or -1. */
export function findKnown({ digests, slots }: KnownLeaves, digest: Uint8Array): number {
  let slot = firstSlot(digest, 0, slots.length)
  for (; slots[slot] !== vacant; slot = (slot + 1) & (slots.length - 1)) {
    const number = slots[slot]! - 1
    if (isAt(digests, number * digestBytes, digest)) return number
  }
  return -1
}

function isAt(digests: Uint8Array, at: number, digest: Uint8Array): boolean {
  for (let i = 0; i < digestBytes; i++) if (digests[at + i] !== digest[i]) return false
  return true
}

function firstSlot(bytes: Uint8Array, at: number, slots: number): number {
  const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
  return word & (slots - 1)
}
