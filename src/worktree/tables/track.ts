// `track` makes a file a table: it reads the file with the key that was named, and only when that works does it write
// the setting into varve.yaml. Staging stays a step of its own, but takes a large table over as it was made here.
import { VarveError, checkList } from '../../base/errors.ts'
import { didYouMean } from '../../base/nearest.ts'
import { WorkerPool } from '../../base/pool.ts'
import { NotATable } from '../../formats/not-a-table.ts'
import type { Path } from '../../files/interface.ts'
import { nearPathAmong } from '../../files/near-path.ts'
import { normalPath } from '../../files/path-selection.ts'
import { operatorOf, withWriter } from '../../repo/context.ts'
import type { ObjectWriter } from '../../store/interface.ts'
import { columnarFormatOf } from '../../dataset/columnar-name.ts'
import type { FormatName } from '../../dataset/interface.ts'
import type { Tracked, Worktree, WorktreeOptions } from '../interface.ts'
import { PathLookup } from '../native.ts'
import { namesBeside } from '../unmatched.ts'
import { readSteady } from '../read-file.ts'
import type { ReadyTable } from './ready-table.ts'
import { StatCache } from '../stat-cache/stat-cache.ts'
import { type TableRead, readTableFile } from './table-file.ts'

export interface TrackOptions extends WorktreeOptions {
  readonly key: readonly string[]
  /** Default: by the file's extension. */
  readonly format?: FormatName | undefined
}

/** @throws VarveError VARVE_PATH_NOT_FOUND, VARVE_RULE_VIOLATED with the line, VARVE_NOT_POSSIBLE when it is no table */
export async function track(worktree: Worktree, named: string, options: TrackOptions): Promise<Tracked> {
  return (await trackFiles(worktree, [existingFile(worktree, named)], options))[0]!
}

/** Of several files with the same key all or none become tables. */
export async function trackFiles(
  worktree: Worktree,
  paths: readonly Path[],
  options: TrackOptions,
): Promise<Tracked[]> {
  checkList(options?.key, "{ key: ['id'] }")
  if (options.key.length === 0) throw new TypeError('a table needs a key of column names')
  const tracked: Tracked[] = []
  for (const path of paths) tracked.push(await readTracked(worktree, path, options))
  const { addTables } = await import('../config-edit.ts')
  addTables(worktree.root, paths, { key: options.key, format: options.format ?? null })
  return tracked
}

async function readTracked(worktree: Worktree, path: Path, options: TrackOptions): Promise<Tracked> {
  if (options.format === undefined && columnarFormatOf(path) !== null)
    return readColumnar(worktree, path, options)
  const setting = { key: options.key, format: options.format ?? null }
  const knownAtMs = Date.now()
  const read = await withWriter(worktree.repo, async (writer, nodes) => {
    const pool = new WorkerPool()
    try {
      const made = await readTableFile(
        worktree,
        path,
        setting,
        { writer, nodes, pool, previous: null },
        options,
      )
      await keepReady(worktree, path, { writer, made, setting, knownAtMs })
      return made
    } catch (error) {
      if (!(error instanceof NotATable)) throw error
      throw new VarveError('VARVE_NOT_POSSIBLE', `'${path}' cannot be a table: ${error.message}`, {
        data: { path, reason: error.reason, line: error.line },
        cause: error,
        hint: "it can still be added as a file: 'varve add'",
      })
    } finally {
      await pool.close()
    }
  })
  return {
    path,
    key: [...options.key],
    columns: read.table.schema.columns.map(({ name, type }) => ({ name, type })),
    rows: read.rowCount,
  }
}

/** A large file need not be read once more when it is added; of a small one nothing is kept. */
async function keepReady(
  worktree: Worktree,
  path: Path,
  {
    writer,
    made,
    ...known
  }: Pick<ReadyTable, 'setting' | 'knownAtMs'> & { writer: ObjectWriter; made: TableRead },
): Promise<void> {
  const { stat, entry } = made
  const cache = await StatCache.open(worktree, { paths: 1, bytes: stat.size })
  try {
    if (!cache.isOpen) return
    const { gcEpoch } = await worktree.repo.store.update(
      (manifest) => ({
        operation: { name: 'track', message: path, author: operatorOf(worktree.repo, manifest) },
      }),
      { writer },
    )
    cache.setReady(path, { ...known, table: entry.table, stat, gcEpoch })
  } finally {
    await cache.close()
  }
}

/**
 * The key of a Parquet file, which stays a file: `diff` goes by it. That its values are there and unique is proved. A
 * SQLite file names the keys of its tables itself.
 */
async function readColumnar(worktree: Worktree, path: string, options: TrackOptions): Promise<Tracked> {
  if (columnarFormatOf(path) !== 'parquet') {
    throw new VarveError(
      'VARVE_NOT_POSSIBLE',
      `'${path}' is a SQLite file, whose tables have keys of their own`,
      {
        data: { path },
        hint: "'varve diff' compares it by them; to keep a table of it, use 'varve import'",
      },
    )
  }
  const { openColumnar } = await import('../../formats/columnar/open.ts')
  const { readCells } = await import('../../formats/columnar/read-cells.ts')
  const { key, signal } = options
  const { result } = await readSteady(
    worktree.root,
    path,
    async (source) => {
      const file = await openColumnar(source, { format: 'parquet', where: path, signal })
      try {
        const cells = file.table('')
        await withWriter(worktree.repo, (writer, nodes) =>
          readCells(cells, { key, writer, nodes, where: path, signal }),
        )
        return { columns: [...cells.columns], rows: cells.rowCount }
      } finally {
        await file.close()
      }
    },
    { signal, buffer: new Uint8Array(1 << 20) },
  )
  return { path, key: [...key], ...result }
}

/** Takes the setting out of varve.yaml; the next `add` keeps the file as plain bytes. */
export async function untrack(worktree: Worktree, named: string): Promise<void> {
  const { removeTable } = await import('../config-edit.ts')
  removeTable(worktree.root, normalPath(named))
}

export function existingFile(worktree: Worktree, named: string): string {
  const path = normalPath(named)
  const stat = path === '' ? null : new PathLookup(worktree.root).look(path)
  if (stat?.isFile() === true) return path
  if (path === '' || stat?.isDirectory() === true) {
    throw new VarveError('VARVE_PATH_NOT_FOUND', `'${named}' is a folder`, {
      data: { path: named },
      hint: "a table is one file; for all files of a folder write a pattern into varve.yaml: 'FOLDER/*.csv'",
    })
  }
  if (stat?.isSymbolicLink() === true) {
    throw new VarveError('VARVE_NOT_POSSIBLE', `'${named}' is a symlink, which is kept as one`, {
      data: { path: named },
      hint: 'track the file that it points to, if that is in this folder too',
    })
  }
  throw new VarveError('VARVE_PATH_NOT_FOUND', `no such file: '${named}'`, {
    data: { path: named },
    hint: didYouMean(
      nearPathAmong(namesBeside(worktree.root, path), path),
      "paths are relative to the current folder; 'varve import FILE --as PATH' makes a table of a file elsewhere",
    ),
  })
}
