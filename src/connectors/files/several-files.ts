// The rows of a table that is made of several files, packed. The last file comes first: what it says of a row counts, and the
// row is left out of those before. Small files that are alike are read many at once; each other one, and each with something
// wrong, by itself and cell by cell, so that it is the same rows that come and the same fault that is told.
import { throwIfAborted } from '../../base/errors.ts'
import { eachOf } from '../../base/iterables.ts'
import { inOrder } from '../../base/in-order.ts'
import { FileKinds } from '../../formats/alike.ts'
import { CellPacker } from '../../formats/columnar/pack-cells.ts'
import type { PackingOptions } from '../../formats/columnar/packed-source.ts'
import type { AlikeFiles, FormatName, JoinedRows } from '../../formats/interface.ts'
import { type PackedRows, pickedRows } from '../../formats/packed.ts'
import { columnPlaces } from '../../table/column-places.ts'
import type { Cell } from '../../table/interface.ts'
import { keyNames } from '../../table/key.ts'
import { tableFormat } from './file-name.ts'
import type { FilesTable, OpenedFile } from './interface.ts'
import { fileRows, tellMisfits } from './read.ts'
import { SeenKeys } from './seen-keys.ts'
import { filesAtOnce, smallBytes } from './small-file.ts'
import { asWaiting } from './waiting.ts'

const joinedBytesMax = 1 << 20
/** As many rows as are told of at once where they are read by themselves. */
const toldRows = 512

interface NextFile {
  readonly path: string
  /** Null: it is not small. */
  readonly bytes: Uint8Array | null
}

/** Small files of one kind, in the order in which they are read. */
interface Batch {
  readonly kind: AlikeFiles
  readonly files: { readonly path: string; readonly bytes: Uint8Array }[]
  size: number
}

export class SeveralFiles {
  readonly #table: FilesTable
  readonly #open: (path: string) => Promise<OpenedFile>
  readonly #options: PackingOptions
  readonly #seen: SeenKeys
  readonly #packer: CellPacker
  readonly #kinds = new Map<FormatName, FileKinds>()

  constructor(table: FilesTable, open: (path: string) => Promise<OpenedFile>, options: PackingOptions) {
    const { schema } = options.shape
    this.#table = table
    this.#open = open
    this.#options = options
    this.#seen = new SeenKeys(schema, columnPlaces(table.columns, keyNames(schema)))
    this.#packer = new CellPacker(options.shape, options.where)
  }

  /** They are views that the next ones spoil. @throws VarveError with `waits` for the first file that something is wrong with */
  async *rows(): AsyncGenerator<PackedRows> {
    for await (const next of this.#batches())
      if ('kind' in next) yield* this.#joined(next)
      else yield* this.#single(next)
  }

  /** Where a file cannot be read, what was gathered before it comes first. */
  async *#batches(): AsyncGenerator<Batch | NextFile> {
    const files = inOrder(this.#table.files.toReversed(), filesAtOnce, (path) => this.#next(path))
    let batch: Batch | null = null
    try {
      for await (const { path, bytes } of files) {
        const kind = bytes === null ? null : await this.#kindOf(path, bytes)
        if (batch !== null && (kind !== batch.kind || batch.size > joinedBytesMax)) {
          yield batch
          batch = null
        }
        if (kind === null || bytes === null) yield { path, bytes }
        else {
          batch ??= { kind, files: [], size: 0 }
          batch.files.push({ path, bytes })
          batch.size += bytes.length
        }
      }
    } catch (error) {
      if (batch !== null) yield batch
      throw error
    }
    if (batch !== null) yield batch
  }

  async #next(path: string): Promise<NextFile> {
    const file = await this.#open(path)
    try {
      return { path, bytes: await smallBytes(file, this.#options.signal) }
    } catch (error) {
      throw asWaiting(path, error)
    } finally {
      await file.close()
    }
  }

  async #kindOf(path: string, bytes: Uint8Array): Promise<AlikeFiles | null> {
    const { schema } = this.#options.shape
    const format = tableFormat(path)!
    let kinds = this.#kinds.get(format)
    if (kinds === undefined) {
      const types = new Map(schema.columns.map(({ name, type }) => [name, type]))
      const previous = { schema, layout: null }
      kinds = new FileKinds({ format, key: keyNames(schema), types, previous, where: this.#options.where })
      this.#kinds.set(format, kinds)
    }
    return kinds.of(bytes)
  }

  async *#joined({ kind, files }: Batch): AsyncGenerator<PackedRows> {
    throwIfAborted(this.#options.signal)
    const found = kind.rows(files.map(({ bytes }) => bytes))
    if (found === null) {
      for (const file of files) yield* this.#single(file)
      return
    }
    const wanted = this.#seen.take(found)
    this.#tell(files, found, wanted)
    yield pickedRows(found.rows, wanted)
  }

  /** As they are told where rows are read by themselves: file by file, column by column. */
  #tell(files: Batch['files'], { rowEnds, misfits }: JoinedRows, wanted: Uint8Array | null): void {
    const { onMisfit } = this.#options
    if (onMisfit === undefined || misfits.length === 0) return
    const placeOf = new Map(this.#table.columns.map(({ name }, i) => [name, i]))
    const told = misfits
      .filter(({ row }) => wanted === null || wanted[row] === 1)
      .map(({ column, row, text }) => {
        const file = rowEnds.findIndex((end) => row < end)
        const part = Math.floor((row - (rowEnds[file - 1] ?? 0)) / toldRows)
        return { order: [file, part, placeOf.get(column.name)!, row], column, text }
      })
      .sort((a, b) => a.order.map((one, i) => one - b.order[i]!).find((one) => one !== 0) ?? 0)
    for (const { order, column, text } of told) {
      const where = files[order[0]!]!.path
      onMisfit({ column: column.name, type: column.type, count: 1, text, line: null, where })
    }
  }

  async *#single({ path, bytes }: NextFile): AsyncGenerator<PackedRows> {
    const { unfit, onMisfit } = this.#options
    const file = bytes === null ? await this.#open(path) : null
    try {
      const own = this.#seen.ofFile()
      const source = bytes === null ? file!.bytes() : eachOf([bytes])
      if (bytes === null ? await file!.isEmpty() : bytes.length === 0) return
      for await (const rows of fileRows(this.#table, path, source)) {
        const wanted = rows.filter((row: readonly Cell[]) => own.isNew(row))
        if (onMisfit !== undefined) tellMisfits(this.#table, path, wanted, onMisfit)
        yield this.#packer.pack(wanted, unfit)
      }
      own.end()
    } catch (error) {
      throw asWaiting(path, error)
    } finally {
      await file?.close()
    }
  }
}
