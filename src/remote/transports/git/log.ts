// The manifest log of a store on a Git host. The newest manifest is the highest number in the tree that the host's ref
// names. Appending one is a commit and a push of that ref: packs, segment and manifest arrive together or not at all,
// and of two that push at once the host takes one. What the tree holds follows from the manifest: its segments, their
// packs, and the last few manifests; whatever else lay there is left out.
import fs from 'node:fs'
import path from 'node:path'
import { VarveError, corrupt } from '../../../base/errors.ts'
import { readWhole, remove, rename } from '../../../store/disk/files.ts'
import { checkFormat, manifestName, packPath, segmentPath } from '../../../store/disk/layout.ts'
import type { Log, LoggedEntry } from '../../../store/disk/log.ts'
import { decodeLogEntry, fileDigest, manifestBytesMax } from '../../../store/manifest-file.ts'
import { Segment } from '../../../store/segment.ts'
import type { GitHost } from './host.ts'
import type { ImportedFile } from './import-stream.ts'
import type { Blob, Listing } from './listing.ts'

/** Manifests in the tree: nobody undoes an operation of a host, so few are enough. */
export const manifestsKeptMax = 50

export class GitLog implements Log {
  readonly #host: GitHost
  /** Files of all trees seen in this run: a name's bytes never change, but for manifests, which are dropped first. */
  readonly #known = new Map<string, readonly Blob[]>()
  readonly #packsOf = new Map<string, readonly string[]>()
  #listing: Listing = new Map()
  #formatId = ''
  #commit: string | null = null
  #newest: LoggedEntry | null = null
  #turn: Promise<unknown> = Promise.resolve()
  /** The next commit stands alone, without those before it. */
  squash = false

  constructor(host: GitHost) {
    this.#host = host
  }

