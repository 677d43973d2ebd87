// A new pack of a Git repository: 'PACK', version 2, number of objects; of each its type and size, then its bytes
// deflated; SHA-1 of all. Beside it the index, version 2 (gitformat-pack). It lies under a name that `git gc` may remove
// until it is whole and flushed. What the repository has already is not written again.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { crc32, createDeflate, deflateSync, inflateSync } from 'node:zlib'
import { assert } from '../base/assert.ts'
import { systemFailure } from '../base/system-error.ts'
import type { GitType } from './git-encode.ts'
import type { Oid } from './git-objects.ts'

const typeNumbers: Readonly<Record<GitType, number>> = { commit: 1, tree: 2, blob: 3, tag: 4 }
const headBytes = 12
const wholeBytesMax = 1 << 20
const offset31 = 2 ** 31

interface Packed {
  readonly at: number
  readonly bytes: number
  readonly crc: number
}

export class GitPackWriter {
  readonly #dir: string
  readonly #file: string
  readonly #fd: number
  readonly #isKnown: (oid: Oid) => boolean
  readonly #packed = new Map<Oid, Packed>()
  #end = headBytes

  /** `dir` is the repository's folder 'objects'; `isKnown` says whether it has an object already. */
  constructor(dir: string, isKnown: (oid: Oid) => boolean) {
    this.#dir = path.join(dir, 'pack')
    this.#isKnown = isKnown
    fs.mkdirSync(this.#dir, { recursive: true })
    this.#file = path.join(this.#dir, `tmp_pack_varve${process.pid}_${Date.now()}`)
    this.#fd = fs.openSync(this.#file, 'wx+', 0o444)
  }

  get count(): number {
    return this.#packed.size
  }

  put(type: GitType, bytes: Uint8Array): Oid {
    const oid = createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes).digest('hex')
    if (this.#has(oid)) return oid
    const head = entryHead(type, bytes.length)
    const body = deflateSync(bytes)
    const bytesOf = head.length + body.length
    this.#packed.set(oid, { at: this.#end, bytes: bytesOf, crc: crc32(body, crc32(head)) })
    this.#write(head)
    this.#write(body)
    return oid
  }

  /** A blob in pieces, of which no more is held than one. Its bytes are as many as were said. */
  async putBlob(size: number, pieces: AsyncIterable<Uint8Array>): Promise<Oid> {
    if (size <= wholeBytesMax) {
      const parts: Uint8Array[] = []
      for await (const piece of pieces) parts.push(piece.slice())
      const bytes = Buffer.concat(parts)
      assert(bytes.length === size, 'a file has as many bytes as its entry says')
      return this.put('blob', bytes)
    }
    const at = this.#end
    const hash = createHash('sha1').update(`blob ${size}\0`)
    const head = entryHead('blob', size)
    let crc = crc32(head)
    this.#write(head)
    let count = 0
    await pipeline(
      async function* hashed() {
        for await (const piece of pieces) {
          count += piece.length
          // The piece is the reader's, and may change while it waits to be deflated.
          const own = piece.slice()
          hash.update(own)
          yield own
        }
      },
      createDeflate(),
      async (deflated: AsyncIterable<Uint8Array>) => {
        for await (const chunk of deflated) {
          crc = crc32(chunk, crc)
          this.#write(chunk)
        }
      },
    )
    assert(count === size, 'a file has as many bytes as its entry says')
    const oid = hash.digest('hex')
    // What was there already is written over.
    if (this.#has(oid)) this.#end = at
    else this.#packed.set(oid, { at, bytes: this.#end - at, crc })
    return oid
  }

  /** The bytes of an object that was put; null: it is not in this pack. */
  read(oid: Oid): Uint8Array | null {
    const packed = this.#packed.get(oid)
    if (packed === undefined) return null
    const bytes = Buffer.alloc(packed.bytes)
    fs.readSync(this.#fd, bytes, 0, bytes.length, packed.at)
    let body = 0
    while ((bytes[body]! & 0x80) !== 0) body++
    return inflateSync(bytes.subarray(body + 1))
  }

  /** Flushes pack and index, and puts them in place. */
  async finish(): Promise<void> {
    if (this.#packed.size === 0) return this.abort()
    const head = Buffer.alloc(headBytes)
    head.write('PACK', 'latin1')
    head.writeUInt32BE(2, 4)
    head.writeUInt32BE(this.#packed.size, 8)
    fs.writeSync(this.#fd, head, 0, headBytes, 0)
    fs.ftruncateSync(this.#fd, this.#end)
    const hash = createHash('sha1')
    for await (const chunk of fs.createReadStream(this.#file)) hash.update(chunk as Buffer)
    const sha = hash.digest()
    this.#write(sha)
    fs.fsyncSync(this.#fd)
    fs.closeSync(this.#fd)
    const name = path.join(this.#dir, `pack-${sha.toString('hex')}`)
    const index = `${this.#file}.idx`
    fs.writeFileSync(index, this.#index(sha), { mode: 0o444, flush: true, flag: 'wx' })
    fs.renameSync(this.#file, `${name}.pack`)
    // A pack counts from the moment its index is there.
    fs.renameSync(index, `${name}.idx`)
    flushDir(this.#dir)
  }

  abort(): void {
    try {
      fs.closeSync(this.#fd)
    } catch {
      // It was closed by `finish`.
    }
    fs.rmSync(this.#file, { force: true })
    fs.rmSync(`${this.#file}.idx`, { force: true })
  }

  #has(oid: Oid): boolean {
    return this.#packed.has(oid) || this.#isKnown(oid)
  }

  #write(bytes: Uint8Array): void {
    try {
      for (let done = 0; done < bytes.length;)
        done += fs.writeSync(this.#fd, bytes, done, bytes.length - done, this.#end + done)
    } catch (cause) {
      throw systemFailure(cause, `cannot write '${this.#file}'`, this.#file) ?? cause
    }
    this.#end += bytes.length
  }

  #index(packSha: Buffer): Buffer {
    const oids = [...this.#packed.keys()].sort()
    const packed = oids.map((oid) => this.#packed.get(oid)!)
    const fanout = Buffer.alloc(1024)
    const counts = new Uint32Array(256)
    for (const oid of oids) counts[Number.parseInt(oid.slice(0, 2), 16)]!++
    counts.reduce((sum, count, i) => (fanout.writeUInt32BE(sum + count, i * 4), sum + count), 0)
    const far = packed.filter(({ at }) => at >= offset31)
    const [crcs, near, wide] = [4, 4]
      .map((width) => Buffer.alloc(width * oids.length))
      .concat(Buffer.alloc(8 * far.length))
    let wides = 0
    for (const [i, { at, crc }] of packed.entries()) {
      crcs!.writeUInt32BE(crc, i * 4)
      near!.writeUInt32BE(at < offset31 ? at : offset31 + wides, i * 4)
      if (at >= offset31) wide!.writeBigUInt64BE(BigInt(at), 8 * wides++)
    }
    const parts = [
      Buffer.from('ff744f6300000002', 'hex'),
      fanout,
      Buffer.from(oids.join(''), 'hex'),
      crcs!,
      near!,
      wide!,
      packSha,
    ]
    const body = Buffer.concat(parts)
    return Buffer.concat([body, createHash('sha1').update(body).digest()])
  }
}

/** Three bits of type and four of size, then seven of size a byte. */
function entryHead(type: GitType, size: number): Buffer {
  const bytes: number[] = []
  let rest = Math.floor(size / 16)
  bytes.push((typeNumbers[type] << 4) | (size % 16) | (rest > 0 ? 0x80 : 0))
  while (rest > 0) {
    const next = Math.floor(rest / 128)
    bytes.push((rest % 128) | (next > 0 ? 0x80 : 0))
    rest = next
  }
  return Buffer.from(bytes)
}

function flushDir(dir: string): void {
  if (process.platform === 'win32') return
  const fd = fs.openSync(dir, 'r')
  fs.fsyncSync(fd)
  fs.closeSync(fd)
}
