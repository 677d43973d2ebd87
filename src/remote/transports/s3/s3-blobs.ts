// An S3-compatible store as files under names: what a remote needs, said in S3's requests. Before the first write it is
// certain that the store keeps conditional writes, or that the user vouched for being the only writer; where nobody has
// asked the store yet, it is asked then.
import { equalBytes } from '../../../base/bytes.ts'
import { manifestName } from '../../../store/disk/layout.ts'
import type {
  ManifestFile,
  ReadBlobOptions,
  ReadRangeOptions,
  UploadOptions,
  WritableBlobs,
} from '../blobs/interface.ts'
import type { Conditional, ProbeFinding } from '../../interface.ts'
import type { S3Client } from '../../../http/s3/client.ts'
import { createExclusively } from '../../../http/s3/create.ts'
import { download } from '../../../http/s3/download.ts'
import { type ListedBlob, listPage } from '../../../http/s3/listing.ts'
import { NewestManifest } from './newest.ts'
import { removeKey } from '../../../http/s3/race-probe.ts'
import { probe } from './probe.ts'
import { readOnly, unsafe } from '../../../http/s3/refusals.ts'
import { abortStaleUploads } from './stale-uploads.ts'
import { partBytesDefault, sizeOf, upload } from './upload.ts'

const removalsAtOnce = 8

export interface S3BlobsOptions {
  /** Absent: not known yet. */
  readonly conditional?: Conditional | undefined
  readonly partBytes?: number
}

export class S3Blobs implements WritableBlobs {
  readonly location: string
  readonly #client: S3Client
  readonly #newest: NewestManifest
  readonly #partBytes: number
  #conditional: Conditional | undefined
  #asking: Promise<void> | null = null
  #confirming: Promise<void> | null = null
  /** The newest manifest that is known. */
  #seen: ManifestFile | null = null

  constructor(client: S3Client, options: S3BlobsOptions = {}) {
    this.location = client.location
    this.#client = client
    this.#newest = new NewestManifest(client)
    this.#conditional = options.conditional
    this.#partBytes = options.partBytes ?? partBytesDefault
  }

  get manyWriters(): boolean {
    return this.#conditional !== 'no' && this.#conditional !== 'single-writer'
  }

  async read(name: string, bytesMax: number, options: ReadBlobOptions = {}): Promise<Uint8Array | null> {
    const stretch = { offset: 0, length: null, bytesMax }
    return (await download(this.#client, this.#key(name), stretch, options.signal))?.bytes ?? null
  }

  async readRange(
    name: string,
    offset: number,
    length: number,
    options: ReadRangeOptions = {},
  ): Promise<Uint8Array | null> {
    // There is no range of nothing; the size tells whether it lies within the file.
    if (length === 0) {
      const size = await sizeOf(this.#client, this.#key(name), options.signal)
      return size === null ? null : new Uint8Array(0)
    }
    const stretch = { offset, length, bytesMax: length, into: options.into }
    return (await download(this.#client, this.#key(name), stretch, options.signal))?.bytes ?? null
  }

  async newest(known: ManifestFile | null, options: ReadBlobOptions = {}): Promise<ManifestFile | null> {
    const found = await this.#newest.find(known, options.signal)
    this.#seen = found ?? known
    return found
  }

  async create(name: string, bytes: Uint8Array, options: ReadBlobOptions = {}): Promise<boolean> {
    await this.#mayWrite(options.signal)
    if (name.startsWith('m/')) await (this.#confirming ??= this.#confirm(options.signal))
    const key = this.#key(name)
    const won =
      this.#conditional === 'single-writer'
        ? await this.#createAlone(key, bytes, options.signal)
        : await createExclusively(this.#client, key, bytes, options.signal)
    this.#newest.noteTaken(name)
    return won
  }

  async upload(name: string, file: string, options: UploadOptions = {}): Promise<void> {
    await this.#mayWrite(options.signal)
    // Asked meanwhile, so that it costs no time; whoever moves a ref hears the answer.
    this.#confirming ??= this.#confirm(options.signal)
    this.#confirming.catch(() => undefined)
    await upload(this.#client, this.#key(name), file, { partBytes: this.#partBytes }, options)
  }

  async *list(prefix: string, options: ReadBlobOptions = {}): AsyncIterable<ListedBlob> {
    for (let after: string | null = null; ;) {
      const page = await listPage(this.#client, prefix, after, options.signal)
      yield* page.blobs
      if (!page.hasMore) return
      after = page.blobs.at(-1)!.name
    }
  }

  async remove(names: readonly string[], options: ReadBlobOptions = {}): Promise<void> {
    await this.#mayWrite(options.signal)
    for (let start = 0; start < names.length; start += removalsAtOnce) {
      const some = names.slice(start, start + removalsAtOnce)
      await Promise.all(some.map((name) => removeKey(this.#client, this.#key(name), options.signal)))
    }
  }

  async removeUploads({ signal }: ReadBlobOptions = {}): Promise<number> {
    await this.#mayWrite(signal)
    return abortStaleUploads(this.#client, signal)
  }

  /** Tries out what the store does with conditions; leaves nothing behind. */
  probe(signal?: AbortSignal): Promise<ProbeFinding> {
    return probe(this.#client, signal)
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  #key(name: string): string {
    return this.#client.address.prefix + name
  }

  /** Nobody else writes, so looking and writing need not be one step; what was written is read again. */
  async #createAlone(key: string, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<boolean> {
    if ((await sizeOf(this.#client, key, signal)) !== null) return false
    await this.#client.send({ method: 'PUT', key, body: bytes, signal })
    const found = await download(
      this.#client,
      key,
      { offset: 0, length: null, bytesMax: Math.max(1 << 20, bytes.length) },
      signal,
    )
    return found !== null && equalBytes(found.bytes, bytes)
  }

  async #mayWrite(signal: AbortSignal | undefined): Promise<void> {
    if (this.#conditional === undefined) {
      await (this.#asking ??= this.#ask(signal))
    }
    if (this.#conditional === 'no') throw unsafe(this.location)
  }

  /**
   * The store was found to be sound once; since then somebody may have put another one, or a gateway, in its place. So
   * each push creates the newest manifest again, with the bytes that it has: a sound store refuses, and no other is harmed.
   */
  async #confirm(signal: AbortSignal | undefined): Promise<void> {
    const seen = this.#seen
    if (this.#conditional !== 'yes' || seen === null) return
    const key = this.#key(manifestName(seen.sequence))
    const again = (): Promise<boolean> => createExclusively(this.#client, key, seen.bytes, signal)
    // Twice: a gc may have removed it in this moment.
    if ((await again()) && (await again())) throw unsafe(this.location)
  }

  async #ask(signal: AbortSignal | undefined): Promise<void> {
    try {
      const finding = await probe(this.#client, signal)
      if (finding === 'read-only') throw readOnly(this.location)
      this.#conditional = finding === 'kept' ? 'yes' : 'no'
    } finally {
      this.#asking = null
    }
  }
}
