// A file that gzip has compressed, as the bytes that it holds. They are unpacked as a stream, as often as they are asked
// for, and nothing is kept; a file that is not whole, or unpacks to too much, waits. Its version
// and its digest are those of the compressed bytes, so a file that has not changed is not unpacked.
import { gunzipped } from '../../base/platform-gunzip.ts'
import type { OpenedFile } from './interface.ts'
import { fileWaits } from './waiting.ts'

export class UnpackedFile implements OpenedFile {
  readonly packed: OpenedFile
  #isEmpty: Promise<boolean> | null = null

  constructor(packed: OpenedFile) {
    this.packed = packed
  }

  get path(): string {
    return this.packed.path
  }

  /** Of the compressed bytes: how many they unpack to is known at their end. */
  get bytesLength(): number {
    return this.packed.bytesLength
  }

  get version(): string {
    return this.packed.version
  }

  get writtenNs(): bigint | undefined {
    return this.packed.writtenNs
  }

  get isProof(): boolean {
    return this.packed.isProof
  }

  isEmpty(): Promise<boolean> {
    return (this.#isEmpty ??= hasNone(this.bytes()))
  }

  bytes(signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    return this.unpacked(this.packed.bytes(signal))
  }

  /** `parts` are those of the compressed file. @throws VarveError with `waits` where they are no whole gzip file */
  unpacked(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { path, bytesLength: packedBytes } = this
    return gunzipped(parts, { packedBytes, fault: (words, cause) => fileWaits(path, words, cause) })
  }

  digest(): Promise<string> {
    return this.packed.digest()
  }

  close(): Promise<void> {
    return this.packed.close()
  }
}

async function hasNone(parts: AsyncIterable<Uint8Array>): Promise<boolean> {
  for await (const part of parts) if (part.length > 0) return false
  return true
}
