// A file of the worktree as a table: which format it has, and reading it with the key that varve.yaml names. Reading
// proves that the table gives the same bytes back; what cannot be a table is told apart from what breaks its rules.
import { commandWord } from '../../base/command-word.ts'
import { VarveError, isVarveError } from '../../base/errors.ts'
import type { WorkerPool } from '../../base/pool.ts'
import type { Path, TableEntry, TreeEntry } from '../../files/interface.ts'
import { formatOfPath } from '../../formats/formats.ts'
import { NotATable } from '../../formats/not-a-table.ts'
import type { ReadTableResult } from '../../formats/interface.ts'
import { readTable } from '../../formats/read.ts'
import { fileBytesWorthThreads } from '../../formats/slice-jobs.ts'
import { withNewNames } from '../../formats/renamed-columns.ts'
import type { Io } from '../../repo/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import { oneWayOf, withOneWay } from '../../table/one-way.ts'
import { loadTable, writeTable } from '../../table/table-object.ts'
import type { FormatName, TableSetting } from '../../dataset/interface.ts'
import { fileModesOf } from '../file-modes.ts'
import type { Worktree, WorktreeOptions } from '../interface.ts'
import { readSteady } from '../read-file.ts'
import type { FileStat } from '../file-stat.ts'

const partBytes = 1 << 20
const compressed = /\.(gz|zst|bz2|xz)$/i

export interface TableRead {
  readonly entry: TableEntry
  readonly table: TableObject
  readonly rowCount: number
  readonly stat: FileStat
}

/** @throws VarveError VARVE_USAGE when neither the setting nor the extension says it */
export function formatOf(path: Path, setting: TableSetting): FormatName {
  const format = setting.format ?? formatOfPath(path)
  if (format !== null) return format
  throw new VarveError('VARVE_USAGE', `cannot tell the format of the table '${path}'`, {
    data: { path },
    hint: compressed.test(path)
      ? "what is compressed is versioned as a file ('varve add'); unpack it, or read its rows with 'varve import'"
      : "say it in varve.yaml: 'format: csv', 'tsv' or 'jsonl'",
  })
}

export interface TableIo extends Io {
  /** The entry before: column ids, types and layout carry over from a table. */
  readonly previous: TreeEntry | null
  /** Parses in threads, where the file is worth their start. */
  readonly pool: WorkerPool
}

/** @throws NotATable; VarveError VARVE_RULE_VIOLATED with path and line */
export async function readTableFile(
  worktree: Worktree,
  path: Path,
  setting: TableSetting,
  io: TableIo,
  options: WorktreeOptions = {},
): Promise<TableRead> {
  const previous =
    io.previous?.kind === 'table' ? await loadTable(io.nodes.reader, io.previous.table) : undefined
  const format = formatOf(path, setting)
  const read = (known: TableObject | undefined): Promise<{ result: ReadTableResult; stat: FileStat }> =>
    readSteady(
      worktree.root,
      path,
      (source, before) => {
        const { onProgress } = options
        const pool = before.size < fileBytesWorthThreads ? undefined : io.pool
        // A first version is parsed, proved and packed; a further one leaves little to pack.
        pool?.warm(known === undefined ? 2 : 1)
        return readTable(source, {
          format,
          key: [...setting.key],
          writer: io.writer,
          nodes: io.nodes,
          where: path,
          signal: options.signal,
          pool,
          previous: known,
          ...(onProgress === undefined
            ? {}
            : {
                onProgress: (done: number) =>
                  onProgress({ phase: `reading ${path}`, done, total: before.size, unit: 'bytes' }),
              }),
        })
      },
      { signal: options.signal, buffer: new Uint8Array(partBytes) },
    )
  const first = await read(previous)
  const renamed =
    previous === undefined
      ? null
      : await withNewNames(io.nodes, previous, first.result.table, { signal: options.signal })
  const { result, stat } = renamed === null ? first : await read(renamed)
  // An edited file was made of what the table was made of.
  const table = withOneWay(result.table, previous === undefined ? [] : oneWayOf(previous))
  return {
    entry: {
      kind: 'table',
      executable: fileModesOf(worktree).executable(stat, io.previous),
      table: table.oneWay === undefined ? result.cid : writeTable(io.writer, table),
    },
    table,
    rowCount: result.rowCount,
    stat,
  }
}

/** Why the file is kept as plain bytes instead. @throws what is no reason for that, faults of the data with a hint */
export function reasonOf(error: unknown, path: Path, onFault: 'throw' | 'keep as file'): string {
  if (error instanceof NotATable) return error.message
  if (!isVarveError(error, 'VARVE_RULE_VIOLATED')) throw error
  if (onFault === 'keep as file') return error.message
  throw new VarveError(error.code, error.message, {
    data: { ...error.data, path },
    cause: error,
    hint: `${wayOut(error.data['reason'], path)}, or 'varve add --as-file ${commandWord(path)}' to keep it as plain bytes`,
  })
}

function wayOut(reason: unknown, path: Path): string {
  if (reason === 'not-utf8') return 'write the file in UTF-8'
  if (reason !== 'missing-key-column') return 'fix the row'
  return `if it has another name now, say so: 'varve track ${commandWord(path)} --key COLUMN'`
}
