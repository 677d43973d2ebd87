// Columns, types and key of a table that lies in files. Files say little: names stand in a header or in the rows, types
// are told from how the first cells look, and keys from what tells the rows apart. So what was declared counts first, then
// what the table was known as, and only then what the files look like: a type does not change with a cell.
import type { VarveError } from '../../base/errors.ts'
import { inOrder } from '../../base/in-order.ts'
import { collect } from '../../base/iterables.ts'
import type { FileColumn } from '../../formats/interface.ts'
import type { ColumnType } from '../../table/interface.ts'
import type { EndpointColumn, KnownTable } from '../interface.ts'
import type { DeclaredTable } from '../../dataset/interface.ts'
import { tableFormat } from './file-name.ts'
import { type UniquenessOf, inferFileKey } from './infer-key.ts'
import type { FilesTable } from './interface.ts'
import { filesAtOnce } from './small-file.ts'
import { fileWaits } from './waiting.ts'

export interface Hints {
  readonly declared: DeclaredTable | undefined
  readonly known: KnownTable | undefined
}

export interface ShapeSource {
  /** The columns of a file; `key` helps to recognize its dialect. */
  columns(path: string, key: readonly string[]): Promise<readonly FileColumn[]>
  readonly uniqueness: UniquenessOf
}

/** @throws VarveError with `waits` */
export async function shapeOf(
  name: string,
  files: readonly string[],
  { declared, known }: Hints,
  source: ShapeSource,
): Promise<FilesTable> {
  const given = declared?.key ?? known?.key
  const found = await collect(inOrder(files, filesAtOnce, (path) => source.columns(path, given ?? [])))
  const columns = joined(files, found)
  // A property that no row has at the moment is still a column.
  if (files.length === 0 || files.some(isJsonl))
    for (const column of [...(known?.columns ?? []), ...(declared?.columns ?? [])])
      if (!columns.has(column.name)) columns.set(column.name, null)
  const typed = [...columns].map(([column, looks]) => ({
    name: column,
    type: typeOf(column, looks, { declared, known }),
  }))
  if (typed.length === 0) throw fileWaits(files[0] ?? name, 'is empty: nobody knows its columns')
  const key = given ?? (await inferFileKey(name, files, typed, source.uniqueness))
  const missing = key.find((column) => !columns.has(column))
  if (missing !== undefined) throw fileWaits(files[0] ?? name, `has no column '${missing}' for its key`)
  return tableOf({ name, columns: typed, key }, files)
}

/** The table in the shape in which it was last known; null where there is none, or another one is declared. */
export function knownShape(
  name: string,
  files: readonly string[],
  { declared, known }: Hints,
): FilesTable | null {
  if (known === undefined || files.length === 0) return null
  const { columns, key } = known
  const isOther =
    (declared?.key ?? key).join('\0') !== key.join('\0') ||
    (declared?.columns ?? []).some((one) => !columns.some((c) => c.name === one.name && c.type === one.type))
  return isOther ? null : tableOf({ name, columns, key }, files)
}

function tableOf({ name, columns, key }: KnownTable, files: readonly string[]): FilesTable {
  const shown = columns.map((column) => endpointColumn(column, key))
  return { name, columns: shown, key, references: [], files }
}

/** A table that waits, in the shape in which it was last known. */
export function waitingTable(name: string, { known }: Hints, error: VarveError): FilesTable {
  const { columns = [], key = [] } = known ?? {}
  return { ...tableOf({ name, columns, key }, []), trouble: error.message }
}

function endpointColumn(
  { name, type }: { name: string; type: ColumnType },
  key: readonly string[],
): EndpointColumn {
  return { name, type, nativeType: type, nullable: !key.includes(name), generated: false }
}

function isJsonl(path: string): boolean {
  return tableFormat(path) === 'jsonl'
}

/**
 * The columns of all files, each once. One of two headers has to have all that the other has, or the files are of
 * different tables.
 */
function joined(
  files: readonly string[],
  found: readonly (readonly FileColumn[])[],
): Map<string, ColumnType | null> {
  const all = new Map<string, ColumnType | null>()
  const headers = found.flatMap((columns, i) =>
    isJsonl(files[i]!) ? [] : [{ path: files[i]!, names: namesOf(columns) }],
  )
  headers.sort((a, b) => b.names.size - a.names.size)
  for (const [i, header] of headers.entries()) {
    const wider = headers[i - 1]
    const strange = wider === undefined ? undefined : [...header.names].find((name) => !wider.names.has(name))
    if (strange !== undefined)
      throw fileWaits(
        header.path,
        `is of another table than '${wider!.path}', which has no column '${strange}'`,
      )
  }
  for (const columns of found)
    for (const { name, type } of columns) all.set(name, widerType(all.get(name) ?? null, type))
  return all
}

function namesOf(columns: readonly FileColumn[]): ReadonlySet<string> {
  return new Set(columns.map(({ name }) => name))
}

const numeric: readonly ColumnType[] = ['int', 'decimal', 'float']

function widerType(a: ColumnType | null, b: ColumnType | null): ColumnType | null {
  if (a === null || b === null || a === b) return a ?? b
  if (!numeric.includes(a) || !numeric.includes(b)) return a === 'json' || b === 'json' ? 'json' : 'text'
  return numeric[Math.max(numeric.indexOf(a), numeric.indexOf(b))]!
}

function typeOf(name: string, looks: ColumnType | null, { declared, known }: Hints): ColumnType {
  const given = [...(declared?.columns ?? []), ...(known?.columns ?? [])].find(
    (column) => column.name === name,
  )
  return given?.type ?? looks ?? 'text'
}
