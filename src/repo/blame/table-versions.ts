// The versions of a path as tables. A version that was a plain file is read as the table that it became, so that its
// rows have a history across `varve track`; what cannot be read so is no version of the table.
import { commandWord } from '../../base/command-word.ts'
import { VarveError } from '../../base/errors.ts'
import type { TreeEntry } from '../../files/interface.ts'
import { readFileAsTable } from '../../merge/tables/file-as-table.ts'
import { keyColumns } from '../../table/key.ts'
import { Table } from '../../table/table.ts'
import type { Io } from '../interface.ts'
import type { PathVersion } from '../log/path-origin.ts'

const tablesKept = 16

export class TableVersions {
  readonly #io: Io
  readonly #signal: AbortSignal | undefined
  /** The last ones asked for: each version is somebody's parent and somebody's child. */
  readonly #known = new Map<string, Table | null>()

  /** The writer takes the nodes of files that are read as tables; nobody needs to publish it. */
  constructor(io: Io, options: { readonly signal?: AbortSignal | undefined } = {}) {
    this.#io = io
    this.#signal = options.signal
  }

  /** `like` is the table next to it in history. null: the version is no table. */
  async of({ path, entry }: PathVersion, like: Table | null): Promise<Table | null> {
    const name = nameOf(entry, like)
    if (entry === null || name === null) return null
    const known = this.#known.get(name)
    const table = known === undefined ? await this.#load(path, entry, like) : known
    this.#known.delete(name)
    this.#known.set(name, table)
    if (this.#known.size > tablesKept) this.#known.delete(this.#known.keys().next().value!)
    return table
  }

  #load(path: string, entry: TreeEntry, like: Table | null): Promise<Table | null> {
    if (entry.kind === 'table') return Table.load(this.#io.nodes, entry.table, { signal: this.#signal })
    return this.#read(path, entry, like!)
  }

  async #read(path: string, entry: TreeEntry, like: Table): Promise<Table | null> {
    if (entry.kind !== 'file') return null
    const read = await readFileAsTable(this.#io, { path, entry, like: like.object }, { signal: this.#signal })
    return read === null ? null : Table.of(this.#io.nodes, read.table)
  }
}

function nameOf(entry: TreeEntry | null, like: Table | null): string | null {
  if (entry?.kind === 'table') return entry.table
  if (entry?.kind !== 'file' || like === null) return null
  return `${entry.content} ${keyColumns(like.schema)
    .map(({ id, name, type }) => `${id} ${type} ${name}`)
    .join()}`
}

export function notATable(path: string): VarveError {
  return new VarveError('VARVE_USAGE', `'${path}' is not a table: it has no rows`, {
    data: { path },
    hint: `make it one with 'varve track ${commandWord(path)} --key COLUMN'`,
  })
}
