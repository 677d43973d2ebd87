// Memory in which slices of a stream go to threads, used again and again. Fresh memory costs more than the copy into it, and
// shared memory that is let go stays until both sides happen to collect, for none of it counts as theirs.
import { sharedBuffer } from './bytes.ts'

/** Of what is longer than a slice, so much is kept. */
const largeBytesMax = 64 << 20

export class SliceMemory {
  readonly #sliceBytes: number
  readonly #free: Uint8Array[] = []
  #large: Uint8Array[] = []

  constructor(sliceBytes: number) {
    this.#sliceBytes = sliceBytes
  }

  /** So many bytes or more. */
  take(bytes: number): Uint8Array {
    const slice = this.#sliceBytes
    if (bytes <= slice) return this.#free.pop() ?? new Uint8Array(sharedBuffer(slice))
    const at = this.#large.findIndex(({ length }) => length >= bytes)
    if (at >= 0) return this.#large.splice(at, 1)[0]!
    return new Uint8Array(sharedBuffer(Math.ceil(bytes / slice) * slice))
  }

  /** Called when nobody reads the bytes any more; memory that is not from here is let go. */
  release({ buffer }: Uint8Array): void {
    if (buffer.byteLength === this.#sliceBytes) this.#free.push(new Uint8Array(buffer))
    else if (buffer.byteLength > this.#sliceBytes) this.#keep(new Uint8Array(buffer))
  }

  /** The newest stay: what comes next is probably as long. */
  #keep(memory: Uint8Array): void {
    this.#large.unshift(memory)
    let bytes = 0
    this.#large = this.#large.filter(({ length }) => (bytes += length) <= largeBytesMax)
  }
}
