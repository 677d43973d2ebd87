// The endpoint's tables some transactions later, by its log: only rows that it names are touched. If the log tells too
// little about a table, reading ends, and what was read is discarded.
import { throwIfAborted } from '../../base/errors.ts'
import { isTurnOver, yieldIfDue } from '../../base/turns.ts'
import type { LogChange, LogReader, LogTransaction } from '../../connectors/change-log.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import type { Io } from '../../repo/interface.ts'
import type { ObjectWriter } from '../../store/interface.ts'
import type { UnfitOfTable, UnfitTables } from '../capture/unfit-tables.ts'
import { type Link, type SyncOptions, keepsTransactions } from '../interface.ts'
import { type LinkedTable, tableAt } from '../tables/link-tables.ts'
import { TableChanges } from './table-changes.ts'

export interface CapturedLog {
  readonly captured: Tree
  /** Behind all that was read. */
  readonly position: string
  /** The names of tables that the log told of, and that are not followed. */
  readonly passed: ReadonlySet<string>
  /** When the link keeps each transaction by itself: those that changed something, oldest first. */
  readonly transactions: readonly CapturedTransaction[]
  /** For tables that the log told of: the rows that cannot be kept. */
  readonly unfit: ReadonlyMap<Path, UnfitOfTable>
}

export interface CapturedTransaction extends LogTransaction {
  /** The endpoint's tables behind it. */
  readonly tree: Cid
}

export interface CaptureLogInput {
  readonly reader: LogReader
  /** Tables to follow, in the order of `before`. */
  readonly tables: readonly LinkedTable[]
  readonly before: Tree
  /** As `before`. */
  readonly unfit: UnfitTables
  /** For what there is no room for in memory; nothing of it is published. */
  readonly scratch: ObjectWriter
  readonly until: string
  readonly link: Link
}

/** Reads the log up to `until`. A text says, for people, why the log is not enough. */
export async function captureLog(
  io: Io,
  input: CaptureLogInput,
  options: SyncOptions,
): Promise<CapturedLog | string> {
  const { reader, before, until, link } = input
  const rows = new LoggedRows(io, input, options.signal)
  const transactions: CapturedTransaction[] = []
  let position = until
  let known = before.cid
  let done = 0
  for await (const part of reader.read(until, options.signal)) {
    const reason = await rows.add(part.changes)
    if (reason !== null) return reason
    done += part.changes.length
    if (done > 0) options.onProgress?.({ phase: 'reading the log', done, total: 0, unit: 'rows' })
    if (part.position !== null) position = part.position
    if (!keepsTransactions(link) || part.transaction === null) continue
    const tree = await rows.written()
    if (typeof tree === 'string') return tree
    if (tree.cid !== known) transactions.push({ ...part.transaction, tree: tree.cid })
    known = tree.cid
  }
  const captured = await rows.written()
  if (typeof captured === 'string') return captured
  return { captured, position, passed: rows.passed, transactions, unfit: rows.unfit }
}

interface Followed {
  readonly path: Path
  readonly rows: TableChanges
}

/** Gathers the changes of all tables until they are needed in a tree. */
class LoggedRows {
  readonly #io: Io
  readonly #input: CaptureLogInput
  readonly #followed = new Map<string, Followed | null>()
  readonly #changed = new Set<Followed>()
  readonly passed = new Set<string>()
  readonly #signal: AbortSignal | undefined
  #tree: Tree

  constructor(io: Io, input: CaptureLogInput, signal: AbortSignal | undefined) {
    this.#io = io
    this.#input = input
    this.#signal = signal
    this.#tree = input.before
  }

  get unfit(): Map<Path, UnfitOfTable> {
    const told = [...this.#followed.values()].filter((one) => one !== null)
    return new Map(told.map(({ path, rows }) => [path, rows.unfit]))
  }

  /** Adds changes; returns why the log is not enough, or null when it is. */
  async add(changes: readonly LogChange[]): Promise<string | null> {
    for (const change of changes) {
      // A transaction of a million rows lies in memory, and waits for nobody: others have their turn all the same.
      if (isTurnOver()) await this.#rest()
      const known = this.#followed.get(change.table)
      const followed = known === undefined ? await this.#follow(change.table) : known
      if (followed === null) continue
      const { rows } = followed
      this.#changed.add(followed)
      if (rows.looksBack(change)) await rows.flush()
      rows.add(change)
      if (rows.isFull) await rows.makeRoom()
      const reason = unclear(change.table, rows)
      if (reason !== null) return reason
    }
    return null
  }

  async #rest(): Promise<void> {
    await yieldIfDue()
    throwIfAborted(this.#signal)
  }

  /** The tree with all changes in it; a text says why the log is not enough. */
  async written(): Promise<Tree | string> {
    const entries = new Map<Path, TreeEntry>()
    for (const { path, rows } of this.#changed) {
      await rows.flush()
      const reason = unclear(path, rows)
      if (reason !== null) return reason
      entries.set(path, { kind: 'table', executable: false, table: rows.write() })
    }
    this.#changed.clear()
    if (entries.size > 0) this.#tree = await this.#tree.update(this.#io.writer, entries)
    return this.#tree
  }

  async #follow(name: string): Promise<Followed | null> {
    const { tables, before, link, unfit, scratch } = this.#input
    const linked = tables.find(({ table }) => table.name === name)
    if (linked === undefined) {
      this.#followed.set(name, null)
      this.passed.add(name)
      return null
    }
    const { table, path } = linked
    const stored = (await tableAt(this.#io, before, path))!
    const where = `${link.name}: ${name}`
    const keepsSpelling = link.mode !== 'capture'
    const known = { table, scratch, where, unfit: unfit.of(path), keepsSpelling }
    const rows = await TableChanges.of(this.#io, stored, known)
    const followed = { path, rows }
    this.#followed.set(name, followed)
    return followed
  }
}

function unclear(table: string, rows: TableChanges): string | null {
  return rows.unclear === null ? null : `'${table}': ${rows.unclear}`
}
