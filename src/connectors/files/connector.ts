// Files that hold tables as an endpoint, wherever they lie. There is no moment of all of them: each is read as it is when
// its turn comes, and never half.
import { VarveError, isVarveError } from '../../base/errors.ts'
import { WorkerPool } from '../../base/pool.ts'
import { sha256Hex } from '../../base/platform.ts'
import { utf8 } from '../../base/bytes.ts'
import type { FileColumn } from '../../formats/interface.ts'
import type {
  ApplyPlan,
  Applied,
  Checkpoint,
  Connector,
  EndpointSnapshot,
  EndpointTable,
  KnownTable,
  PassedOver,
} from '../interface.ts'
import type { DeclaredTable } from '../../dataset/interface.ts'
import { applyPlan } from './apply.ts'
import type { OnProgress } from '../patience.ts'
import { passedOverText } from '../passed-over.ts'
import { countedBytes } from './counted.ts'
import { isPacked } from './file-name.ts'
import { groupFiles } from './groups.ts'
import type { FilePlace, FilesTable, OpenedFile } from './interface.ts'
import { packedRows } from './packed.ts'
import { digestOf, tableRows } from './read.ts'
import { type Hints, type ShapeSource, knownShape, shapeOf, waitingTable } from './shape.ts'
import { ShapeReader } from './shape-reader.ts'
import { smallBytesMax } from './small-file.ts'
import { readCheckpoint, takeOver } from './state.ts'
import { UnpackedFile } from './unpacked-file.ts'
import { asWaiting } from './waiting.ts'

export class FilesConnector implements Connector {
  readonly location: string
  readonly changed?: (signal: AbortSignal) => Promise<void>
  readonly #place: FilePlace
  readonly #declared: readonly DeclaredTable[]
  readonly #onProgress: OnProgress | undefined
  /** By path: the version and its digest, where the same version is proof of the same bytes. */
  readonly #digests = new Map<string, { readonly version: string; readonly digest: string }>()
  /** Threads that took a file apart to find out its key then read its rows. */
  #pool = new WorkerPool()
  readonly #columns = new Map<string, { readonly version: string; readonly columns: readonly FileColumn[] }>()

  constructor(place: FilePlace, declared: readonly DeclaredTable[] = [], onProgress?: OnProgress) {
    this.#onProgress = onProgress
    this.#place = place
    this.#declared = declared
    this.location = place.location
    if (place.changed !== undefined) this.changed = (signal) => place.changed!(signal)
  }

  get passedOver(): readonly PassedOver[] {
    return this.#place.passedOver
  }

  identity(): Promise<string> {
    return this.#place.identity()
  }

