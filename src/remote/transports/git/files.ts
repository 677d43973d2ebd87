// The files of a store on a Git host, as copies in a run's private folder: laid there when somebody wants to read them,
// small ones together. A name's bytes never change, but for manifests and 'format', which are laid anew with each tree.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { remove, rename } from '../../../store/disk/files.ts'
import { checkFormat, formatBytes } from '../../../store/disk/layout.ts'
import { type GitHost, togetherBytesMax } from './host.ts'
import type { Blob, Listing } from './listing.ts'

/** Files up to this size are read from Git together, some megabytes at once. */
const smallBytesMax = 1 << 20

export class GitFiles {
  readonly #host: GitHost
  /** Files of all trees seen in this run. */
  readonly #known = new Map<string, readonly Blob[]>()
  #listing: Listing = new Map()
  #formatId = ''

  constructor(host: GitHost) {
    this.#host = host
  }

  /** What the newest tree lists. */
  get listing(): Listing {
    return this.#listing
  }

  /** The length of all files in it. */
  get bytes(): number {
    let sum = 0
    for (const blobs of this.#listing.values()) for (const blob of blobs) sum += blob.bytes
    return sum
  }

  pathOf(name: string): string {
    return path.join(this.#host.storeDir, name)
  }

  /** Makes this the newest tree. @throws VarveError VARVE_UNSUPPORTED_FORMAT, VARVE_CORRUPT */
  show(listing: Listing): void {
    for (const [name, blobs] of listing) this.#known.set(name, blobs)
    this.#checkFormat(listing)
    for (const name of fs.readdirSync(this.pathOf('m'))) remove(this.pathOf(`m/${name}`))
    this.#listing = listing
  }

  /** Lays a file of the store here, by its path; false when no tree that was seen has it, or it is here. */
  bring(file: string): boolean {
    const { storeDir } = this.#host
    const name = path.relative(storeDir, file).replaceAll('\\', '/')
    const blobs = this.#known.get(name)
    if (blobs === undefined || fs.existsSync(file)) return false
    this.lay(name, (temporary) => this.#host.writeOut(blobs, temporary))
    return true
  }

  bringAll(): void {
    this.bringMany([...this.#listing.keys()])
  }

  /** Fetches files, small ones in one go. */
  bringMany(names: readonly string[]): void {
    const lacking = names.filter((name) => this.#known.has(name) && !fs.existsSync(this.pathOf(name)))
    const small: string[] = []
    let bytes = 0
    for (const name of lacking) {
      const blobs = this.#known.get(name) ?? []
      if (blobs.length !== 1 || blobs[0]!.bytes > smallBytesMax || bytes > togetherBytesMax) continue
      small.push(name)
      bytes += blobs[0]!.bytes
    }
    const contents = this.#reading(() => this.#host.readMany(small.map((name) => this.#known.get(name)![0]!)))
    small.forEach((name, i) => this.lay(name, (temporary) => fs.writeFileSync(temporary, contents[i]!)))
    for (const name of lacking) this.bring(this.pathOf(name))
  }

  /** Puts a file under its name, after `write` has written all of it. */
  lay(name: string, write: (temporary: string) => void): void {
    const { storeDir } = this.#host
    const file = path.join(storeDir, name)
    const temporary = `${storeDir}/tmp/${name.replaceAll('/', '-')}`
    fs.mkdirSync(path.dirname(file), { recursive: true })
    try {
      this.#reading(() => write(temporary))
      rename(temporary, file)
    } catch (error) {
      remove(temporary)
      throw error
    }
  }

  /** Runs `work` on the cache. When a copy cannot be read, the cache is not used again. */
  #reading<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      this.#host.forget()
      throw error
    }
  }

  /** Checks the format, because whoever pushed last may use a newer program. */
  #checkFormat(listing: Listing): void {
    const { id, bytes } = listing.get('format')![0]!
    if (id === this.#formatId) return
    const [file, ours] = [this.pathOf('format'), formatBytes()]
    remove(file)
    // The one that is known by heart need not be read.
    if (bytes === ours.length && id === blobId(ours))
      this.lay('format', (temporary) => fs.writeFileSync(temporary, ours))
    else this.bring(file)
    checkFormat(this.#host.storeDir)
    this.#formatId = id
  }
}

/** The name that Git gives these bytes. */
function blobId(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
}
