// A file of one version as the table that it became in another: its rows, under the columns and the key declared there.
import { isVarveError } from '../../base/errors.ts'
import type { FileEntry, Path, TableEntry, TreeEntry } from '../../files/interface.ts'
import { readFile } from '../../files/read.ts'
import { formatOfPath } from '../../formats/formats.ts'
import { NotATable } from '../../formats/not-a-table.ts'
import { readTable } from '../../formats/read.ts'
import type { TableObject } from '../../table/interface.ts'
import { keyNames } from '../../table/key.ts'
import { loadTable } from '../../table/table-object.ts'
import type { Sides } from '../conflicts/conflict-record.ts'
import type { MergeIo } from '../merge-io.ts'

interface Options {
  readonly signal?: AbortSignal | undefined
}

/** Reads a file as a table like `like`; null when that cannot be done. */
export async function readFileAsTable(
  io: MergeIo,
  { path, entry, like }: { readonly path: Path; readonly entry: FileEntry; readonly like: TableObject },
  { signal }: Options = {},
): Promise<Awaited<ReturnType<typeof readTable>> | null> {
  const format = like.layout?.format ?? formatOfPath(path)
  if (format === null) return null
  try {
    return await readTable(readFile(io.nodes, entry, { signal }), {
      ...io,
      format,
      key: keyNames(like.schema),
      previous: like,
      where: path,
      signal,
    })
  } catch (error) {
    if (error instanceof NotATable || isVarveError(error, 'VARVE_RULE_VIOLATED')) return null
    throw error
  }
}

/** The sides of a path that was a file in the base, and is a table on a side; null where they are no versions of one table. */
export async function sidesAsTables(
  io: MergeIo,
  path: Path,
  { base, ours, theirs }: Sides<TreeEntry | null>,
  options: Options = {},
): Promise<Sides<TableEntry> | null> {
  const made = ours?.kind === 'table' ? ours : theirs
  if (base?.kind !== 'file' || made?.kind !== 'table') return null
  const like = await loadTable(io.nodes.reader, made.table, options)
  const asTable = async (entry: TreeEntry | null): Promise<TableEntry | null> => {
    if (entry?.kind === 'table') {
      const { schema } = await loadTable(io.nodes.reader, entry.table, options)
      return hasSameColumns(schema, like.schema) ? entry : null
    }
    if (entry?.kind !== 'file') return null
    const read = await readFileAsTable(io, { path, entry, like }, options)
    return read === null ? null : { kind: 'table', executable: entry.executable, table: read.cid }
  }
  const [before, left, right] = [await asTable(base), await asTable(ours), await asTable(theirs)]
  return before === null || left === null || right === null
    ? null
    : { base: before, ours: left, theirs: right }
}

/** Two sides that declared it each for itself may have named its columns and key alike, or not. */
function hasSameColumns(a: TableObject['schema'], b: TableObject['schema']): boolean {
  const names = new Map(b.columns.map(({ id, name }) => [id, name]))
  const ids = new Map(b.columns.map(({ id, name }) => [name, id]))
  const isOne = ({ id, name }: { readonly id: number; readonly name: string }): boolean =>
    (names.get(id) ?? name) === name && (ids.get(name) ?? id) === id
  return a.key.join() === b.key.join() && a.columns.every(isOne)
}
