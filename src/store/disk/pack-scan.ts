// Reads a pack that came from outside once, from its first byte to its last: its records must lie back to back with
// valid heads, and what they claim to unpack to is bounded by their packed size. The pack's own digest is not checked:
// each object is hashed before it is taken in, and the pack gets another name then. In a pack whose objects were hashed
// as it came only the heads are read.
import fs from 'node:fs'
import { VarveError, corrupt, throwIfAborted } from '../../base/errors.ts'
import type { CheckedPack } from '../interface.ts'
import { packHeadBytes, packTrailerBytes, readPackKind, readPackTrailer } from '../pack.ts'
import { readRecordHead, recordHeadBytes } from '../record.ts'
import type { PlacedObject } from '../run.ts'
import { ioError, readRange } from './files.ts'

const partBytes = 1 << 20
/** What a pack may unpack to: real ones reach some hundredfold, where small patches make large nodes. */
const unpackedFree = 1 << 30
const unpackedFactorMax = 1000

export interface PackSource {
  /** As at its end: of a pack, hex of its SHA-256; here whatever its sender chose. */
  readonly name: string
  readonly file: string
  /** Where every object in it was hashed before: then only the heads of its records are read. */
  readonly checked?: CheckedPack | null
}

export interface PackLimits {
  readonly packBytesMax: number
  /** Records in all packs together. */
  readonly recordsMax: number
}

export async function scanPack(
  { name, file, checked }: PackSource,
  limits: PackLimits,
  signal: AbortSignal | undefined,
): Promise<PlacedObject[]> {
  let handle: fs.promises.FileHandle
  try {
    handle = await fs.promises.open(file, 'r')
  } catch (cause) {
    throw ioError(cause, file)
  }
  try {
    const { size } = await handle.stat()
    if (size < packHeadBytes + packTrailerBytes || size > limits.packBytesMax)
      throw corrupt(`pack '${name}' has an impossible size`, { pack: name, bytes: size })
    const trailer = readPackTrailer(await bytesAt(handle, size - packTrailerBytes, packTrailerBytes), size)
    if (trailer.name !== name) throw corrupt(`pack '${name}' has another name inside`, { pack: name })
    if (trailer.records > limits.recordsMax)
      throw new VarveError(
        'VARVE_NOT_POSSIBLE',
        `a push has at most ${limits.recordsMax} objects at a time`,
        {
          hint: 'push an older commit first, then the newest',
        },
      )
    const scan = new PackScan({ name, bytes: size }, trailer.footerAt)
    if (checked) {
      scan.takeHeads((at, length) => readRange(handle.fd, at, length, file))
      return scan.finish(trailer.records)
    }
    for (let at = 0; at < size; at += partBytes) {
      throwIfAborted(signal)
      const part = await bytesAt(handle, at, Math.min(partBytes, size - at))
      await scan.take(part, at, (from, length) => bytesAt(handle, from, length))
    }
    return scan.finish(trailer.records)
  } finally {
    await handle.close()
  }
}

/** Walks the heads of records, as a pack's bytes come by. */
class PackScan {
  readonly #pack: { readonly name: string; readonly bytes: number }
  readonly #end: number
  readonly #placed: PlacedObject[] = []
  #at = 0
  #unpacked = 0
  #kind: 'meta' | 'data' = 'meta'

  constructor(pack: { name: string; bytes: number }, end: number) {
    this.#pack = pack
    this.#end = end
  }

  /** Takes all heads of a pack whose other bytes are known already. */
  takeHeads(read: (at: number, length: number) => Uint8Array): void {
    this.#begin(read(0, packHeadBytes))
    while (this.#at < this.#end) this.#record(read(this.#at, this.#headLength()))
  }

  async take(
    part: Uint8Array,
    offset: number,
    read: (at: number, length: number) => Promise<Uint8Array>,
  ): Promise<void> {
    if (this.#at === 0) this.#begin(part.subarray(0, packHeadBytes))
    while (this.#at < this.#end && this.#at < offset + part.length) {
      const length = this.#headLength()
      const local = this.#at - offset
      // A head that lies across two parts is read once more.
      const isWhole = local + length <= part.length
      this.#record(isWhole ? part.subarray(local, local + length) : await read(this.#at, length))
    }
  }

  finish(records: number): PlacedObject[] {
    if (this.#at !== this.#end || this.#placed.length !== records)
      throw corrupt(`pack '${this.#pack.name}' has other records than it says`, { pack: this.#pack.name })
    return this.#placed
  }

  #begin(head: Uint8Array): void {
    this.#kind = readPackKind(head)
    this.#at = packHeadBytes
  }

  #headLength(): number {
    return Math.min(recordHeadBytes, this.#end - this.#at)
  }

  #record(bytes: Uint8Array): void {
    const head = readRecordHead(bytes, 0)
    if ((head.codec === 'raw') !== (this.#kind === 'data') || this.#at + head.length > this.#end)
      throw corrupt(`pack '${this.#pack.name}' holds a record that does not fit`, { pack: this.#pack.name })
    this.#unpacked += head.rawLength
    if (this.#unpacked > unpackedFree + unpackedFactorMax * this.#pack.bytes)
      throw corrupt(`pack '${this.#pack.name}' unpacks to absurdly much`, { pack: this.#pack.name })
    this.#placed.push({
      digest: new Uint8Array(bytes.subarray(16, 48)),
      codec: head.codec,
      depth: head.depth,
      pack: this.#pack,
      offset: this.#at,
      length: head.length,
    })
    this.#at += head.length
  }
}

async function bytesAt(handle: fs.promises.FileHandle, at: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length;) {
    const { bytesRead } = await handle.read(bytes, done, length - done, at + done)
    if (bytesRead === 0) throw corrupt('a pack is cut short')
    done += bytesRead
  }
  return bytes
}
