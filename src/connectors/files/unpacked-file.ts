// A file that gzip has compressed, as the bytes that it holds. They are unpacked as a stream, as often as they are asked
// for, and nothing is kept. Few bytes can unpack to a thousand times as many: beyond a bound the file waits. Its version
// and its digest are those of the compressed bytes, so a file that has not changed is not unpacked.
import { createGunzip, type Gunzip } from 'node:zlib'
import type { OpenedFile } from './interface.ts'
import { fileWaits } from './waiting.ts'

const partBytes = 256 << 10
/** What every file may unpack to; a larger one to this many times its size. */
const unpackedBytesMax = 64 << 20
const ratioMax = 100

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
  async *unpacked(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const bytesMax = Math.max(unpackedBytesMax, ratioMax * this.bytesLength)
    const gunzip = createGunzip({ chunkSize: partBytes })
    const feeding = this.#feed(parts, gunzip)
    // Said by what is read.
    feeding.catch((error: unknown) => gunzip.destroy(error as Error))
    let done = 0
    try {
      for await (const part of gunzip as AsyncIterable<Buffer>) {
        done += part.length
        if (done > bytesMax) throw this.#waits(tooManyBytes(bytesMax))
        yield part
      }
      if ((await feeding) !== gunzip.bytesWritten)
        throw this.#waits('has bytes behind the end of what gzip has written')
    } catch (error) {
      throw isOfGzip(error) ? this.#waits(`is no whole gzip file: ${error.message}`, error) : error
    } finally {
      gunzip.destroy()
      await feeding.catch(() => undefined)
    }
  }

  digest(): Promise<string> {
    return this.packed.digest()
  }

  close(): Promise<void> {
    return this.packed.close()
  }

  /** How many bytes the compressed file has. */
  async #feed(parts: AsyncIterable<Uint8Array>, gunzip: Gunzip): Promise<number> {
    let length = 0
    for await (const part of parts) {
      length += part.length
      await written(gunzip, part)
    }
    if (length === 0) throw this.#waits('is no whole gzip file: it has no bytes')
    gunzip.end()
    return length
  }

  #waits(words: string, cause?: unknown): Error {
    return fileWaits(this.path, words, cause)
  }
}

/** Resolves when the part, a view that is spoilt once the next one is asked for, is used up; rejects when nobody reads on. */
function written(gunzip: Gunzip, part: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const closed = (): void => reject(new Error('nobody reads on'))
    if (gunzip.destroyed) closed()
    gunzip.once('close', closed)
    gunzip.write(part, (error) => {
      gunzip.off('close', closed)
      if (error === undefined || error === null) resolve()
      else reject(error)
    })
  })
}

function isOfGzip(error: unknown): error is Error {
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' && code.startsWith('Z_')
}

async function hasNone(parts: AsyncIterable<Uint8Array>): Promise<boolean> {
  for await (const part of parts) if (part.length > 0) return false
  return true
}

function tooManyBytes(bytesMax: number): string {
  const size = `${Math.floor(bytesMax / 2 ** 20)} MiB`
  return `unpacks to more than ${size}, the most that is taken of a file of its size: put it there as it is, unpacked`
}
