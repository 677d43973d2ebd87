// One flipped bit can be found by trying, where a digest says which bytes are right: the commonest damage to a small file
// then costs nothing.

/** Beyond this, trying takes too long. */
const bytesMax = 16 << 10

/** The bytes with one bit turned round, of which `isRight` holds; null when there is no such bit. */
export function mendOneBit(damaged: Uint8Array, isRight: (bytes: Uint8Array) => boolean): Uint8Array | null {
  if (damaged.length > bytesMax) return null
  const bytes = new Uint8Array(damaged)
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 1; bit < 256; bit <<= 1) {
      bytes[at]! ^= bit
      if (isRight(bytes)) return bytes
      bytes[at]! ^= bit
    }
  }
  return null
}
