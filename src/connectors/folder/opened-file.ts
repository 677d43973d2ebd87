// One state of a file of the folder. It is opened once, was not changed for a moment before, and has the same size and
// times after each reading as before: a file that somebody is still writing waits, so half a file is never read.
import { type BigIntStats, closeSync, fstatSync, read as readNow, readSync } from 'node:fs'
import { promisify } from 'node:util'
import { throwIfAborted } from '../../base/errors.ts'
import { pause } from '../../base/pause.ts'
import { toHex } from '../../base/bytes.ts'
import { sha256Hex, sha256Stream } from '../../base/platform.ts'
import type { OpenedFile } from '../files/interface.ts'
import { fileWaits } from '../files/waiting.ts'
import { isReliableVersion, openFile, versionOf, fileIdentity } from './native.ts'

const readPart = promisify(readNow)

const partBytes = 1 << 20
const looksMax = 4
const smallBytesMax = 64 << 10

export class OpenedFolderFile implements OpenedFile {
  readonly path: string
  readonly stat: BigIntStats
  readonly version: string
  readonly isProof: boolean
  readonly #fd: number
  #isOpen = true
  #digest: string | null = null

  private constructor(path: string, opened: { fd: number; stat: BigIntStats; isProof: boolean }) {
    this.path = path
    this.stat = opened.stat
    this.version = versionOf(opened.stat)
    this.isProof = opened.isProof
    this.#fd = opened.fd
  }

  /**
   * `settleMs`: for how long it has to have been left alone, unless it still is what we have written ourselves.
   * @throws VarveError with `waits`
   */
  static async open(place: string, path: string, settleMs: number, own?: string): Promise<OpenedFolderFile> {
    const nowMs = Date.now()
    const { fd, stat: first } = await openFile(place, path)
    let stat = first
    try {
      for (let looks = 0; ; looks++) {
        const ageMs = Date.now() - Number(stat.mtimeNs / 1_000_000n)
        // A clock that is far behind the file's tells nothing.
        if (ageMs >= settleMs || ageMs < -settleMs || fileIdentity(stat) === own) break
        if (looks === looksMax) throw fileWaits(path, 'is being written')
        await pause(settleMs - ageMs, undefined)
        stat = fstatSync(fd, { bigint: true })
      }
      const isProof = isReliableVersion(stat, nowMs)
      return new OpenedFolderFile(path, { fd, stat, isProof })
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  get writtenNs(): bigint {
    return this.stat.mtimeNs
  }

  get bytesLength(): number {
    return Number(this.stat.size)
  }

  isEmpty(): Promise<boolean> {
    return Promise.resolve(this.bytesLength === 0)
  }

  async *bytes(signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    if (this.bytesLength <= smallBytesMax) {
      throwIfAborted(signal)
      const bytes = this.#smallBytes()
      if (bytes.length > 0) yield bytes
      return
    }
    const hash = sha256Stream()
    const buffer = new Uint8Array(Math.min(partBytes, this.bytesLength + 1))
    let at = 0
    for (;;) {
      throwIfAborted(signal)
      // One byte more than is expected shows the end, and what was appended.
      const part = buffer.subarray(0, Math.max(0, this.bytesLength - at) + 1)
      const { bytesRead } = await readPart(this.#descriptor(), part, 0, part.length, at)
      if (bytesRead === 0) break
      at += bytesRead
      const read = part.subarray(0, bytesRead)
      hash.update(read)
      yield read
      if (at > this.bytesLength) break
    }
    if (
      at !== this.bytesLength ||
      versionOf(fstatSync(this.#descriptor(), { bigint: true })) !== this.version
    )
      throw fileWaits(this.path, 'is being written')
    this.#digest = toHex(hash.digest())
  }

  /** Of tens of thousands of small files, waiting for each of their reads would take most of the time. */
  #smallBytes(): Uint8Array {
    const fd = this.#descriptor()
    const buffer = new Uint8Array(this.bytesLength + 1)
    let at = 0
    for (let read = -1; read !== 0 && at < buffer.length; at += read)
      read = readSync(fd, buffer, at, buffer.length - at, at)
    if (at !== this.bytesLength || versionOf(fstatSync(fd, { bigint: true })) !== this.version)
      throw fileWaits(this.path, 'is being written')
    const bytes = buffer.subarray(0, at)
    this.#digest = sha256Hex(bytes)
    return bytes
  }

  async digest(): Promise<string> {
    if (this.#digest === null) for await (const _ of this.bytes());
    return this.#digest!
  }

  /** The number of a file that was closed may be another one's. */
  #descriptor(): number {
    if (!this.#isOpen) throw new TypeError(`'${this.path}' was closed`)
    return this.#fd
  }

  /** Once, for the same reason. */
  close(): Promise<void> {
    if (this.#isOpen) closeSync(this.#fd)
    this.#isOpen = false
    return Promise.resolve()
  }
}
