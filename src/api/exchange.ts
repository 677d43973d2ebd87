// Import and export of tables. An imported table is staged where there is an index, else committed to a branch; when its
// path is a file's, the file follows, else the table lives in the dataset alone.
import { VarveError } from '../base/errors.ts'
import type { TableEntry } from '../files/interface.ts'
import { Tree } from '../files/tree.ts'
import { chosenTable, openColumnar } from '../formats/columnar/open.ts'
import { keyNamesOf } from '../formats/columnar/plan-columns.ts'
import { readCells } from '../formats/columnar/read-cells.ts'
import { exportTable } from '../formats/export.ts'
import { readTable } from '../formats/read.ts'
import { readCommit, writeCommit, nextGeneration } from '../history/commit.ts'
import { resolveRevision } from '../history/revision.ts'
import { requireAuthor, signatureOf } from '../repo/context.ts'
import { emptyTreeOf } from '../repo/empty.ts'
import { readHead } from '../repo/head.ts'
import { type Folder, type Io, type Repo, indexBaseRef, indexRef } from '../repo/interface.ts'
import { type Move, move } from '../repo/move.ts'
import type { Manifest } from '../store/interface.ts'
import { diffTables } from '../table/diff.ts'
import type { TableObject } from '../table/interface.ts'
import { loadTable, writeTable } from '../table/table-object.ts'
import { keyValues } from '../table/rows.ts'
import { Table } from '../table/table.ts'
import type { ImportResult, OperationOptions } from './interface.ts'
import { findTable, noTable } from '../repo/find-table.ts'
import { TableEdits } from './table-edits.ts'

/** Formats that rows go in from and out to. */
export type ExchangeFormat = 'csv' | 'tsv' | 'jsonl' | 'parquet' | 'sqlite'

export interface ImportOptions extends OperationOptions {
  readonly path: string
  readonly format: ExchangeFormat
  /** Default: the key that a Parquet or SQLite file itself names, else that of the table that is there. */
  readonly key?: readonly string[] | undefined
  /** Of a SQLite file with several tables: which one. */
  readonly table?: string | undefined
  /** Name of the source, for messages; default: the path. */
  readonly name?: string | undefined
  /** Rows that the source has not are removed. */
  readonly replace?: boolean | undefined
  readonly branch?: string | undefined
  readonly message?: string | undefined
}

export async function importInto(
  repo: Repo,
  folder: Folder | null,
  source: AsyncIterable<Uint8Array>,
  options: ImportOptions,
): Promise<ImportResult> {
  let imported: TableObject | null = null
  let result: ImportResult | null = null
  await move(
    repo,
    folder,
    async (manifest, io) => {
      // Where nothing can be staged it is committed.
      if (!manifest.refs.has(indexRef)) requireAuthor(repo, manifest)
      // The source can be read once; a second round (another process was faster) lays the same rows on the newer tree.
      const start = await startOf(manifest, io)
      const known = await start.get(options.path)
      const before = known?.kind === 'table' ? await loadTable(io.nodes.reader, known.table) : null
      imported ??= await readSource(source, io, before, options)
      const entry = await importedEntry(
        io,
        start,
        { imported, before, executable: known?.kind === 'table' && known.executable },
        options,
      )
      const tree = await start.update(io.writer, new Map([[options.path, entry]]), { signal: options.signal })
      result = await describe(io, before, entry, options)
      return moveTo(repo, manifest, io, tree, options)
    },
    options,
  )
  return result!
}

async function readSource(
  source: AsyncIterable<Uint8Array>,
  io: Io,
  before: TableObject | null,
  options: ImportOptions,
): Promise<TableObject> {
  const { format, signal } = options
  const where = options.name ?? options.path
  if (format !== 'parquet' && format !== 'sqlite') {
    const key = chosenKey(where, options.key, before)
    return (await readTable(source, { ...io, format, key, where, signal })).table
  }
  const file = await openColumnar(source, { format, where, signal })
  try {
    const cells = file.table(chosenTable(file, options.table, where))
    const { onProgress } = options
    return await readCells(cells, {
      ...io,
      key: chosenKey(where, options.key, before, cells.key),
      where,
      signal,
      onProgress: (done) =>
        onProgress?.({ phase: `reading ${where}`, done, total: cells.rowCount, unit: 'rows' }),
    })
  } finally {
    await file.close()
  }
}

