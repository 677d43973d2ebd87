// A bundle as a remote: a store that is read where it lies, and never changed. Clone, fetch and pull check what comes
// out of it like anything else that comes from outside; what it continues from must be at the receiver.
import fs from 'node:fs'
import { Lru } from '../../../base/lru.ts'
import { VarveError, isVarveError, throwIfAborted } from '../../../base/errors.ts'
import { type Cid, type CommitCid, codecOf, shortCid } from '../../../encoding/cid.ts'
import { cidDigest } from '../../../store/disk/digest.ts'
import { ioError, isMissing, openExisting, readRange } from '../../../store/disk/files.ts'
import { packPath, segmentPath } from '../../../store/disk/layout.ts'
import { type Place, type ReadContext, readObjects, readRecords } from '../../../store/disk/read.ts'
import type {
  FsckReport,
  GcReport,
  Manifest,
  ObjectWriter,
  ReadOptions,
  Store,
  StoreStats,
  StoredObject,
} from '../../../store/interface.ts'
import { statsOfIndex } from '../../../store/index-stats.ts'
import { Segment } from '../../../store/segment.ts'
import {
  type BundleHeader,
  damaged,
  decodeBundleHeader,
  isBundlePrelude,
  preludeBytes,
  readPrelude,
} from './header.ts'

const cacheBytes = 32 << 20

/** Whether a path names a file that begins like a bundle. */
export function isBundle(file: string): boolean {
  // Says no, and does not throw, where a path cannot be one.
  if (!fs.existsSync(file) || fs.statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return false
  return reading(file, (fd) => isBundlePrelude(readRange(fd, 0, 4, file)))
}

export class BundleStore implements Store {
  readonly location: string
  readonly header: BundleHeader
  readonly segment: Segment
  /** Length of the whole file. */
  readonly bytes: number
  /** Where each file of the header begins. */
  readonly starts: ReadonlyMap<string, number>
  readonly #context: ReadContext

  private constructor(file: string, header: BundleHeader, headerBytes: number, size: number) {
    this.location = file
    this.header = header
    this.bytes = size
    let at = size - header.files.reduce((sum, { bytes }) => sum + bytes, 0)
    if (at !== preludeBytes + headerBytes) throw damaged(`'${file}' changed while it was read`)
    this.starts = new Map(
      header.files.map(({ name, bytes }) => {
        at += bytes
        return [name, at - bytes]
      }),
    )
    this.segment = readSegment(file, header, this.starts)
    const cache = new Lru<Cid, Uint8Array>(cacheBytes)
    this.#context = { locate: (cid) => this.#locate(cid), cache, location: file }
  }

  /** @throws VarveError VARVE_PATH_NOT_FOUND, VARVE_CORRUPT, VARVE_UNSUPPORTED_FORMAT, VARVE_IO */
  static async open(file: string): Promise<BundleStore> {
    return reading(file, (fd) => {
      const { size } = fs.fstatSync(fd)
      const prelude = readRange(fd, 0, preludeBytes, file)
      const length = readPrelude(prelude, file)
      if (preludeBytes + length > size) throw damaged(`'${file}' is cut short`)
      const header = decodeBundleHeader(prelude, readRange(fd, preludeBytes, length, file), size, file)
      return new BundleStore(file, header, length, size)
    })
  }

  async get(cids: readonly Cid[], options: ReadOptions = {}): Promise<Uint8Array[]> {
    throwIfAborted(options.signal)
    return this.#read(() => readObjects(cids, this.#context))
  }

  async has(cids: readonly Cid[], options: ReadOptions = {}): Promise<boolean[]> {
    throwIfAborted(options.signal)
    return cids.map((cid) => this.#locate(cid) !== null)
  }

  async getStored(cids: readonly Cid[], options: ReadOptions = {}): Promise<StoredObject[]> {
    throwIfAborted(options.signal)
    const found = new Map<Cid, StoredObject>()
    this.#read(() => {
      for (const record of readRecords(cids, this.#context))
        if (!('raw' in record)) found.set(record.cid, record)
    })
    return cids.map((cid) => found.get(cid)!)
  }

  async manifest(): Promise<Manifest> {
    return {
      sequence: 1,
      timeMs: 0,
      head: this.header.head,
      refs: this.header.refs,
      config: new Map([['core.bare', 'true']]),
      operation: { name: 'bundle', message: '', author: '' },
      gcEpoch: 0,
    }
  }

  // oxlint-disable-next-line require-yield -- a bundle has no past
  async *manifests(): AsyncIterable<Manifest> {}

  writer(): ObjectWriter {
    throw this.#unchangeable()
  }

  async update(): Promise<Manifest> {
    throw this.#unchangeable()
  }

  async gc(): Promise<GcReport> {
    throw this.#unchangeable()
  }

  async fsck(): Promise<FsckReport> {
    const { checkBundle } = await import('./verify.ts')
    const { objects, bytes, problems } = await checkBundle(this)
    return { objects, bytes, problems }
  }

  async stats(): Promise<StoreStats> {
    return statsOfIndex([this.segment])
  }

  async close(): Promise<void> {
    // Files are open during reads only.
  }

  #locate(cid: Cid): Place | null {
    const entry = this.segment.find(cidDigest(cid), codecOf(cid))
    if (entry < 0) return null
    const { pack, offset, length, codec, depth } = this.segment.at(entry)
    if (offset + length > pack.bytes) throw damaged(`the index of '${this.location}' points behind a pack`)
    return {
      file: this.location,
      offset: this.starts.get(packPath(pack.name))! + offset,
      length,
      codec,
      depth,
    }
  }

  #read<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (this.header.needs.length === 0 || !isVarveError(error, 'VARVE_OBJECT_MISSING')) throw error
      throw missingPrerequisites(this.location, this.header.needs, error)
    }
  }

  #unchangeable(): VarveError {
    return new VarveError('VARVE_REFUSED', `'${this.location}' is a bundle: nothing can be pushed into it`, {
      data: { path: this.location },
      hint: "make a new one with 'varve bundle create'",
    })
  }
}

