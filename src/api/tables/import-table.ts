// Import of tables: rows of a file or a stream are laid into the table of a path, or make it. When its path is a file's,
// the file follows, else the table lives in the dataset alone.
import { VarveError } from '../../base/errors.ts'
import type { TableEntry } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import { diffMaps } from '../../prolly/diff.ts'
import { requireAuthor } from '../../repo/context.ts'
import type { Folder, Io, Repo } from '../../repo/interface.ts'
import { move } from '../../repo/move.ts'
import { contentRuns, entryContentBytes } from '../../table/content-runs.ts'
import { diffTables } from '../../table/diff.ts'
import type { Column, Row, TableObject } from '../../table/interface.ts'
import { keyColumns, valueColumns } from '../../table/key.ts'
import { loadTable, writeTable } from '../../table/table-object.ts'
import { entriesToRows, keyValues } from '../../table/rows.ts'
import { Table } from '../../table/table.ts'
import type { ImportResult, OperationOptions } from '../interface.ts'
import type { ExchangeFormat } from './export-table.ts'
import { readSource } from './import-source.ts'
import { commitMove, stagedMove, startOf, targetOf } from './import-target.ts'
import { TableEdits } from './table-edits.ts'

export interface ImportOptions extends OperationOptions {
  readonly path: string
  readonly format: ExchangeFormat
  /** Default: the key that a Parquet or SQLite file itself names, else that of the table that is there. */
  readonly key?: readonly string[] | undefined
  /** In a SQLite file with several tables: which one. */
  readonly table?: string | undefined
  /** Name of the source, for messages; default: the path. */
  readonly name?: string | undefined
  /** Rows that the source has not are removed, and in the others the cells of columns that it has not. */
  readonly replace?: boolean | undefined
  /** The rows are committed to this branch, begun at HEAD where it is new. Default: they are staged, or, without files, committed. */
  readonly branch?: string | undefined
  /** The commit's message. */
  readonly message?: string | undefined
}

export async function importInto(
  repo: Repo,
  folder: Folder | null,
  source: AsyncIterable<Uint8Array>,
  options: ImportOptions,
): Promise<ImportResult> {
  let imported: Imported | null = null
  let result: ImportResult | null = null
  await move(
    repo,
    folder,
    async (manifest, io) => {
      const target = await targetOf(io, folder, manifest, options)
      if (target !== null) requireAuthor(repo, manifest)
      // The source can be read once; a second round (another process was faster) lays the same rows on the newer tree.
      const start = await startOf(manifest, io, target)
      const known = await start.get(options.path)
      const before = known?.kind === 'table' ? await loadTable(io.nodes.reader, known.table) : null
      imported ??= { table: await readSource(source, io, before, options), into: layoutOf(before) }
      if (imported.into !== layoutOf(before)) throw changedMeanwhile(options)
      const entry = await importedEntry(
        io,
        start,
        { imported: imported.table, before, executable: known?.kind === 'table' && known.executable },
        options,
      )
      const tree = await start.update(io.writer, new Map([[options.path, entry]]), { signal: options.signal })
      result = await describe(io, before, entry, options)
      return target === null
        ? stagedMove(manifest, io, tree, options)
        : commitMove(repo, manifest, io, { ...options, tree, target })
    },
    options,
  )
  return result!
}

/** The rows of the source, and what the table was like that they were read for. */
interface Imported {
  readonly table: TableObject
  readonly into: string
}

async function importedEntry(
  io: Io,
  tree: Tree,
  table: { imported: TableObject; before: TableObject | null; executable: boolean },
  options: ImportOptions,
): Promise<TableEntry> {
  const { imported, before, executable } = table
  const { signal } = options
  if (before === null) return { kind: 'table', executable, table: writeTable(io.writer, imported) }
  const edits = new TableEdits(io, { tree, gone: new Set() }, options.path, { signal })
  const rows = await Table.of(io.nodes, imported)
  const old = await Table.of(io.nodes, before)
  const kept = options.replace === true ? [] : columnsMissing(before, imported)
  for await (const batch of changedRows(old, rows, signal))
    await edits.putAll(kept.length === 0 ? batch : await completed(batch, old, kept))
  if (options.replace === true) {
    for await (const batch of old.map.scan({ signal: options.signal })) {
      const keys = Array.from({ length: batch.count }, (_, i) =>
        batch.keys.subarray(i === 0 ? 0 : batch.keyEnds[i - 1], batch.keyEnds[i]),
      )
      const found = await rows.map.getMany(keys)
      for (let i = 0; i < keys.length; i++)
        if (found[i] === null) edits.delete(keyValues(old.shape, keys[i]!))
    }
  }
  return (
    (await edits.finish())?.entry ?? {
      kind: 'table',
      executable,
      table: writeTable(io.writer, before),
    }
  )
}

/** Rows that are not there just so already; all of them where the tables are not laid out alike. */
async function* changedRows(
  before: Table,
  now: Table,
  signal: AbortSignal | undefined,
): AsyncGenerator<Row[]> {
  if (layoutOf(before.object) !== layoutOf(now.object)) return yield* now.scan({ signal })
  for await (const differences of diffMaps(before.map, now.map, { signal })) {
    const entries = differences.flatMap(({ after }) => after ?? [])
    for (const run of contentRuns(entries, entryContentBytes))
      yield await entriesToRows(now.shape, run, now.nodes.reader, { signal })
  }
}

/** Columns of the table that the source does not have. */
function columnsMissing(before: TableObject, imported: TableObject): string[] {
  const given = new Set(imported.schema.columns.map(({ name }) => name))
  return before.schema.columns.flatMap(({ name }) => (given.has(name) ? [] : [name]))
}

/** The rows with the cells that the table has of these columns: a source that lacks them says nothing about them. */
async function completed(rows: readonly Row[], before: Table, columns: readonly string[]): Promise<Row[]> {
  const names = keyColumns(before.schema).map(({ name }) => name)
  const known = await before.getMany(rows.map((row) => names.map((name) => row[name]!)))
  return rows.map((row, i) => {
    const old = known[i]
    if (old === null || old === undefined) return row
    const cells = columns.map((name) => [name, old[name]!] as const)
    return Object.assign(Object.create(null) as Row, row, Object.fromEntries(cells))
  })
}

/** A text that is equal for two tables if, and only if, the bytes of their rows mean the same. */
function layoutOf(table: TableObject | null): string {
  if (table === null) return ''
  const { schema } = table
  const read = (columns: readonly Column[]): unknown => columns.map(({ name, type }) => [name, type])
  return JSON.stringify([schema.cells, read(keyColumns(schema)), read(valueColumns(schema))])
}

function changedMeanwhile({ path }: ImportOptions): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `'${path}' became another table while rows were read for it`, {
    data: { path },
    hint: 'nothing was imported: do it again',
  })
}

async function describe(
  io: Io,
  before: TableObject | null,
  entry: TableEntry,
  options: ImportOptions,
): Promise<ImportResult> {
  const after = await loadTable(io.nodes.reader, entry.table)
  const rows = (await Table.of(io.nodes, after)).count
  if (before === null) return { path: options.path, rows, added: rows, changed: 0, removed: 0 }
  const counts = { added: 0, changed: 0, removed: 0 }
  for await (const batch of diffTables(io.nodes, before, after, { signal: options.signal })) {
    for (const row of batch) counts[row.kind]++
  }
  return { path: options.path, rows, ...counts }
}
