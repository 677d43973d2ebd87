// The only file of the core that touches the platform: hashing, compression, randomness, turns of the loop, threads'
// location. All but the turns is synchronous CPU work; a browser build swaps this file for another with the same
// exports.
import { Buffer, isUtf8 as nodeIsUtf8 } from 'node:buffer'
import * as nodeCrypto from 'node:crypto'
import * as zlib from 'node:zlib'
import { packBrotli, unpackBrotli } from './platform-brotli.ts'

declare const VARVE_WORKER_FILE: string | undefined

// crypto.hash (Node >= 20.12) is 1.2x to 1.6x faster than createHash below 16 KiB.
const oneShotHash = (nodeCrypto as { hash?: OneShotHash }).hash

interface OneShotHash {
  (algorithm: string, data: Uint8Array, encoding: 'buffer'): Buffer
  (algorithm: string, data: Uint8Array, encoding: 'hex'): string
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return oneShotHash === undefined
    ? nodeCrypto.createHash('sha256').update(bytes).digest()
    : oneShotHash('sha256', bytes, 'buffer')
}

/** The SHA-256 as lower-case hex. */
export function sha256Hex(bytes: Uint8Array): string {
  return oneShotHash === undefined
    ? nodeCrypto.createHash('sha256').update(bytes).digest('hex')
    : oneShotHash('sha256', bytes, 'hex')
}

/** HMAC-SHA-256 (RFC 2104), as lower-case hex. */
export function hmacSha256Hex(key: string, text: string): string {
  return nodeCrypto.createHmac('sha256', key).update(text).digest('hex')
}

export interface Sha256Stream {
  update(bytes: Uint8Array): void
  digest(): Uint8Array
}

export function sha256Stream(): Sha256Stream {
  const hash = nodeCrypto.createHash('sha256')
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() }
}

/** Whether the bytes are UTF-8. Checks several gigabytes a second, and makes no string. */
export function isUtf8(bytes: Uint8Array): boolean {
  return nodeIsUtf8(bytes)
}

/** Compares by memcmp, which is ten times faster than a loop. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0
}

const compareWithin = Buffer.prototype.compare
const strideBytes = 512

/** As `sameBytes`, for a[aStart..aEnd) and b[bStart..bEnd), without making views. */
export function sameRange(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  return aEnd - aStart === bEnd - bStart && compareWithin.call(a, b, bStart, bEnd, aStart, aEnd) === 0
}

/** How many bytes are the same from aStart and bStart on. Compares natively by strides: memcmp, then one stride by hand. */
export function commonLength(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number): number {
  const most = Math.min(a.length - aStart, b.length - bStart)
  let length = 0
  for (let next = strideBytes; next <= most; next += strideBytes) {
    if (compareWithin.call(a, b, bStart + length, bStart + next, aStart + length, aStart + next) !== 0) break
    length = next
  }
  while (length < most && a[aStart + length] === b[bStart + length]) length++
  return length
}

// What toString('hex') calls; called on the bytes themselves it saves a view, which is half of the time.
const { hexSlice } = Buffer.prototype as unknown as {
  hexSlice: (this: Uint8Array, start: number, end: number) => string
}

export function hexOf(bytes: Uint8Array, start: number, end: number): string {
  return hexSlice.call(bytes, start, end)
}

/** Offset of the first `sought`, a byte or several, at or behind `from`; -1 when there is none. memchr, memmem. */
export function indexOfBytes(bytes: Uint8Array, sought: Uint8Array | number, from: number): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(sought, from)
}

export function randomHex(bytes: number): string {
  return nodeCrypto.randomBytes(bytes).toString('hex')
}

export function deflate(bytes: Uint8Array, options: { level: number; dictionary?: Uint8Array }): Uint8Array {
  return zlib.deflateRawSync(bytes, options)
}

/**
 * Inflates exactly `rawLength` bytes and consumes all of the input.
 * @throws RangeError or zlib's error where the input holds more, less, or anything else.
 */
export function inflate(bytes: Uint8Array, rawLength: number, dictionary?: Uint8Array): Uint8Array {
  const result = zlib.inflateRawSync(bytes, {
    maxOutputLength: Math.max(1, rawLength),
    chunkSize: outputRoom(rawLength),
    info: true,
    ...(dictionary === undefined ? {} : { dictionary }),
  }) as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } }
  return checkedLength(result, bytes.length, rawLength)
}

export function brotli(bytes: Uint8Array, quality: number): Uint8Array {
  const windowBits = Math.max(10, Math.min(18, Math.ceil(Math.log2(bytes.length + 16))))
  const packed = packBrotli(bytes, { quality, windowBits })
  if (packed !== null) return packed
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = zlib.constants
  return zlib.brotliCompressSync(bytes, {
    // What shrinks fits into one piece of its own size; making the default's 16 KiB costs a tenth of the time.
    chunkSize: Math.max(64, Math.min(bytes.length, 16 << 10)),
    params: {
      [BROTLI_PARAM_QUALITY]: quality,
      [BROTLI_PARAM_LGWIN]: windowBits,
      [BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  })
}

/** As `inflate`, for brotli. */
export function unbrotli(bytes: Uint8Array, rawLength: number): Uint8Array {
  const raw = unpackBrotli(bytes, rawLength)
  if (raw !== null) return raw
  const options = { maxOutputLength: Math.max(1, rawLength), chunkSize: outputRoom(rawLength), info: true }
  const result = zlib.brotliDecompressSync(bytes, options) as unknown as {
    buffer: Uint8Array
    engine: { bytesWritten: number }
  }
  return checkedLength(result, bytes.length, rawLength)
}

// Room for all output at once, and a little more so that zlib sees the end: no default of 16 KiB is kept per object.
function outputRoom(rawLength: number): number {
  return Math.max(64, rawLength + 16)
}

// A stream may be followed by garbage that zlib accepts; one object would then have many encodings.
function checkedLength(
  result: { buffer: Uint8Array; engine: { bytesWritten: number } },
  inputLength: number,
  rawLength: number,
): Uint8Array {
  if (result.buffer.length !== rawLength || result.engine.bytesWritten !== inputLength) {
    throw new RangeError('compressed bytes do not unpack to the length they claim')
  }
  return result.buffer
}

const { setImmediate: onNextTurn } = globalThis

/** Resolves when whatever else waits for this thread (timers, sockets, files) has had its turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void onNextTurn(resolve))
}

/** Resolves when all that can go on without waiting for anything has done so. */
export function allAtRest(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}

let isInline = false

/** Called in a worker thread: its work is done there, and not passed on to other threads. */
export function workInline(): void {
  isInline = true
}

/** Where the worker thread's entry lies, or null where only sources are run (tests): work is then done inline. */
export function workerUrl(): URL | null {
  if (isInline) return null
  return typeof VARVE_WORKER_FILE === 'string' ? new URL(VARVE_WORKER_FILE, import.meta.url) : null
}