function readSegment(file: string, header: BundleHeader, starts: ReadonlyMap<string, number>): Segment {
  const [{ name, bytes }] = header.files as [BundleHeader['files'][number]]
  const segment = reading(
    file,
    (fd) => new Segment(readRange(fd, starts.get(name)!, bytes, file), name.slice(4, -4)),
  )
  const sizes = new Map(header.files.map((one) => [one.name, one.bytes]))
  const isWhole =
    name === segmentPath(segment.name) &&
    segment.packs.length === header.files.length - 1 &&
    segment.packs.every((pack) => sizes.get(packPath(pack.name)) === pack.bytes)
  if (!isWhole) throw damaged(`'${file}' has not the packs that its index names`)
  return segment
}

/** Also said when a prerequisite is here, but in no ref: then it is nothing to build on. */
function missingPrerequisites(file: string, needs: readonly CommitCid[], cause?: unknown): VarveError {
  const names = needs.map(shortCid).join(', ')
  return new VarveError(
    'VARVE_NOT_POSSIBLE',
    `'${file}' continues from commits that are not here: ${names}`,
    {
      data: { path: file, needs },
      cause,
      hint: 'fetch those first, from the remote or the bundle that has them',
    },
  )
}

function reading<T>(file: string, work: (fd: number) => T): T {
  let fd: number
  try {
    fd = openExisting(file)
  } catch (cause) {
    if (isMissing(cause))
      throw new VarveError('VARVE_PATH_NOT_FOUND', `no such file: '${file}'`, {
        data: { path: file },
        cause,
        hint: 'a path counts from the folder that you are in; look for the file there',
      })
    throw ioError(cause, file)
  }
  try {
    return work(fd)
  } finally {
    fs.closeSync(fd)
  }
}
