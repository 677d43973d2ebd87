// What gzip has compressed, unpacked as a stream. Few bytes can unpack to a thousand times as many: there is a bound. What is
// cut short, damaged, or followed by something else is refused, at the latest at the end.
import { createGunzip, type Gunzip } from 'node:zlib'

const partBytes = 256 << 10
/** What anything may unpack to; what is larger, to this many times its size. */
const unpackedBytesMax = 64 << 20
const ratioMax = 100

export interface GunzipOptions {
  /** Of what is compressed; absent: as many as have been read. */
  readonly packedBytes?: number
  /** What is thrown; `words` complete a sentence that begins with a name. */
  readonly fault: (words: string, cause?: unknown) => Error
}

/** Whether the bytes begin as all that gzip writes does. No text in UTF-8 does. */
export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b
}

/** The parts may be views, each good until the next is asked for. */
export async function* gunzipped(
  parts: AsyncIterable<Uint8Array>,
  { packedBytes, fault }: GunzipOptions,
): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: partBytes })
  const fed = { bytes: 0 }
  const feeding = feed(parts, gunzip, fed)
  // Said by what is read.
  feeding.catch((error: unknown) => gunzip.destroy(error as Error))
  let done = 0
  try {
    for await (const part of gunzip as AsyncIterable<Buffer>) {
      done += part.length
      const bytesMax = Math.max(unpackedBytesMax, ratioMax * (packedBytes ?? fed.bytes))
      if (done > bytesMax) throw fault(tooManyBytes(bytesMax))
      yield part
    }
    if ((await feeding) !== gunzip.bytesWritten)
      throw fault('has bytes behind the end of what gzip has written')
  } catch (error) {
    if (error instanceof NoBytes) throw fault('is no whole gzip file: it has no bytes')
    throw isOfGzip(error) ? fault(`is no whole gzip file: ${error.message}`, error) : error
  } finally {
    gunzip.destroy()
    await feeding.catch(() => undefined)
  }
}

class NoBytes extends Error {}

/** How many bytes there are, compressed. */
async function feed(
  parts: AsyncIterable<Uint8Array>,
  gunzip: Gunzip,
  fed: { bytes: number },
): Promise<number> {
  for await (const part of parts) {
    fed.bytes += part.length
    await written(gunzip, part)
  }
  if (fed.bytes === 0) throw new NoBytes('no bytes')
  gunzip.end()
  return fed.bytes
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

function tooManyBytes(bytesMax: number): string {
  const size = `${Math.floor(bytesMax / 2 ** 20)} MiB`
  return `unpacks to more than ${size}, the most that is taken of a file of its size: unpack it first`
}
