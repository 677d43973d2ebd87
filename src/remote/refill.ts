// Brings back objects that are lost, from wherever a whole copy is. It walks what the refs reach; each source in turn is
// asked for what is missing, all it gives is hashed, and what those objects link to is looked for as well. Everything
// that came becomes the store's at the end, with one manifest.
import { type VarveError, isVarveError, throwIfAborted } from '../base/errors.ts'
import { type Cid, cidOf, codecOf } from '../encoding/cid.ts'
import { linksOf } from '../encoding/links.ts'
import type { ObjectReader, ObjectWriter, ReadOptions, Store } from '../store/interface.ts'
import { ObjectQueue } from '../store/object-queue.ts'

const batchObjects = 512

/** Where whole copies may be. */
export interface RefillSource {
  /** For people. */
  readonly name: string
  /** Puts what it has of `missing`; returns how many objects that were. @throws VarveError */
  fill(missing: readonly Cid[], writer: ObjectWriter, options: ReadOptions): Promise<number>
  close?(): Promise<void>
}

export interface RefillOptions extends ReadOptions {
  /** Objects that may be missing, asked for once what is sure to be needed is there. */
  readonly absent?: (() => Promise<ReadonlySet<Cid>>) | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

export interface RefillResult {
  /** Objects, by the source's name. */
  readonly brought: ReadonlyMap<string, number>
  readonly missing: ReadonlySet<Cid>
  /** Sources that could not be used, and why. */
  readonly failed: readonly { readonly name: string; readonly error: VarveError }[]
}

export async function refill(
  store: Store,
  roots: Iterable<Cid>,
  sources: readonly RefillSource[],
  options: RefillOptions = {},
): Promise<RefillResult> {
  const writer = store.writer()
  const walk = new Walk(writer, roots, options)
  const brought = new Map<string, number>()
  const failed: { name: string; error: VarveError }[] = []
  try {
    await walk.go()
    const absent = walk.missing.size === 0 ? new Set<Cid>() : ((await options.absent?.()) ?? new Set<Cid>())
    for (const source of sources) {
      try {
        const count = await fillFrom(source, walk, absent, writer, options)
        if (count > 0) brought.set(source.name, count)
      } catch (error) {
        if (!isVarveError(error) || error.code === 'VARVE_ABORTED') throw error
        failed.push({ name: source.name, error })
      }
    }
    if (brought.size > 0) {
      const message = [...brought].map(([name, count]) => `${count} objects from ${name}`).join(', ')
      await store.update(() => ({ operation: { name: 'fsck', message: `repair: ${message}`, author: '' } }), {
        writer,
        signal: options.signal,
      })
    }
    return { brought, missing: new Set(walk.wanted(absent)), failed }
  } finally {
    await writer.abort()
  }
}

/** What a source gives may link to more that is missing: it is asked until it has nothing new. */
async function fillFrom(
  source: RefillSource,
  walk: Walk,
  absent: ReadonlySet<Cid>,
  writer: ObjectWriter,
  options: ReadOptions,
): Promise<number> {
  let count = 0
  for (;;) {
    throwIfAborted(options.signal)
    const wanted = walk.wanted(absent)
    if (wanted.length === 0) return count
    const got = await source.fill(wanted, writer, options)
    if (got === 0) return count
    count += got
    await walk.go()
  }
}

class Walk {
  readonly missing: Set<Cid> = new Set()
  readonly #writer: ObjectWriter
  readonly #options: RefillOptions
  readonly #queue: ObjectQueue

  constructor(writer: ObjectWriter, roots: Iterable<Cid>, options: RefillOptions) {
    this.#writer = writer
    this.#options = options
    this.#queue = new ObjectQueue(roots)
  }

  wanted(absent: ReadonlySet<Cid>): Cid[] {
    return [...this.missing].filter((cid) => !absent.has(cid))
  }

  /** Goes on below the objects that were missing and are there now. */
  async go(): Promise<void> {
    this.#queue.addAgain(this.missing)
    this.missing.clear()
    for (const batch of this.#queue.batches()) {
      throwIfAborted(this.#options.signal)
      const isHere = await this.#writer.has(batch)
      batch.forEach((cid, i) => isHere[i] || this.missing.add(cid))
      const nodes = batch.filter((cid, i) => isHere[i] && codecOf(cid) !== 'raw')
      const objects = await this.#writer.get(nodes, { signal: this.#options.signal })
      for (const [i, bytes] of objects.entries())
        for (const link of linksOf(nodes[i]!, bytes)) this.#queue.add(link)
      this.#options.onProgress?.(this.#queue.done, this.#queue.total)
    }
  }
}

/** Another store: a remote, a backup. It is opened when the first object is missing. */
export function storeSource(
  name: string,
  open: () => Promise<ObjectReader & { close(): Promise<void> }>,
): RefillSource {
  let opened: Promise<ObjectReader & { close(): Promise<void> }> | null = null
  return {
    name,
    fill: async (missing, writer, options) => {
      const reader = await (opened ??= open())
      let count = 0
      for (let at = 0; at < missing.length; at += batchObjects) {
        const batch = missing.slice(at, at + batchObjects)
        const has = await reader.has(batch, options)
        count += await take(
          reader,
          batch.filter((_, i) => has[i]),
          writer,
          options,
        )
        await writer.drained()
      }
      return count
    },
    close: async () => {
      const reader = await opened?.catch(() => null)
      await reader?.close()
    },
  }
}

/** One object that the source has damaged spoils a batched read; then they are read one by one. */
async function take(
  reader: ObjectReader,
  cids: readonly Cid[],
  writer: ObjectWriter,
  options: ReadOptions,
): Promise<number> {
  if (cids.length === 0) return 0
  try {
    return putRight(cids, await reader.get(cids, options), writer)
  } catch (error) {
    if (!isDamage(error)) throw error
    if (cids.length === 1) return 0
    const half = cids.length >> 1
    return (
      (await take(reader, cids.slice(0, half), writer, options)) +
      (await take(reader, cids.slice(half), writer, options))
    )
  }
}

function putRight(cids: readonly Cid[], objects: readonly Uint8Array[], writer: ObjectWriter): number {
  let count = 0
  objects.forEach((bytes, i) => {
    if (cidOf(codecOf(cids[i]!), bytes) !== cids[i]) return
    writer.put(codecOf(cids[i]!), bytes)
    count++
  })
  return count
}

function isDamage(error: unknown): boolean {
  return isVarveError(error, 'VARVE_CORRUPT') || isVarveError(error, 'VARVE_OBJECT_MISSING')
}
