// One Brotli encoder and one decoder for many small pieces. Node's own functions make a stream for each piece, allocate
// its memory and leave it to the garbage collector, which is a fifth of the 30 µs that packing a leaf of 8 KiB takes.
// Here one stream's coder is reset for each piece. That uses an interface of Node that is not public. So it is used
// only in versions in which it was tried, and only if it gives the same result as the public functions for a sample; in
// all others, and whenever anything is not as expected, the public functions do the work and report what is wrong.
import * as zlib from 'node:zlib'

/** Major versions of Node. */
const triedIn: readonly string[] = ['20', '22', '24']
const rawBytesMax = 64 << 10
/** Room for what is packed: more than any piece may take. */
const packedRoom = 80 << 10
const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT, BROTLI_OPERATION_FINISH } =
  zlib.constants
const notSet = 0xffff_ffff
/** How many parameters the encoder has; each has its number. */
const paramsLength = 10

export interface BrotliSettings {
  readonly quality: number
  readonly windowBits: number
}

interface Handle {
  onerror: () => void
  init(params: Uint32Array, state: Uint32Array, done: () => void): unknown
  writeSync(
    operation: number,
    input: Uint8Array,
    inputAt: number,
    inputLength: number,
    output: Uint8Array,
    outputAt: number,
    outputLength: number,
  ): unknown
}

class Coder {
  readonly params: Uint32Array = new Uint32Array(paramsLength).fill(notSet)
  /** Whose handle it is: it must live as long. */
  readonly stream: zlib.BrotliCompress | zlib.BrotliDecompress
  readonly #handle: Handle
  /** What the handle has left of its output, and of its input. */
  readonly #left: Uint32Array
  /** Since the last run: some faults stay with the handle. */
  hasFailed = false

  constructor(stream: zlib.BrotliCompress | zlib.BrotliDecompress) {
    this.stream = stream
    const { _handle: handle, _writeState: left } = stream as unknown as {
      _handle: Handle
      _writeState: Uint32Array
    }
    this.#handle = handle
    this.#left = left
    handle.onerror = () => (this.hasFailed = true)
  }

  /** How much of the output is used; -1 where it did not come to its end, or not all of the input was used. */
  run(input: Uint8Array, output: Uint8Array): number {
    this.hasFailed = false
    this.#handle.init(this.params, this.#left, nothing)
    this.#handle.writeSync(BROTLI_OPERATION_FINISH, input, 0, input.length, output, 0, output.length)
    // What has room left has come to its end.
    const isWhole = !this.hasFailed && this.#left[0]! > 0 && this.#left[1] === 0
    return isWhole ? output.length - this.#left[0]! : -1
  }
}

interface Coders {
  readonly encoder: Coder
  readonly packed: Uint8Array
  readonly decoder: Coder
}

let known: Coders | null | undefined

/** Packs as zlib.brotliCompressSync does; null when the caller has to use that instead. */
export function packBrotli(bytes: Uint8Array, settings: BrotliSettings): Uint8Array | null {
  const coders = triedCoders()
  return coders === null ? null : packBy(coders, bytes, settings)
}

/** The `rawLength` bytes that were packed; null where zlib.brotliDecompressSync has to say what they are, or what is wrong. */
export function unpackBrotli(bytes: Uint8Array, rawLength: number): Uint8Array | null {
  const coders = triedCoders()
  return coders === null ? null : unpackBy(coders, bytes, rawLength)
}

function packBy({ encoder, packed }: Coders, bytes: Uint8Array, settings: BrotliSettings): Uint8Array | null {
  if (bytes.length > rawBytesMax) return null
  encoder.params[BROTLI_PARAM_QUALITY] = settings.quality
  encoder.params[BROTLI_PARAM_LGWIN] = settings.windowBits
  encoder.params[BROTLI_PARAM_SIZE_HINT] = bytes.length
  const length = encoder.run(bytes, packed)
  return length < 0 ? null : packed.slice(0, length)
}

function unpackBy({ decoder }: Coders, bytes: Uint8Array, rawLength: number): Uint8Array | null {
  if (rawLength > rawBytesMax) return null
  // One byte more, so that it is seen to end.
  const raw = new Uint8Array(rawLength + 1)
  const length = decoder.run(bytes, raw)
  // The next piece gets others.
  if (decoder.hasFailed) known = undefined
  return length === rawLength ? raw.subarray(0, rawLength) : null
}

function triedCoders(): Coders | null {
  if (known === undefined) known = isTried() ? madeCoders() : null
  return known
}

function isTried(): boolean {
  return triedIn.includes(process.versions.node.split('.')[0]!)
}

function madeCoders(): Coders | null {
  try {
    const coders = {
      encoder: new Coder(zlib.createBrotliCompress()),
      packed: new Uint8Array(packedRoom),
      decoder: new Coder(zlib.createBrotliDecompress()),
    }
    // The second piece shows whether anything is left of the first.
    return [1, 0].every((step) => doesAsNode(coders, step)) ? coders : null
  } catch {
    return null
  }
}

function doesAsNode(coders: Coders, step: number): boolean {
  const sample = Uint8Array.from({ length: 2000 }, (_, i) => (i * step) & 0x3f)
  const params = { [BROTLI_PARAM_QUALITY]: 0, [BROTLI_PARAM_LGWIN]: 11, [BROTLI_PARAM_SIZE_HINT]: 2000 }
  const packed = packBy(coders, sample, { quality: 0, windowBits: 11 })
  if (packed === null || Buffer.compare(packed, zlib.brotliCompressSync(sample, { params })) !== 0)
    return false
  const raw = unpackBy(coders, packed, sample.length)
  const isCut = unpackBy(coders, packed.subarray(0, packed.length - 1), sample.length) === null
  return raw !== null && isCut && Buffer.compare(raw, sample) === 0
}

function nothing(): void {}