  async discover(
    names?: readonly string[],
    known: readonly KnownTable[] = [],
  ): Promise<readonly EndpointTable[]> {
    const groups = groupFiles(await this.#place.list())
    const tables: FilesTable[] = []
    for (const name of names ?? groups.keys()) {
      const hints = {
        declared: this.#declared.find(({ table }) => table === name),
        known: known.find((one) => one.name === name),
      }
      const group = groups.get(name)
      const isToCome = hints.known !== undefined || hints.declared?.columns !== undefined
      if (group === undefined && !isToCome) throw this.#notThere(name)
      tables.push(await this.#table(name, group ?? { files: [], trouble: null }, hints))
    }
    return tables
  }

  async snapshot(): Promise<EndpointSnapshot> {
    // What was listed to find the tables may be long ago.
    await this.#place.list()
    return {
      rows: (table) => tableRows(table as FilesTable, (path) => this.#open(path)),
      packed: (table, options) => packedRows(table as FilesTable, (path) => this.#open(path), options),
      digest: (table) => digestOf(table as FilesTable, (path) => this.#digest(path)),
      close: () => this.#endThreads(),
    }
  }

  checkpoint(link: string): Promise<Checkpoint | null> {
    return readCheckpoint(this.#place, link)
  }

  async takeOver(link: string): Promise<Checkpoint> {
    const checkpoint = await takeOver(this.#place, link)
    await this.#place.clearStaged(ownerOf(link))
    return checkpoint
  }

  apply(plan: ApplyPlan): Promise<Applied> {
    return applyPlan({ place: this.#place, owner: ownerOf(plan.link) }, plan)
  }

  async close(): Promise<void> {
    await this.#endThreads()
    await this.#place.close()
  }

  /** Whoever follows a link would keep them for nothing. */
  async #endThreads(): Promise<void> {
    const pool = this.#pool
    this.#pool = new WorkerPool()
    await pool.close()
  }

  async #table(
    name: string,
    { files, trouble }: { readonly files: readonly string[]; readonly trouble: string | null },
    hints: Hints,
  ): Promise<FilesTable> {
    try {
      if (trouble !== null) throw new VarveError('VARVE_NOT_POSSIBLE', trouble, { data: { waits: true } })
      const shape =
        (await this.#unchanged(name, files, hints)) ??
        (await shapeOf(name, files, hints, this.#shapeSource()))
      // Of several, the newest may be taken away.
      const [file] = files.length === 1 ? files : []
      if (file === undefined) return shape
      const readOnly = isPacked(file) ? 'it is compressed' : ((await this.#place.readOnly?.(file)) ?? null)
      const writtenNs = await this.#opened(file, (opened) => Promise.resolve(opened.writtenNs))
      return {
        ...shape,
        ...(readOnly === null ? {} : { rights: readOnly }),
        ...(writtenNs === undefined ? {} : { writtenNs: String(writtenNs) }),
      }
    } catch (error) {
      if (!isVarveError(error) || error.data['waits'] !== true) throw error
      return waitingTable(name, hints, error)
    }
  }

  /** The table as it is known, where its files still are what they were: then they need not be taken apart for it. */
  async #unchanged(name: string, files: readonly string[], hints: Hints): Promise<FilesTable | null> {
    const table = knownShape(name, files, hints)
    const digest = hints.known?.digest
    if (table === null || digest === undefined) return null
    return (await digestOf(table, (path) => this.#digest(path))) === digest ? table : null
  }

  async #open(path: string): Promise<OpenedFile> {
    try {
      const file = await this.#place.open(path, 'listed')
      return isPacked(path) ? new UnpackedFile(file) : file
    } catch (error) {
      throw asWaiting(path, error)
    }
  }

  async #opened<T>(path: string, work: (file: OpenedFile) => Promise<T>): Promise<T> {
    const file = await this.#open(path)
    try {
      return await work(file)
    } finally {
      await file.close()
    }
  }

  #shapeSource(): ShapeSource {
    const reader = new ShapeReader({
      pool: this.#pool,
      opened: (path, work) => this.#opened(path, work),
      bytesOf: (file) => countedBytes(file, this.#onProgress),
    })
    return {
      columns: (path, key) => this.#opened(path, (file) => this.#columnsOf(file, key, reader)),
      uniqueness: (path, key) => reader.uniqueness(path, key),
    }
  }

  async #columnsOf(
    file: OpenedFile,
    key: readonly string[],
    reader: ShapeReader,
  ): Promise<readonly FileColumn[]> {
    const { path } = file
    const version = [file.version, ...key].join('\0')
    const known = this.#columns.get(path)
    if (known?.version === version) return known.columns
    const columns = await reader.columns(file, key)
    // A small one was read as a whole.
    if (file.bytesLength <= smallBytesMax && file.isProof) await this.#digestOf(file)
    if (file.isProof) this.#columns.set(path, { version, columns })
    else this.#columns.delete(path)
    return columns
  }

  async #digest(path: string): Promise<string> {
    const known = this.#digests.get(path)
    if (known !== undefined && (await this.#place.version?.(path)) === known.version) return known.digest
    return this.#opened(path, async (file) =>
      known?.version === file.version ? known.digest : this.#digestOf(file),
    )
  }

  async #digestOf(file: OpenedFile): Promise<string> {
    const digest = await file.digest()
    if (file.isProof) this.#digests.set(file.path, { version: file.version, digest })
    else this.#digests.delete(file.path)
    return digest
  }

  #notThere(name: string): VarveError {
    const { passedOver } = this
    const others = passedOver.length === 0 ? '' : `; not read are ${passedOverText(passedOver)}`
    const [, table] = /^(.+)\.(?:csv|tsv|jsonl)(?:\.gz)?$/.exec(name) ?? []
    return new VarveError('VARVE_PATH_NOT_FOUND', `'${this.location}' has no table '${name}'`, {
      data: { table: name },
      hint:
        table === undefined
          ? `a table is a file (${name}.csv, .tsv or .jsonl) or a folder of such files; to have it made, say its columns${others}`
          : `tables are named without the file's ending: '${table}'`,
    })
  }
}

/** A link's mark in the names of its temporary files. */
function ownerOf(link: string): string {
  return sha256Hex(utf8(link)).slice(0, 12)
}