/** What was asked for, else what the file names, else that of the table that is there. */
function chosenKey(
  where: string,
  asked: readonly string[] | undefined,
  before: TableObject | null,
  named: readonly string[] | null = null,
): readonly string[] {
  const key = [asked, named, before === null ? null : keyNamesOf(before)].find(
    (one) => one !== null && one !== undefined && one.length > 0,
  )
  if (key) return key
  throw new VarveError('VARVE_USAGE', `'${where}' names no key`, {
    hint: "say which columns make a row unique: '--key COLUMN'",
  })
}

async function startOf(manifest: Manifest, io: Io): Promise<Tree> {
  const head = await readHead(io.writer, manifest)
  const root = manifest.refs.get(indexRef) ?? head.commit?.tree ?? emptyTreeOf(io)
  return Tree.load(io.nodes, root)
}

async function importedEntry(
  io: Io,
  tree: Tree,
  table: { imported: TableObject; before: TableObject | null; executable: boolean },
  options: ImportOptions,
): Promise<TableEntry> {
  const { imported, before, executable } = table
  if (before === null) {
    const object: TableObject = { ...imported, order: null, layout: null }
    return { kind: 'table', executable, table: writeTable(io.writer, object) }
  }
  const edits = new TableEdits(io, tree, options.path, null)
  const rows = await Table.of(io.nodes, imported)
  for await (const batch of rows.scan({ signal: options.signal })) await edits.putAll(batch)
  if (options.replace === true) {
    const old = await Table.of(io.nodes, before)
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
    (await edits.finish(options))?.entry ?? {
      kind: 'table',
      executable,
      table: writeTable(io.writer, before),
    }
  )
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

async function moveTo(
  repo: Repo,
  manifest: Manifest,
  io: Io,
  tree: Tree,
  options: ImportOptions,
): Promise<Move | null> {
  const head = await readHead(io.writer, manifest)
  const operation = { name: 'import', message: options.path }
  const index = manifest.refs.get(indexRef)
  if (index !== undefined) {
    if (index === tree.cid) return null
    const base = manifest.refs.get(indexBaseRef)
    return { refs: new Map(), operation, show: tree.cid, ...(base === undefined ? {} : { over: base }) }
  }
  const before = head.commit?.tree ?? emptyTreeOf(io)
  if (before === tree.cid) return null
  const signature = signatureOf(repo, manifest)
  const parents = head.commit === null ? [] : [head.commit.cid]
  const commit = writeCommit(io.writer, {
    tree: tree.cid,
    parents,
    author: signature,
    committer: signature,
    message: options.message ?? `Import ${options.path}`,
    generation: await nextGeneration(io.writer, parents),
    extra: {},
  })
  return { refs: new Map([[head.ref, commit]]), operation, show: null }
}

export interface ExportOptions extends OperationOptions {
  readonly format: ExchangeFormat
  /** Of a SQLite file: the name of its table; default: the path's last part without its extension. */
  readonly table?: string | undefined
  /** Told what is written in another type than the table's columns have, one sentence each. */
  readonly onNote?: ((note: string) => void) | undefined
}

export async function* exportFrom(
  repo: Repo,
  revision: string,
  path: string,
  options: ExportOptions,
): AsyncGenerator<Uint8Array> {
  const { commit } = await resolveRevision(repo.store, revision)
  const tree = await Tree.load(repo.nodes, (await readCommit(repo.store, commit)).tree)
  const found = await findTable(tree, path)
  if (found === null) throw noTable(path, revision)
  const object = await loadTable(repo.store, found.table)
  const { format, signal, onNote, table = path.replace(/^.*\//, '').replace(/(?<=.)\.[^.]*$/, '') } = options
  if (format === 'parquet') {
    const { writeParquet } = await import('../formats/parquet/write.ts')
    yield* writeParquet(repo.nodes, object, { table, signal, onNote })
  } else if (format === 'sqlite') {
    const { writeSqlite } = await import('../formats/sqlite/write.ts')
    yield* writeSqlite(repo.nodes, object, { table, signal, onNote })
  } else yield* exportTable(repo.nodes, object, format, { signal })
}
