// Where one writer's records go: the open pack of each kind, those that are full and finished, and all work that is
// still on its way (jobs of threads, writes). The first failure sticks: nothing is published after it.
import { VarveError } from '../../base/errors.ts'
import type { Codec } from '../../encoding/cid.ts'
import type { PackKind } from '../pack.ts'
import { type Durability, PackFile } from './pack-file.ts'

/** `drained` waits until no more than this is in memory. */
const queuedBytesMax = 16 << 20

export class PackSink {
  readonly #dir: string
  readonly #durability: Durability
  readonly #open: Record<PackKind, PackFile | null> = { meta: null, data: null }
  readonly #tasks = new Set<Promise<void>>()
  #finished: PackFile[] = []
  #queuedBytes = 0
  #failure: unknown = null

  constructor(dir: string, durability: Durability) {
    this.#dir = dir
    this.#durability = durability
  }

  /** Bytes that were taken in and are in memory until `unqueued`. */
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
    landed: (pack: PackFile, start: number) => void,
  ): { pack: PackFile; start: number } {
    const pack = this.#packOf(codec)
    const start = pack.append(records, ends)
    this.track(pack.written().then(() => landed(pack, start)))
    return { pack, start }
  }

  /** Work that `settle` waits for. */
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

  /** What was appended can be read from the files. */
  async written(): Promise<void> {
    for (const pack of [...this.#finished, this.#open.meta, this.#open.data]) await pack?.written()
  }

  /** Waits for all work, makes the open packs durable, and returns all that are finished and not forgotten. */
  async finish(): Promise<readonly PackFile[]> {
    while (this.#tasks.size > 0) await this.#oldest()
    this.#throwFailure()
    for (const kind of ['meta', 'data'] as const) this.#close(kind)
    while (this.#tasks.size > 0) await this.#oldest()
    this.#throwFailure()
    return [...this.#finished]
  }

  /** The finished packs are somebody else's now. */
  forget(packs: ReadonlySet<PackFile>): void {
    this.#finished = this.#finished.filter((pack) => !packs.has(pack))
  }

  /** Removes every file that is not published. */
  async abort(): Promise<void> {
    while (this.#tasks.size > 0) await this.#oldest()
    const files = [...this.#finished, this.#open.meta, this.#open.data].filter((file) => file !== null)
    this.#finished = []
    this.#open.meta = null
    this.#open.data = null
    this.#queuedBytes = 0
    this.#failure = null
    for (const file of files) await file.abort()
  }

  /** From now on everything fails with this, until `abort`. */
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
    this.#finished.push(open)
    this.track(open.finish().then(() => undefined))
  }

  #throwFailure(): void {
    if (this.#failure === null) return
    if (this.#failure instanceof VarveError) throw this.#failure
    throw new VarveError('VARVE_IO', 'writing objects failed', { cause: this.#failure })
  }
}
