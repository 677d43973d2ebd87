// One encoder for many small pieces. Node's own function makes a stream for each, lays out its memory and leaves it to the
// collector: of the 30 µs that a leaf of 8 KiB takes, a fifth. Here one stream's encoder begins anew for each piece. That
// is no public interface of Node. So it is used only in versions in which it was tried, and only if it packs a sample just
// as the public function does; in all others, and whenever anything is not as expected, that function does the work.
import * as zlib from 'node:zlib'

/** Major versions of Node. */
const triedIn: readonly string[] = ['20', '22', '24']
const inputBytesMax = 64 << 10
const outputBytes = 80 << 10
const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT, BROTLI_OPERATION_FINISH } =
  zlib.constants
const notSet = 0xffff_ffff
/** Of params by their numbers. */
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

class Encoder {
  /** Whose handle it is: it must live as long. */
  readonly stream: zlib.BrotliCompress = zlib.createBrotliCompress()
  readonly #handle: Handle
  /** What the handle has left of its output, and of its input. */
  readonly #left: Uint32Array
  readonly #params = new Uint32Array(paramsLength).fill(notSet)
  readonly #output = new Uint8Array(outputBytes)
  #hasFailed = false

  constructor() {
    const { _handle: handle, _writeState: left } = this.stream as unknown as {
      _handle: Handle
      _writeState: Uint32Array
    }
    this.#handle = handle
    this.#left = left
    handle.onerror = () => (this.#hasFailed = true)
  }

  /** null: it cannot. */
  pack(bytes: Uint8Array, { quality, windowBits }: BrotliSettings): Uint8Array | null {
    if (this.#hasFailed || bytes.length > inputBytesMax) return null
    const [params, output, left] = [this.#params, this.#output, this.#left]
    params[BROTLI_PARAM_QUALITY] = quality
    params[BROTLI_PARAM_LGWIN] = windowBits
    params[BROTLI_PARAM_SIZE_HINT] = bytes.length
    this.#handle.init(params, left, nothing)
    this.#handle.writeSync(BROTLI_OPERATION_FINISH, bytes, 0, bytes.length, output, 0, output.length)
    // What has room left has come to its end.
    const isWhole = !this.#hasFailed && left[0]! > 0 && left[1] === 0
    return isWhole ? output.slice(0, output.length - left[0]!) : null
  }
}

let known: Encoder | null | undefined

/** As zlib.brotliCompressSync packs them; null where that has to do it. */
export function packBrotli(bytes: Uint8Array, settings: BrotliSettings): Uint8Array | null {
  if (known === undefined) known = triedEncoder()
  return known === null ? null : known.pack(bytes, settings)
}

function triedEncoder(): Encoder | null {
  const major = process.versions.node.split('.')[0]!
  if (!triedIn.includes(major)) return null
  try {
    const encoder = new Encoder()
    // The second piece shows whether anything is left of the first.
    return [1, 0].every((step) => packsAsNode(encoder, step)) ? encoder : null
  } catch {
    return null
  }
}

function packsAsNode(encoder: Encoder, step: number): boolean {
  const sample = Uint8Array.from({ length: 2000 }, (_, i) => (i * step) & 0x3f)
  const settings = { quality: 0, windowBits: 11 }
  const packed = encoder.pack(sample, settings)
  const params = { [BROTLI_PARAM_QUALITY]: 0, [BROTLI_PARAM_LGWIN]: 11, [BROTLI_PARAM_SIZE_HINT]: 2000 }
  return packed !== null && Buffer.compare(packed, zlib.brotliCompressSync(sample, { params })) === 0
}

function nothing(): void {}
