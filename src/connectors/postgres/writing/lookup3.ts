// Bob Jenkins' lookup3 with a seed and a result of 64 bits, as PostgreSQL's hash_bytes_extended has it on machines that
// keep the low byte first (src/common/hashfn.c), and the sum of such hashes.

export class Lookup3 {
  readonly #seedHigh: number
  readonly #seedLow: number
  /** The hash so far, which seeds the next. */
  #high: number
  #low: number
  #count = 0
  #sum = 0n
  /** Exact as long as there are few of them. */
  #sumHigh = 0
  #sumLow = 0

  constructor(seed: bigint) {
    this.#seedHigh = Number(BigInt.asUintN(32, seed >> 32n)) | 0
    this.#seedLow = Number(BigInt.asUintN(32, seed)) | 0
    this.#high = this.#seedHigh
    this.#low = this.#seedLow
  }

  /** Changes the seed for the next bytes. */
  mark(high: number, low: number): void {
    this.#high ^= high
    this.#low ^= low
  }

  endRow(): void {
    this.#sumHigh += this.#high >>> 0
    this.#sumLow += this.#low >>> 0
    this.#high = this.#seedHigh
    this.#low = this.#seedLow
    if (++this.#count % 0x10_0000 === 0) this.#carry()
  }

  /** The sum is of unsigned 64-bit numbers. */
  total(): { readonly count: number; readonly sum: bigint } {
    this.#carry()
    return { count: this.#count, sum: this.#sum }
  }

  add(src: Uint8Array, start: number, end: number): void {
    let left = end - start
    let a = (0x9e3779b9 + left + 3923095) | 0
    let [b, c] = [a, a]
    let isMixed = this.#high === 0 && this.#low === 0
    a = (a + this.#high) | 0
    b = (b + this.#low) | 0
    let at = start
    for (;;) {
      if (!isMixed) {
        a = (a - c) ^ ((c << 4) | (c >>> 28))
        c = (c + b) | 0
        b = (b - a) ^ ((a << 6) | (a >>> 26))
        a = (a + c) | 0
        c = (c - b) ^ ((b << 8) | (b >>> 24))
        b = (b + a) | 0
        a = (a - c) ^ ((c << 16) | (c >>> 16))
        c = (c + b) | 0
        b = (b - a) ^ ((a << 19) | (a >>> 13))
        a = (a + c) | 0
        c = (c - b) ^ ((b << 4) | (b >>> 28))
        b = (b + a) | 0
      }
      if (left < 12) break
      a = (a + word(src, at)) | 0
      b = (b + word(src, at + 4)) | 0
      c = (c + word(src, at + 8)) | 0
      left -= 12
      at += 12
      isMixed = false
    }
    // The lowest byte of c is the length's.
    if (left >= 8) {
      a = (a + word(src, at)) | 0
      b = (b + word(src, at + 4)) | 0
      c = (c + (lowBytes(src, at + 8, left - 8) << 8)) | 0
    } else if (left >= 4) {
      a = (a + word(src, at)) | 0
      b = (b + lowBytes(src, at + 4, left - 4)) | 0
    } else a = (a + lowBytes(src, at, left)) | 0
    c = ((c ^ b) - ((b << 14) | (b >>> 18))) | 0
    a = ((a ^ c) - ((c << 11) | (c >>> 21))) | 0
    b = ((b ^ a) - ((a << 25) | (a >>> 7))) | 0
    c = ((c ^ b) - ((b << 16) | (b >>> 16))) | 0
    a = ((a ^ c) - ((c << 4) | (c >>> 28))) | 0
    b = ((b ^ a) - ((a << 14) | (a >>> 18))) | 0
    c = ((c ^ b) - ((b << 24) | (b >>> 8))) | 0
    this.#high = b
    this.#low = c
  }

  #carry(): void {
    this.#sum = BigInt.asUintN(64, this.#sum + (BigInt(this.#sumHigh) << 32n) + BigInt(this.#sumLow))
    this.#sumHigh = 0
    this.#sumLow = 0
  }
}

/** Up to three bytes, the first one lowest. */
function lowBytes(src: Uint8Array, at: number, count: number): number {
  let bits = 0
  if (count > 0) bits = src[at]!
  if (count > 1) bits |= src[at + 1]! << 8
  if (count > 2) bits |= src[at + 2]! << 16
  return bits
}

function word(src: Uint8Array, at: number): number {
  return src[at]! | (src[at + 1]! << 8) | (src[at + 2]! << 16) | (src[at + 3]! << 24)
}
