// Where one writer's records go: the open pack of each kind, those that are full and finished, and all work that is
// still on its way (jobs of threads, writes). The first failure sticks: nothing is published after it.
import { VarveError } from '../../base/errors.ts'
import type { Codec } from '../../encoding/cid.ts'
import type { PackKind } from '../interface.ts'
import { type Durability, PackFile, type PendingPack } from './pack-file.ts'

/**
 * `drained` waits until no more than this is in memory: eight batches, enough for a few threads. Each costs several times
 * its size, in buffers, in bases of deltas beside it and in what is on its way to a thread.
 */
const queuedBytesMax = 4 << 20

export class PackSink {
  readonly #dir: string
  readonly #durability: Durability
  readonly #open: Record<PackKind, PackFile | null> = { meta: null, data: null }
  readonly #tasks = new Set<Promise<void>>()
  #finished: PendingPack[] = []
  /** Packs taken whole, which get their names at the end: till then nothing has happened to them. */
  #adopted: PendingPack[] = []
  #queuedBytes = 0
  #failure: unknown = null

  constructor(dir: string, durability: Durability) {
    this.#dir = dir
    this.#durability = durability
  }

  /** Counts bytes that were taken in, and that are in memory until `unqueued`. */
  queued(bytes: number): void {
    this.#queuedBytes += bytes
  }

  unqueued(bytes: number): void {
    this.#queuedBytes -= bytes
  }

  /** Appends records; `landed` is called when they are in the file. */
  append(
    codec: Codec,
    records: readonly Uint8Array[],
    ends: ArrayLike<number>,
    landed: (pack: PendingPack, start: number) => void,
  ): { pack: PendingPack; start: number } {
    const pack = this.#packOf(codec)
    const start = pack.append(records, ends)
    this.track(pack.written().then(() => landed(pack, start)))
    return { pack, start }
  }

  adopt(pack: PendingPack): void {
    this.#adopted.push(pack)
  }

  /** Adds work that `settle` waits for. */
  track(work: Promise<void>): void {
    const task = work
      .catch((error: unknown) => void (this.#failure ??= error))
      .finally(() => this.#tasks.delete(task))
    this.#tasks.add(task)
  }

  async drained(): Promise<void> {
    while (this.#queuedBytes > queuedBytesMax && this.#failure === null && this.#tasks.size > 0) {
      await this.#oldest()
    }
    this.#throwFailure()
  }

  /** Resolves when all that was appended can be read from the files. */
  async written(): Promise<void> {
    for (const pack of [...this.#finished, this.#open.meta, this.#open.data]) await pack?.written()
  }

  /** Waits for all work, makes the open packs durable, and returns all that are finished and not forgotten. */
  async finish(): Promise<readonly PendingPack[]> {
    while (this.#tasks.size > 0) await this.#oldest()
    this.#throwFailure()
    for (const kind of ['meta', 'data'] as const) this.#close(kind)
    for (const pack of this.#adopted.splice(0)) this.#finish(pack)
    while (this.#tasks.size > 0) await this.#oldest()
    this.#throwFailure()
    return [...this.#finished]
  }

  /** Forgets finished packs, which now belong to somebody else. */
  forget(packs: ReadonlySet<PendingPack>): void {
    this.#finished = this.#finished.filter((pack) => !packs.has(pack))
  }

  /** Removes every file that is not published. */
  async abort(): Promise<void> {
    while (this.#tasks.size > 0) await this.#oldest()
    const packs = [...this.#finished, ...this.#adopted, this.#open.meta, this.#open.data]
    this.#finished = []
    this.#adopted = []
    this.#open.meta = null
    this.#open.data = null
    this.#queuedBytes = 0
    this.#failure = null
    for (const pack of packs) await pack?.abort()
  }

  /** From now on everything fails with this error, until `abort`. */
  fail(error: unknown): void {
    this.#failure = error
  }

  /** One task, not a race of all: that costs a reaction for each of them each time, so a square of their number. */
  async #oldest(): Promise<void> {
    for (const task of this.#tasks) return task
  }

  #packOf(codec: Codec): PackFile {
    const kind = codec === 'raw' ? 'data' : 'meta'
    if (this.#open[kind]?.isFull === true) this.#close(kind)
    return (this.#open[kind] ??= new PackFile(this.#dir, kind, this.#durability))
  }

  #close(kind: PackKind): void {
    const open = this.#open[kind]
    if (open === null) return
    this.#open[kind] = null
    this.#finish(open)
  }

  #finish(pack: PendingPack): void {
    this.#finished.push(pack)
    this.track(pack.finish().then(() => undefined))
  }

  #throwFailure(): void {
    if (this.#failure === null) return
    if (this.#failure instanceof VarveError) throw this.#failure
    const why = this.#failure instanceof Error ? `: ${this.#failure.message}` : ''
    throw new VarveError('VARVE_IO', `writing objects failed${why}`, {
      cause: this.#failure,
      hint: 'nothing was recorded; run the command again',
    })
  }
}
