// The manifest log of a store on a Git host. The newest manifest is the highest number in the tree that the host's ref
// names. Appending one is a commit and a push of that ref: packs, segment and manifest arrive together or not at all,
// and of two that push at once the host takes one. What the tree holds follows from the manifest: its segments, their
// packs, and the last few manifests; whatever else lay there is left out.
import fs from 'node:fs'
import { VarveError, corrupt } from '../../../base/errors.ts'
import { readWhole } from '../../../store/disk/files.ts'
import { manifestName, packPath, segmentPath } from '../../../store/disk/layout.ts'
import type { Log, LoggedEntry } from '../../../store/disk/log.ts'
import { decodeLogEntry, fileDigest, manifestBytesMax } from '../../../store/manifest-file.ts'
import { Segment } from '../../../store/segment.ts'
import type { GitFiles } from './files.ts'
import type { GitHost } from './host.ts'
import type { ImportedFile } from './import-stream.ts'
import { type Listing, listingText, readListing } from './listing.ts'

/** Manifests in the tree: nobody undoes an operation of a host, so few are enough. */
const manifestsKeptMax = 50

export class GitLog implements Log {
  readonly #host: GitHost
  readonly #files: GitFiles
  readonly #packsOf = new Map<string, readonly string[]>()
  #commit: string | null = null
  #newest: LoggedEntry | null = null
  #turn: Promise<unknown> = Promise.resolve()
  /** The next commit stands alone, without those before it. */
  squash = false

  constructor(host: GitHost, files: GitFiles) {
    this.#host = host
    this.#files = files
  }

  /** Reads the host's newest state; returns false when it has none. */
  async refresh(): Promise<boolean> {
    return this.#inTurn(() => this.#refresh())
  }

  /** A store that nobody has but us: the first append creates it on the host. */
  begin(): void {
    this.#newest = this.#entry(1)
  }

  newest(): LoggedEntry {
    if (this.#newest === null) throw corrupt('the store has no manifest')
    return this.#newest
  }

  read(sequence: number): LoggedEntry | null {
    const file = this.#files.pathOf(manifestName(sequence))
    if (!fs.existsSync(file) && !this.#files.bring(file)) return null
    return this.#entry(sequence)
  }

  sequences(): number[] {
    return this.#commit === null ? [1] : sequencesOf(this.#files.listing)
  }

  async append(sequence: number, bytes: Uint8Array): Promise<boolean> {
    return this.#inTurn(async () => {
      // Another update of this very process was faster.
      if (this.newest().manifest.sequence >= sequence) return false
      const entry = decodeLogEntry(bytes, manifestName(sequence))
      const { name, message } = entry.manifest.operation
      const { commit, listing } = await this.#host.commit({
        files: this.#filesOf(sequence, bytes, entry),
        parent: this.squash ? null : this.#commit,
        message: `${name} ${message}`.trim(),
      })
      if (await this.#host.push(commit, this.#commit)) {
        this.#show(commit, listing, bytes)
        return true
      }
      if (!(await this.#refresh())) throw gone(this.#host.url.shown)
      this.bringIndex()
      return false
    })
  }

  async sync(): Promise<void> {
    // The push has been acknowledged: the host has it.
  }

  /** All segments of the newest manifest: whoever looks an object up needs them at once. */
  bringIndex(): void {
    this.#files.bringMany(this.newest().segments.map(({ name }) => segmentPath(name)))
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
    const { cached } = this.#host
    const before = cached === null ? new Map() : readListing(cached.listing)
    if (cached?.commit === tip) {
      this.#show(tip, before, Buffer.from(cached.manifest, 'base64'))
      return
    }
    const commit = await this.#host.fetch()
    const listing = await this.#host.list(commit)
    const newest = manifestName(sequencesOf(listing).at(-1) ?? 0)
    this.#files.show(listing)
    // What came is likely what is wanted.
    const fresh = [...listing.keys()].filter((name) => !before.has(name) && !name.startsWith('m/'))
    this.#files.bringMany([newest, ...fresh])
    this.#settle(commit, listing)
  }

  /** From now on this is the host's newest state, whose newest manifest is at hand. */
  #show(commit: string, listing: Listing, manifest: Uint8Array): void {
    this.#files.show(listing)
    this.#files.lay(manifestName(sequencesOf(listing).at(-1) ?? 0), (file) =>
      fs.writeFileSync(file, manifest),
    )
    this.#settle(commit, listing)
  }

  #settle(commit: string, listing: Listing): void {
    const sequence = sequencesOf(listing).at(-1)
    if (sequence === undefined) throw corrupt('the store has no manifest')
    this.#newest = this.#entry(sequence)
    this.#commit = commit
    if (this.#host.cached?.commit === commit) return
    const manifest = readWhole(this.#files.pathOf(manifestName(sequence)), manifestBytesMax)
    const base64 = Buffer.from(manifest).toString('base64')
    this.#host.remember({ commit, listing: listingText(listing), manifest: base64 })
  }

  #entry(sequence: number): LoggedEntry {
    const name = manifestName(sequence)
    const bytes = readWhole(this.#files.pathOf(name), manifestBytesMax)
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
      const blobs = this.#files.listing.get(name)
      return blobs === undefined ? { name, file: this.#files.pathOf(name) } : { name, blobs }
    })
    return [...files, { name: manifestName(sequence), bytes }]
  }

  #packs(segment: string): readonly string[] {
    const known = this.#packsOf.get(segment)
    if (known !== undefined) return known
    const bytes = readWhole(this.#files.pathOf(segmentPath(segment)), 2 ** 31 - 1)
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

function sequencesOf(listing: Listing): number[] {
  const names = [...listing.keys()].filter((name) => name.startsWith('m/'))
  return names.map((name) => Number(name.slice(2))).sort((a, b) => a - b)
}

function gone(shown: string): VarveError {
  return new VarveError('VARVE_UNREACHABLE', `the data at '${shown}' is gone`, {
    data: { url: shown },
    hint: 'push again: that makes it anew',
  })
}
