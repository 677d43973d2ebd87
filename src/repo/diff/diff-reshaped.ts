// A file that became a table, or a table that is a plain file again, by rows: the file is read as that table. Its rows
// go into a writer that the caller throws away. null: it cannot be read so, and its size tells more.
import type { TreeEntry } from '../../files/interface.ts'
import { readFileAsTable } from '../../merge/tables/file-as-table.ts'
import { loadTable } from '../../table/table-object.ts'
import type { Io } from '../interface.ts'
import type { ChangedPath, DiffTreesOptions, PathDiff } from './diff.ts'
import { type TableParts, partsOfTables } from './table-parts.ts'

/** Larger files are compared by size: who tracks one would wait for it to be read twice. */
const bytesMax = 32 << 20

export function isReshaped({ before, after }: Pick<ChangedPath, 'before' | 'after'>): boolean {
  return isPair(before, after) || isPair(after, before)
}

function isPair(file: TreeEntry | null, table: TreeEntry | null): boolean {
  return file?.kind === 'file' && table?.kind === 'table'
}

export async function reshapedParts(
  io: Io,
  { path, from, before, after }: ChangedPath,
  { signal, rowsBytesMax = bytesMax }: Pick<DiffTreesOptions, 'signal' | 'rowsBytesMax'>,
): Promise<(TableParts & Pick<PathDiff, 'note'>) | null> {
  const isMade = after?.kind === 'table'
  const [file, made] = isMade ? [before, after] : [after, before]
  if (file?.kind !== 'file' || made?.kind !== 'table' || file.size > Math.min(bytesMax, rowsBytesMax))
    return null
  const like = await loadTable(io.nodes.reader, made.table, { signal })
  const read = await readFileAsTable(
    io,
    { path: isMade ? (from ?? path) : path, entry: file, like },
    { signal },
  )
  if (read === null) return null
  const [a, b] = isMade ? [read.table, like] : [like, read.table]
  return { ...partsOfTables(io.nodes, a, b, { signal }), note: isMade ? 'a table now' : 'a plain file now' }
}