  /** Of all files that the host's newest tree has. */
  get bytes(): number {
    let sum = 0
    for (const blobs of this.#listing.values()) for (const blob of blobs) sum += blob.bytes
    return sum
  }

  /** The host's newest state, read anew. False when it has none. */
  async refresh(): Promise<boolean> {
    return this.#inTurn(() => this.#refresh())
  }

  /** A store that nobody has but us: the first append creates it on the host. */
  begin(): void {
    this.#newest = this.#decoded(1)
  }

  newest(): LoggedEntry {
    if (this.#newest === null) throw corrupt('the store has no manifest')
    return this.#newest
  }

  read(sequence: number): LoggedEntry | null {
    const file = path.join(this.#host.storeDir, manifestName(sequence))
    if (!fs.existsSync(file) && !this.bring(file)) return null
    return this.#decoded(sequence)
  }

  sequences(): number[] {
    if (this.#commit === null) return [1]
    const names = [...this.#listing.keys()].filter((name) => name.startsWith('m/'))
    return names.map((name) => Number(name.slice(2))).sort((a, b) => a - b)
  }

  async append(sequence: number, bytes: Uint8Array): Promise<boolean> {
    return this.#inTurn(async () => {
      // Another update of this very process was faster.
      if (this.newest().manifest.sequence >= sequence) return false
      const entry = decodeLogEntry(bytes, manifestName(sequence))
      const { name, message } = entry.manifest.operation
      const files = this.#filesOf(sequence, bytes, entry)
      const commit = await this.#host.commit(
        files,
        this.squash ? null : this.#commit,
        `${name} ${message}`.trim(),
      )
      if (await this.#host.push(commit, this.#commit)) await this.#learn(commit)
      else if (!(await this.#refresh())) throw gone(this.#host.url.shown)
      else return false
      return true
    })
  }

  async sync(): Promise<void> {
    // The push has been acknowledged: the host has it.
  }

  /** Lays a file of the store here, by its path; false when no tree that was seen has it, or it is here. */
  bring(file: string): boolean {
    const { storeDir } = this.#host
    const name = path.relative(storeDir, file).replaceAll('\\', '/')
    const blobs = this.#known.get(name)
    if (blobs === undefined || fs.existsSync(file)) return false
    const temporary = `${storeDir}/tmp/${name.replaceAll('/', '-')}`
    fs.mkdirSync(path.dirname(file), { recursive: true })
    try {
      this.#host.writeOut(blobs, temporary)
      rename(temporary, file)
    } catch (error) {
      remove(temporary)
      this.#host.forget()
      throw error
    }
    return true
  }

  /** All segments of the newest manifest: whoever looks an object up needs them at once. */
  bringIndex(): void {
    for (const { name } of this.newest().segments)
      this.bring(path.join(this.#host.storeDir, segmentPath(name)))
  }

  bringAll(): void {
    for (const name of this.#listing.keys()) this.bring(path.join(this.#host.storeDir, name))
  }

  async #refresh(): Promise<boolean> {
    const tip = await this.#host.tip()
    if (tip === null) {
      if (this.#commit !== null) throw gone(this.#host.url.shown)
      return false
    }
    if (tip !== this.#commit) await this.#learn(tip)
    return true
  }

  async #learn(tip: string): Promise<void> {
    let commit = tip === this.#host.cached ? tip : await this.#host.fetch()
    let listing = await this.#host.list(commit)
    if (listing === null) {
      // The cache was lost in part: all of it is fetched again.
      this.#host.forget()
      commit = await this.#host.fetch()
      listing = await this.#host.list(commit)
    }
    if (listing === null) throw corrupt(`the data at '${this.#host.url.shown}' cannot be read`, { commit })
    for (const sequence of this.sequences()) remove(path.join(this.#host.storeDir, manifestName(sequence)))
    for (const [name, blobs] of listing) this.#known.set(name, blobs)
    this.#checkFormat(listing)
    this.#listing = listing
    this.#commit = commit
    const sequence = this.sequences().at(-1)
    if (sequence === undefined) throw corrupt('the store has no manifest')
    this.#newest = this.read(sequence)
    this.bringIndex()
  }

  /** Whoever pushed last may have been a newer program. */
  #checkFormat(listing: Listing): void {
    const id = listing.get('format')![0]!.id
    if (id === this.#formatId) return
    const file = path.join(this.#host.storeDir, 'format')
    remove(file)
    this.bring(file)
    checkFormat(this.#host.storeDir)
    this.#formatId = id
  }

  #decoded(sequence: number): LoggedEntry {
    const name = manifestName(sequence)
    const bytes = readWhole(path.join(this.#host.storeDir, name), manifestBytesMax)
    const entry = decodeLogEntry(bytes, name)
    if (entry.manifest.sequence !== sequence) throw corrupt(`'${name}' is another manifest's`)
    return { ...entry, digest: fileDigest(bytes) }
  }

  /** The tree of a commit: what a reader of this manifest needs, and no more. */
  #filesOf(sequence: number, bytes: Uint8Array, entry: ReturnType<typeof decodeLogEntry>): ImportedFile[] {
    const first = Math.max(entry.oldest, sequence - manifestsKeptMax + 1)
    const older = this.sequences().filter((one) => one >= first)
    const names = new Set(['format', ...older.map((one) => manifestName(one))])
    for (const { name } of entry.segments) {
      names.add(segmentPath(name))
      for (const pack of this.#packs(name)) names.add(packPath(pack))
    }
    const files = [...names].map((name): ImportedFile => {
      const blobs = this.#listing.get(name)
      return blobs === undefined ? { name, file: path.join(this.#host.storeDir, name) } : { name, blobs }
    })
    return [...files, { name: manifestName(sequence), bytes }]
  }

  #packs(segment: string): readonly string[] {
    const known = this.#packsOf.get(segment)
    if (known !== undefined) return known
    const bytes = readWhole(path.join(this.#host.storeDir, segmentPath(segment)), 2 ** 31 - 1)
    const packs = new Segment(bytes, segment).packs.map(({ name }) => name)
    this.#packsOf.set(segment, packs)
    return packs
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}

function gone(shown: string): VarveError {
  return new VarveError('VARVE_UNREACHABLE', `the data at '${shown}' is gone`, {
    data: { url: shown },
    hint: 'push again: that makes it anew',
  })
}
