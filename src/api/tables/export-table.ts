// Export of tables: rows in key order, in whatever format, as a stream of bytes.
import { exportTable } from '../../formats/export.ts'
import { Tree } from '../../files/tree.ts'
import { findTable, noTable, noTableIn } from '../../repo/find-table.ts'
import type { Repo } from '../../repo/interface.ts'
import { namedTree } from '../../repo/named-tree.ts'
import { loadTable } from '../../table/table-object.ts'
import type { OperationOptions } from '../interface.ts'

/** Formats that rows go in from and out to. */
export type ExchangeFormat = 'csv' | 'tsv' | 'jsonl' | 'parquet' | 'sqlite'

const formats: ReadonlySet<string> = new Set<ExchangeFormat>(['csv', 'tsv', 'jsonl', 'parquet', 'sqlite'])

export interface ExportOptions extends OperationOptions {
  readonly format: ExchangeFormat
  /** In a SQLite file: the name of its table; default: the path's last part without its extension. */
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
  if (!formats.has(options.format)) throw new TypeError(`unknown format '${options.format}'`)
  const root = await namedTree(repo, revision, await repo.store.manifest())
  if (root === null) throw noTable(path, revision)
  const tree = await Tree.load(repo.nodes, root)
  const found = await findTable(tree, path)
  if (found === null) throw await noTableIn(tree, path, revision)
  const object = await loadTable(repo.store, found.table)
  const { format, signal, onNote, table = path.replace(/^.*\//, '').replace(/(?<=.)\.[^.]*$/, '') } = options
  if (format === 'parquet') {
    const { writeParquet } = await import('../../formats/parquet/write.ts')
    yield* writeParquet(repo.nodes, object, { table, signal, onNote })
  } else if (format === 'sqlite') {
    const { writeSqlite } = await import('../../formats/sqlite/write.ts')
    yield* writeSqlite(repo.nodes, object, { table, signal, onNote })
  } else yield* exportTable(repo.nodes, object, format, { signal })
}
