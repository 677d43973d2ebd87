// A remote that has fallback copies, read as one. The first copy that answers says what refs there are. Objects come
// from it too; what it lost or damaged, and all else while it is down, comes from the next one, and a warning says so.
// Every object is hashed, so it never matters which copy gave it. A copy may lag behind, so refs that it names are no
// reason to move back (`mayLag`). Nothing is ever written through this.
import { VarveError, isVarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Manifest, ObjectReader, ReadOptions, StoredObject } from '../store/interface.ts'
import { CheckedReader } from './checked-reader.ts'
import type { Source } from './interface.ts'

export interface Copy {
  /** For warnings. */
  readonly url: string
  open(): Promise<Source>
}

interface OpenedCopy {
  readonly url: string
  readonly source: Source
  readonly reader: ObjectReader
}

type Fault = 'down' | 'damaged'

export class Copies implements Source {
  readonly #copies: readonly Copy[]
  readonly #warn: (message: string) => void
  readonly #opened = new Map<Copy, Promise<OpenedCopy>>()
  readonly #faults = new Map<Copy, Fault>()
  #speaker: Copy | null = null

  /** The first of the copies is the remote itself. */
  constructor(copies: readonly Copy[], warn: (message: string) => void) {
    this.#copies = copies
    this.#warn = warn
  }

  get location(): string {
    return (this.#speaker ?? this.#copies[0]!).url
  }

  get mayLag(): boolean {
    return this.#speaker !== null && this.#speaker !== this.#copies[0]
  }

  async manifest(): Promise<Manifest> {
    const [copy, manifest] = await this.#first((opened) => opened.source.manifest())
    this.#speaker = copy
    return manifest
  }

  async *manifests(): AsyncGenerator<Manifest> {
    const [, opened] = await this.#first(async (found) => found)
    yield* opened.source.manifests()
  }

  async has(cids: readonly Cid[], options?: ReadOptions): Promise<boolean[]> {
    return (await this.#first((opened) => opened.reader.has(cids, options)))[1]
  }

  async get(cids: readonly Cid[], options?: ReadOptions): Promise<Uint8Array[]> {
    return this.#read(cids, (reader, some) => reader.get(some, options))
  }

  async getStored(cids: readonly Cid[], options?: ReadOptions): Promise<StoredObject[]> {
    return this.#read(cids, (reader, some) => reader.getStored(some, options))
  }

  async mend(cid: Cid, options?: ReadOptions): Promise<Uint8Array> {
    const [, [bytes]] = await this.#first((opened) => opened.reader.get([cid], options))
    return bytes!
  }

  async close(): Promise<void> {
    for (const opening of this.#opened.values()) {
      const opened = await opening.catch(() => null)
      await opened?.source.close()
    }
  }

  /** All at once from one copy if that works; else each from whichever has it. */
  async #read<T>(
    cids: readonly Cid[],
    read: (reader: ObjectReader, some: readonly Cid[]) => Promise<T[]>,
  ): Promise<T[]> {
    try {
      return (await this.#first((opened) => read(opened.reader, cids)))[1]
    } catch (error) {
      if (faultOf(error) !== 'damaged' || cids.length === 1) throw error
    }
    const found: T[] = []
    for (const cid of cids) found.push((await this.#first((opened) => read(opened.reader, [cid])))[1][0]!)
    return found
  }

  /** The answer of the first copy that gives one; throws what the first one threw when none does. */
  async #first<T>(ask: (opened: OpenedCopy) => Promise<T>): Promise<[Copy, T]> {
    let first: unknown = null
    for (const [i, copy] of this.#copies.entries()) {
      if (this.#faults.get(copy) === 'down' && i < this.#copies.length - 1) continue
      try {
        return [copy, await ask(await this.#open(copy))]
      } catch (error) {
        const fault = faultOf(error)
        if (fault === null) throw error
        first ??= error
        this.#note(copy, fault, error as VarveError, this.#copies[i + 1])
      }
    }
    throw (
      first ??
      new VarveError('VARVE_UNREACHABLE', 'no copy of the remote can be reached', {
        hint: "see where they are: 'varve remote'; try again when one of them answers",
      })
    )
  }

  #open(copy: Copy): Promise<OpenedCopy> {
    let opening = this.#opened.get(copy)
    if (opening === undefined) {
      opening = copy.open().then((source) => ({ url: copy.url, source, reader: new CheckedReader(source) }))
      this.#opened.set(copy, opening)
    }
    return opening
  }

  #note(copy: Copy, fault: Fault, error: VarveError, next: Copy | undefined): void {
    const before = this.#faults.get(copy)
    if (before === 'down' || before === fault) return
    this.#faults.set(copy, fault)
    if (next === undefined) return
    const what = fault === 'down' ? 'cannot be reached' : 'has lost or damaged objects'
    this.#warn(`'${copy.url}' ${what} (${error.message}); going on with '${next.url}'`)
  }
}

function faultOf(error: unknown): Fault | null {
  if (isVarveError(error, 'VARVE_UNREACHABLE')) return 'down'
  const isDamage = isVarveError(error, 'VARVE_CORRUPT') || isVarveError(error, 'VARVE_OBJECT_MISSING')
  return isDamage ? 'damaged' : null
}
