// The quarantine: packs that clients have sent and nothing refers to yet, a folder for each token and repository, so that
// nobody meets another's. A pack comes in pieces at the offset where it stopped before; nothing in it is believed until a
// push takes it in (routes/push-routes.ts). What nothing came of is removed after a day.
import fs from 'node:fs'
import path from 'node:path'
import { ioError, syncData, writeParts } from '../store/disk/files.ts'
import { VarveError } from '../base/errors.ts'
import type { PackSource } from '../store/disk/pack-scan.ts'
import { HttpError } from './answers.ts'
import { ReceivedPacks } from './received-packs.ts'
import type { Limits, Principal } from './interface.ts'
import { privateDir } from './state-files.ts'

/** Parts of an arriving body that are written in one go; a part has 64 KiB at most. */
const waitingPartsMax = 16

export interface UploadPlace {
  readonly repository: string
  readonly principal: Principal
}

export class Uploads {
  readonly #dir: string
  readonly #limits: Limits
  readonly #writing = new Set<string>()
  readonly #received = new ReceivedPacks()
  /** By file: the write of a piece that has come and is not on the disk yet. */
  readonly #flushing = new Map<string, Promise<void>>()
  /** Bytes that came and were neither taken in nor removed: by file, and by token. */
  readonly #sizes = new Map<string, number>()
  readonly #bytes = new Map<string, number>()

  constructor(stateDir: string, limits: Limits) {
    this.#dir = privateDir(path.join(stateDir, 'uploads'))
    this.#limits = limits
    for (const file of this.#files()) {
      // Another process of the same state may take a pack in at this moment.
      const stat = fs.statSync(file, { throwIfNoEntry: false })
      if (stat !== undefined) this.#account(file, stat.size)
    }
  }

  /** How many bytes of the pack are here. */
  size(place: UploadPlace, pack: string): number {
    return fs.statSync(this.file(place, pack), { throwIfNoEntry: false })?.size ?? 0
  }

  file({ repository, principal }: UploadPlace, pack: string): string {
    return path.join(this.#dir, principal.id, repository, `${pack}.pack`)
  }

  /**
   * Adds what `body` holds at `offset`, which must be where the pack ends so far; returns the new end. At `whole` bytes, if
   * the sender says how many there will be, the pack is complete.
   */
  async write(
    place: UploadPlace,
    pack: string,
    offset: number,
    body: AsyncIterable<Uint8Array>,
    whole: number | null = null,
  ): Promise<number> {
    const file = this.file(place, pack)
    if (this.#writing.has(file))
      throw conflict('another request is sending this pack', this.size(place, pack))
    if (this.#received.has(file)) throw conflict('the pack is here', this.size(place, pack))
    this.#writing.add(file)
    try {
      makePrivate(this.#dir, path.dirname(file))
      const size = this.size(place, pack)
      if (size !== offset) throw conflict('the pack goes on at another offset', size)
      const end = await this.#append(file, offset, this.#counted(place.principal.id, offset, body))
      if (end === whole) this.#received.add(file)
      return end
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
    let waiting: Uint8Array[] = []
    const write = async (): Promise<void> => {
      const [some, length] = [waiting, waiting.reduce((sum, part) => sum + part.length, 0)]
      waiting = []
      await writeParts(fd, some, at, file)
      at += length
      this.#account(file, length)
    }
    let writing: Promise<void> | null = null
    try {
      try {
        for await (const part of parts) {
          // What comes while a write is under way goes with the next.
          if (waiting.push(part) < waitingPartsMax) continue
          await writing
          writing = write()
          writing.catch(() => undefined)
        }
      } finally {
        await writing
        await write()
      }
      // The disk begins while the next piece is on its way: whoever takes the pack in need not wait for all of it.
      this.#flush(fd, file)
      return at
    } catch (error) {
      // Half a part may be there after a failure: the next piece begins where all that came before was whole.
      fs.ftruncateSync(fd, at)
      fs.closeSync(fd)
      throw error
    }
  }

  #flush(fd: number, file: string): void {
    const before = this.#flushing.get(file)
    const flush = async (): Promise<void> => {
      try {
        await syncData(fd, file)
        await before
      } catch (error) {
        // The system tells a failure once, and forgets the bytes: they must come again.
        this.#remove(file)
        throw error
      } finally {
        fs.closeSync(fd)
      }
    }
    const flushing = flush()
    this.#flushing.set(file, flushing)
    flushing
      .then(() => this.#flushing.get(file) === flushing && this.#flushing.delete(file))
      .catch(() => undefined)
  }

  /** Resolves when what came of these packs is on the disk. @throws VARVE_IO, VARVE_DISK_FULL: they are gone then */
  async flushed(place: UploadPlace, packs: readonly string[]): Promise<void> {
    for (const pack of packs) {
      const file = this.file(place, pack)
      try {
        await this.#flushing.get(file)
      } catch (error) {
        this.#flushing.delete(file)
        throw error
      }
    }
  }

  /** For a push that takes them in: nobody adds to them any more. @throws VARVE_CORRUPT, VARVE_OBJECT_MISSING */
  async take(place: UploadPlace, packs: readonly string[]): Promise<PackSource[]> {
    const sources: PackSource[] = []
    for (const pack of packs) {
      const file = this.file(place, pack)
      const size = this.size(place, pack)
      if (size === 0) throw lacking(pack)
      if (this.#writing.has(file)) throw conflict('a request is still sending this pack', size)
      if (!this.#received.has(file)) this.#received.add(file)
      sources.push({ name: pack, file, checked: await this.#received.take(file) })
    }
    return sources
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

  async close(): Promise<void> {
    await this.#received.close()
  }

  /** Removes uploads that have not grown for too long. */
  sweep(nowMs: number): void {
    for (const file of this.#files()) {
      const stat = fs.statSync(file, { throwIfNoEntry: false })
      const isOld = stat !== undefined && nowMs - stat.mtimeMs > this.#limits.uploadMsMax
      if (isOld && !this.#writing.has(file)) this.#remove(file)
    }
  }

  /** A push that took the pack in may have moved the file away. */
  #remove(file: string): void {
    try {
      fs.rmSync(file, { force: true })
    } catch (cause) {
      throw ioError(cause, file)
    }
    this.#account(file, -(this.#sizes.get(file) ?? 0))
    this.#sizes.delete(file)
    this.#received.forget(file)
  }

  #account(file: string, bytes: number): void {
    this.#sizes.set(file, (this.#sizes.get(file) ?? 0) + bytes)
    const owner = ownerOf(file)
    this.#bytes.set(owner, Math.max(0, (this.#bytes.get(owner) ?? 0) + bytes))
  }

  #files(): string[] {
    const names = fs.readdirSync(this.#dir, { recursive: true, encoding: 'utf8' })
    return names.filter((name) => name.endsWith('.pack')).map((name) => path.join(this.#dir, name))
  }
}

/** The token that a file belongs to: '…/uploads/<token>/<repository>/<pack>.pack'. */
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

function lacking(pack: string): VarveError {
  return new VarveError('VARVE_OBJECT_MISSING', `pack '${pack}' was not uploaded`, {
    data: { pack },
    hint: 'push again: what waits too long for a push is removed, and then sent anew',
  })
}

function tooLarge(message: string): HttpError {
  return new HttpError(413, 'VARVE_REFUSED', message)
}
