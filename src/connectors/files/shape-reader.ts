// What the shape of a table needs to know of its files. Small ones stay in memory until the shape is found, as many as there is
// room for, and those that are alike are looked at as one was.
import type { WorkerPool } from '../../base/pool.ts'
import { eachOf } from '../../base/iterables.ts'
import { FileKinds } from '../../formats/alike.ts'
import type { AlikeFiles, FileColumn, FormatName } from '../../formats/interface.ts'
import { type KeyUniqueness, keyUniqueness, uniquenessOf } from '../../formats/key-uniqueness.ts'
import { readColumns } from '../../formats/read-columns.ts'
import { fileBytesWorthThreads } from '../../formats/slice-jobs.ts'
import { tableFormat } from './file-name.ts'
import type { OpenedFile } from './interface.ts'
import { smallBytes } from './small-file.ts'
import { asWaiting, fileWaits } from './waiting.ts'

const keptBytesMax = 64 << 20

export interface FileReading {
  readonly pool: WorkerPool
  opened<T>(path: string, work: (file: OpenedFile) => Promise<T>): Promise<T>
  bytesOf(file: OpenedFile): AsyncIterable<Uint8Array>
}

export class ShapeReader {
  readonly #reading: FileReading
  readonly #kept = new Map<string, Uint8Array>()
  #keptBytes = 0
  readonly #kinds = new Map<string, FileKinds>()

  constructor(reading: FileReading) {
    this.#reading = reading
  }

  /** The columns of a file; `key` helps to recognize its dialect. @throws VarveError with `waits` */
  async columns(file: OpenedFile, key: readonly string[]): Promise<readonly FileColumn[]> {
    const { path } = file
    const format = tableFormat(path)!
    const bytes = await this.#small(file)
    if (bytes === null ? await file.isEmpty() : bytes.length === 0) {
      if (format === 'jsonl') return []
      throw fileWaits(path, 'is empty: it has no header')
    }
    try {
      const kind = bytes === null ? null : await this.#kindOf(format, key, bytes)
      if (kind !== null) return kind.columns(bytes!)
      const options = { format, where: path, key, pool: this.#reading.pool }
      return await readColumns(this.#parts(file, bytes), options)
    } catch (error) {
      throw asWaiting(path, error)
    }
  }

  /** Whether these columns tell the rows of a file apart. @throws VarveError with `waits` */
  async uniqueness(path: string, key: readonly string[]): Promise<KeyUniqueness> {
    const kept = this.#kept.get(path)
    if (kept !== undefined) return this.#uniqueness(path, key, { bytes: kept, file: null })
    return this.#reading.opened(path, async (file) =>
      this.#uniqueness(path, key, { bytes: await this.#small(file), file }),
    )
  }

  async #uniqueness(
    path: string,
    key: readonly string[],
    { bytes, file }: { readonly bytes: Uint8Array | null; readonly file: OpenedFile | null },
  ): Promise<KeyUniqueness> {
    const { pool } = this.#reading
    const format = tableFormat(path)!
    if (bytes === null ? await file!.isEmpty() : bytes.length === 0) return 'unique'
    if (bytes === null && file!.bytesLength >= fileBytesWorthThreads) pool.warm(2)
    try {
      const keys = bytes === null ? null : ((await this.#kindOf(format, key, bytes))?.keys(bytes) ?? null)
      if (keys !== null) return uniquenessOf(keys)
      return await keyUniqueness(this.#parts(file, bytes), { format, key, where: path, pool })
    } catch (error) {
      throw asWaiting(path, error)
    }
  }

  async #small(file: OpenedFile): Promise<Uint8Array | null> {
    let bytes: Uint8Array | null
    try {
      bytes = await smallBytes(file)
    } catch (error) {
      throw asWaiting(file.path, error)
    }
    if (bytes !== null && this.#keptBytes + bytes.length <= keptBytesMax) {
      this.#kept.set(file.path, bytes)
      this.#keptBytes += bytes.length
    }
    return bytes
  }

  #parts(file: OpenedFile | null, bytes: Uint8Array | null): AsyncIterable<Uint8Array> {
    return bytes === null ? this.#reading.bytesOf(file!) : eachOf([bytes])
  }

  #kindOf(format: FormatName, key: readonly string[], bytes: Uint8Array): Promise<AlikeFiles | null> {
    const name = JSON.stringify([format, key])
    let kinds = this.#kinds.get(name)
    if (kinds === undefined) this.#kinds.set(name, (kinds = new FileKinds({ format, key, where: '' })))
    return kinds.of(bytes)
  }
}
