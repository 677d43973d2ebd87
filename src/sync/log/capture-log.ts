// The endpoint's tables as they are a number of transactions later, by its log: only rows that it names are touched. A
// table of which the log says too little ends it: what was read then counts for nothing.
import type { LogReader } from '../../connectors/change-log.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import type { Io } from '../../repo/interface.ts'
import type { SyncOptions } from '../interface.ts'
import { type LinkedTable, tableAt } from '../tables/link-tables.ts'
import { TableChanges } from './table-changes.ts'

export interface CapturedLog {
  readonly captured: Tree
  /** Behind all that was read. */
  readonly position: string
  readonly transactions: number
  /** When the last of them was committed there, in ms since 1970; null without any. */
  readonly committedMs: number | null
}

export interface LogWish {
  readonly reader: LogReader
  /** Tables to follow, in the order of `before`. */
  readonly tables: readonly LinkedTable[]
  readonly before: Tree
  readonly until: string
  readonly link: string
}

/** The reason, for people, where the log is not enough. */
export async function captureLog(io: Io, wish: LogWish, options: SyncOptions): Promise<CapturedLog | string> {
  const { reader, tables, before, until, link } = wish
  const changes = new Map<string, { readonly path: Path; readonly rows: TableChanges }>()
  const rowsOf = async (name: string): Promise<TableChanges | null> => {
    const known = changes.get(name)
    if (known !== undefined) return known.rows
    const linked = tables.find(({ table }) => table.name === name)
    if (linked === undefined) return null
    const { table, path } = linked
    const rows = await TableChanges.of(io, table, (await tableAt(io, before, path))!, `${link}: ${name}`)
    changes.set(name, { path, rows })
    return rows
  }
  let position = until
  let transactions = 0
  let committedMs: number | null = null
  let done = 0
  for await (const part of reader.read(until, options.signal)) {
    for (const change of part.changes) {
      const rows = await rowsOf(change.table)
      rows?.add(change)
      if (rows?.isFull === true) await rows.flush()
      if (rows?.unclear) return `'${change.table}': ${rows.unclear}`
    }
    done += part.changes.length
    if (done > 0) options.onProgress?.({ phase: 'reading the log', done, total: 0, unit: 'rows' })
    if (part.position !== null) position = part.position
    if (part.committedMs !== null) {
      transactions++
      committedMs = part.committedMs
    }
  }
  const entries = new Map<Path, TreeEntry>()
  for (const [name, { path, rows }] of changes) {
    await rows.flush()
    if (rows.unclear !== null) return `'${name}': ${rows.unclear}`
    entries.set(path, { kind: 'table', executable: false, table: rows.write() })
  }
  const captured = entries.size === 0 ? before : await before.update(io.writer, entries)
  return { captured, position, transactions, committedMs }
}
