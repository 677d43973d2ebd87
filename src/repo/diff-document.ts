// Two versions of a CSV or TSV file that nobody tracked, by rows and cells: told apart as a merge would tell them, by a
// key that is looked for or in order. null: its lines tell more.
import { concatBytes } from '../base/bytes.ts'
import { collect } from '../base/iterables.ts'
import { formOf } from '../documents/merge-document.ts'
import { diffTableDocuments, type DocumentRowChange } from '../documents/tables/diff-rows.ts'
import { readFile } from '../files/read.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { RowDifference } from '../table/interface.ts'
import type { ChangedPath, PathDiff } from './diff.ts'
import { countRows } from './row-counts.ts'
import type { TableParts } from './table-parts.ts'

/** Larger files are compared by size: to see their rows at once they are tracked. */
const bytesMax = 32 << 20

/** Columns, or the order of the rows. */
function noteOf(keyColumns: readonly string[]): string {
  if (keyColumns.length === 0)
    return 'rows are told apart by their order: no columns are unique in both versions'
  return `rows are told apart by ${keyColumns.join(', ')}, unique in both versions`
}

export async function documentParts(
  nodes: NodeStore,
  { path, before, after }: ChangedPath,
  options: { readonly signal?: AbortSignal | undefined },
): Promise<(TableParts & Pick<PathDiff, 'note'>) | null> {
  if (before?.kind !== 'file' || after?.kind !== 'file' || formOf(path) !== 'table') return null
  if (Math.max(before.size, after.size) > bytesMax || Math.min(before.size, after.size) === 0) return null
  const [old, fresh] = await Promise.all(
    [before, after].map(async (file) => concatBytes(await collect(readFile(nodes, file, options)))),
  )
  const found = diffTableDocuments(old!, fresh!, { name: path })
  if (found.kind === 'unfit') return null
  const rows = (): AsyncGenerator<RowDifference[]> => once(found.changes.map(rowDifference))
  return {
    kind: 'table',
    schemaChanges: found.schemaChanges,
    keyColumns: found.keyColumns.length === 0 ? ['row'] : found.keyColumns,
    note: noteOf(found.keyColumns),
    rows,
    rowCounts: () => countRows(rows()),
  }
}

async function* once<T>(item: T): AsyncGenerator<T> {
  yield item
}

function rowDifference({ kind, key, before, after, cells }: DocumentRowChange): RowDifference {
  return { kind, key, before, after, cells }
}
