// Two versions of a CSV or TSV file that nobody tracked, by rows and cells: told apart as a merge would tell them, by a
// key that is looked for or in order. null: its lines tell more.
import { concatBytes } from '../../base/bytes.ts'
import { batches, collect, eachOf } from '../../base/iterables.ts'
import type { WorkerPool } from '../../base/pool.ts'
import { formOf } from '../../documents/form.ts'
import type { TableDocumentDiff } from '../../documents/tables/diff-rows.ts'
import { readFile } from '../../files/read.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import type { RowDifference } from '../../table/interface.ts'
import type { ChangedPath, DiffTreesOptions, PathDiff } from './diff.ts'
import { type RowCounts, countRows } from './row-counts.ts'
import type { TableParts } from './table-parts.ts'

/** Larger files are compared by size: to see their rows at once they are tracked. */
const bytesMax = 32 << 20
const rowsAtOnce = 256

/** A note on how rows are told apart: by columns, or by their order. */
function noteOf(keyColumns: readonly string[]): string {
  if (keyColumns.length === 0)
    return 'rows are told apart by their order: no columns are unique in both versions'
  return `rows are told apart by ${keyColumns.join(', ')}, unique in both versions`
}

export async function documentParts(
  nodes: NodeStore,
  { path, before, after }: ChangedPath,
  { threads, signal, rowsBytesMax = bytesMax }: DiffTreesOptions,
): Promise<(TableParts & Pick<PathDiff, 'note'>) | null> {
  if (before?.kind !== 'file' || after?.kind !== 'file' || formOf(path) !== 'table') return null
  if (Math.max(before.size, after.size) > Math.min(bytesMax, rowsBytesMax)) return null
  if (Math.min(before.size, after.size) === 0) return null
  const [old, fresh] = await Promise.all(
    [before, after].map(async (file) => concatBytes(await collect(readFile(nodes, file, { signal })))),
  )
  const found = await comparison(old!, fresh!, path, threads)
  if (found === null) return null
  const { schemaChanges, keyColumns, rows, rowCounts } = found
  return {
    kind: 'table',
    schemaChanges,
    keyColumns: keyColumns.length === 0 ? ['row'] : keyColumns,
    note: noteOf(keyColumns),
    rows: (options) => leavingOut(rows(), options?.skip ?? 0),
    rowCounts,
  }
}

interface Compared extends Pick<TableDocumentDiff, 'schemaChanges' | 'keyColumns'> {
  readonly rows: () => AsyncGenerator<RowDifference[]>
  readonly rowCounts: () => Promise<RowCounts>
}

/** Compares by rows; null when that cannot be done. */
async function comparison(
  old: Uint8Array,
  fresh: Uint8Array,
  path: string,
  threads: WorkerPool | undefined,
): Promise<Compared | null> {
  if (threads !== undefined) {
    const { packRows, unpackRows } = await import('../../documents/packed-comparison.ts')
    const packed = await threads.run('packRows', packRows, [old, fresh, path])
    if (packed.kind === 'unfit') return null
    return { ...packed, rows: () => eachOf(unpackRows(packed)), rowCounts: async () => packed.counts }
  }
  const { diffTableDocuments } = await import('../../documents/tables/diff-rows.ts')
  const found = diffTableDocuments(old, fresh, { name: path })
  if (found.kind === 'unfit') return null
  const rows = (): AsyncGenerator<RowDifference[]> => batches(found.changes, rowsAtOnce)
  return { ...found, rows, rowCounts: () => countRows(rows()) }
}

async function* leavingOut<T>(all: AsyncIterable<readonly T[]>, count: number): AsyncGenerator<T[]> {
  let left = count
  for await (const batch of all) {
    if (left < batch.length) yield batch.slice(left)
    left = Math.max(0, left - batch.length)
  }
}
