// The quarantine: packs that clients have sent and nothing refers to yet, a folder for each token and repository, so that
// nobody meets another's. A pack comes in pieces at the offset where it stopped before; nothing in it is believed until a
// push takes it in (push-route.ts). What nothing came of is removed after a day.
import fs from 'node:fs'
import path from 'node:path'
import { ioError, isMissing, writeAll } from '../store/disk/files.ts'
import { HttpError } from './answers.ts'
import type { Limits, Principal } from './interface.ts'
import { privateDir } from './state-files.ts'

export interface UploadPlace {
  readonly repository: string
  readonly principal: Principal
}

export class Uploads {
  readonly #dir: string
  readonly #limits: Limits
  readonly #writing = new Set<string>()
  /** Bytes that lie here, by token. */
  readonly #bytes = new Map<string, number>()

  constructor(stateDir: string, limits: Limits) {
    this.#dir = privateDir(path.join(stateDir, 'uploads'))
    this.#limits = limits
    for (const file of this.#files()) this.#account(ownerOf(file), fs.statSync(file).size)
  }

  /** How much of the pack is here. */
  size(place: UploadPlace, pack: string): number {
    return fs.statSync(this.file(place, pack), { throwIfNoEntry: false })?.size ?? 0
  }

  file({ repository, principal }: UploadPlace, pack: string): string {
    return path.join(this.#dir, principal.id, repository, `${pack}.pack`)
  }

  /** Adds what `body` holds at `offset`, which must be where the pack ends so far; returns the new end. */
  async write(
    place: UploadPlace,
    pack: string,
    offset: number,
    body: AsyncIterable<Uint8Array>,
  ): Promise<number> {
    const file = this.file(place, pack)
    if (this.#writing.has(file))
      throw conflict('another request is sending this pack', this.size(place, pack))
    this.#writing.add(file)
    try {
      makePrivate(this.#dir, path.dirname(file))
      const size = this.size(place, pack)
      if (size !== offset) throw conflict('the pack goes on at another offset', size)
      return await this.#append(file, offset, this.#counted(place.principal.id, offset, body))
    } finally {
      this.#writing.delete(file)
    }
  }

  /** What arrives before a connection is cut stays: the client goes on from there. */
  async #append(file: string, offset: number, parts: AsyncIterable<Uint8Array>): Promise<number> {
    let fd: number
    try {
      fd = fs.openSync(file, offset === 0 ? 'w' : 'r+', 0o600)
    } catch (cause) {
      throw ioError(cause, file)
    }
    let at = offset
    try {
      for await (const part of parts) {
        await writeAll(fd, part, at, file)
        at += part.length
        this.#account(ownerOf(file), part.length)
      }
      return at
    } finally {
      // Half a part may be there after a failure: the next piece begins where all that came before was whole.
      fs.ftruncateSync(fd, at)
      fs.closeSync(fd)
    }
  }

  async *#counted(
    owner: string,
    offset: number,
    body: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array> {
    let [piece, pack] = [0, offset]
    const { pieceBytesMax, packBytesMax, uploadBytesMax } = this.#limits
    for await (const part of body) {
      piece += part.length
      pack += part.length
      if (piece > pieceBytesMax) throw tooLarge(`a piece has at most ${pieceBytesMax} bytes`)
      if (pack > packBytesMax) throw tooLarge(`a pack has at most ${packBytesMax} bytes`)
      if ((this.#bytes.get(owner) ?? 0) + part.length > uploadBytesMax)
        throw tooLarge(`at most ${uploadBytesMax} bytes wait for a push`)
      yield part
    }
  }

  remove(place: UploadPlace, packs: readonly string[]): void {
    for (const pack of packs) this.#remove(this.file(place, pack))
  }

  /** Removes what has not grown for too long. */
  sweep(nowMs: number): void {
    for (const file of this.#files()) {
      const stat = fs.statSync(file, { throwIfNoEntry: false })
      const isOld = stat !== undefined && nowMs - stat.mtimeMs > this.#limits.uploadMsMax
      if (isOld && !this.#writing.has(file)) this.#remove(file)
    }
  }

  #remove(file: string): void {
    try {
      const { size } = fs.statSync(file)
      fs.unlinkSync(file)
      this.#account(ownerOf(file), -size)
    } catch (cause) {
      if (!isMissing(cause)) throw ioError(cause, file)
    }
  }

  #account(owner: string, bytes: number): void {
    this.#bytes.set(owner, Math.max(0, (this.#bytes.get(owner) ?? 0) + bytes))
  }

  #files(): string[] {
    const names = fs.readdirSync(this.#dir, { recursive: true, encoding: 'utf8' })
    return names.filter((name) => name.endsWith('.pack')).map((name) => path.join(this.#dir, name))
  }
}

/** …/uploads/<token>/<repository>/<pack>.pack */
function ownerOf(file: string): string {
  return path.basename(path.dirname(path.dirname(file)))
}

function makePrivate(root: string, dir: string): void {
  if (fs.existsSync(dir)) return
  privateDir(root)
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 })
}

function conflict(message: string, size: number): HttpError {
  return new HttpError(409, 'VARVE_NOT_POSSIBLE', message, { 'upload-offset': String(size) })
}

function tooLarge(message: string): HttpError {
  return new HttpError(413, 'VARVE_REFUSED', message)
}
