// A pack that is being written: records go to a temporary file as they come, the digest is kept on the way, and
// `finish` makes it durable and gives it its name. Appending fixes a record's offset at once; the write follows, in one
// call with all that came meanwhile.
import fs from 'node:fs'
import path from 'node:path'
import { assert } from '../../base/assert.ts'
import { fromHex, toHex } from '../../base/bytes.ts'
import { type Sha256Stream, randomHex, sha256Stream } from '../../base/platform.ts'
import type { PackKind } from '../interface.ts'
import { packBytesFull, packEnd, packFooter, packHead } from '../pack.ts'
import type { PackRef } from '../segment.ts'
import { ioError, makeDir, openNew, remove, rename, syncDir, syncFile, writeParts } from './files.ts'
import { tmpPath } from './temporary-name.ts'
import { packPath } from './layout.ts'

/** Whether a finished pack is flushed: not where it is checked before it is used, as a spool is. */
export type Durability = 'flushed' | 'loose'

/** A pack that no manifest names yet. */
export interface PendingPack {
  /** Where the bytes are now: the temporary name until it is finished. */
  readonly file: string
  /** Set when it is finished. */
  readonly ref: PackRef | null
  /** Resolves when all that was appended is in the file. */
  written(): Promise<void>
  /** Durable, under its own name; the caller makes the name itself durable by syncing its directory. */
  finish(): Promise<PackRef>
  /** Removes the file, finished or not. */
  abort(): Promise<void>
}

export class PackFile implements PendingPack {
  readonly kind: PackKind
  file: string
  ref: PackRef | null = null
  readonly #dir: string
  readonly #durability: Durability
  readonly #fd: number
  readonly #offsets: number[] = []
  readonly #digest: Sha256Stream = sha256Stream()
  #size = 0
  /** What was appended since the last write began. */
  #waiting: Uint8Array[] = []
  #writtenBytes = 0
  #written: Promise<void> = Promise.resolve()
  #closed = false

  constructor(dir: string, kind: PackKind, durability: Durability) {
    this.#dir = dir
    this.#durability = durability
    this.kind = kind
    this.file = tmpPath(dir)
    this.#fd = openNew(this.file)
    this.#write(packHead(kind, fromHex(randomHex(8))))
  }

  get isFull(): boolean {
    return this.#size >= packBytesFull[this.kind]
  }

  /**
   * Takes records that lie back to back in these parts, `ends` being where each ends. The parts are kept until they are
   * written. Returns the first one's offset.
   */
  append(records: readonly Uint8Array[], ends: ArrayLike<number>): number {
    const start = this.#size
    this.#offsets.push(start)
    for (let i = 0; i < ends.length - 1; i++) this.#offsets.push(start + ends[i]!)
    for (const part of records) this.#write(part)
    return start
  }

  written(): Promise<void> {
    return this.#written
  }

  async finish(): Promise<PackRef> {
    this.#write(packFooter(this.#offsets, this.#size))
    const digest = this.#digest.digest()
    const end = packEnd(digest)
    const name = toHex(digest)
    await this.#written
    await writeParts(this.#fd, [end], this.#size, this.file)
    if (this.#durability === 'flushed') await syncFile(this.#fd, this.file)
    this.#close()
    this.file = await giveName(this.#dir, this.file, name)
    this.ref = { name, bytes: this.#size + end.length }
    return this.ref
  }

  async abort(): Promise<void> {
    await this.#written.catch(() => undefined)
    this.#close()
    remove(this.file)
  }

  #write(bytes: Uint8Array): void {
    assert(!this.#closed, 'a pack that is finished takes no more')
    this.#size += bytes.length
    this.#digest.update(bytes)
    // A write that has not begun yet takes these along.
    if (this.#waiting.push(bytes) > 1) return
    this.#written = this.#written.then(() => this.#writeWaiting())
    // Whoever awaits `written` or `finish` hears of a failure; it must not count as unhandled before.
    this.#written.catch(() => undefined)
  }

  async #writeWaiting(): Promise<void> {
    const parts = this.#waiting
    const position = this.#writtenBytes
    this.#waiting = []
    for (const part of parts) this.#writtenBytes += part.length
    await writeParts(this.#fd, parts, position, this.file)
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    try {
      fs.closeSync(this.#fd)
    } catch (cause) {
      throw ioError(cause, this.file)
    }
  }
}

/** In one go: whoever reads the pack meanwhile never meets the temporary name. Returns the new one. */
export async function giveName(dir: string, file: string, name: string): Promise<string> {
  const target = path.join(dir, packPath(name))
  await makeFanOut(path.dirname(target))
  rename(file, target)
  return target
}

async function makeFanOut(dir: string): Promise<void> {
  if (fs.existsSync(dir)) return
  makeDir(dir)
  await syncDir(path.dirname(dir))
}
