// The commits that added, changed or removed one row of a table, or one cell of it, newest first, each with what it
// did. Versions of the table are compared at that row alone: O(log n) each, and nothing where they share it. The row
// is followed through renames of the table, through columns that got other names, and through another key. A merge
// counts when the row is as in none of its parents.
import { commandWord } from '../../base/command-word.ts'
import { toHex } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import { digestHex } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import { walkGraph } from '../../history/ancestry.ts'
import { type Slot, graphOf } from '../../history/commit-graph.ts'
import type { Commit } from '../../history/interface.ts'
import { encodeRowKey, rowKeyText, type RowKey } from '../../table/row-key.ts'
import { type KnownRow, type RowChange, asAsked, stepRow } from '../../table/row-step.ts'
import type { Table } from '../../table/table.ts'
import { noColumn } from '../../table/no-column.ts'
import { commitTest } from './commit-filter.ts'
import { type RowProbe, rowProbeOf } from './changed-rows.ts'
import type { Io, Repo } from '../interface.ts'
import { type LogOptions, logEnds } from './log.ts'
import { type Parent, PathOrigins, type PathVersion, isSameContent } from './path-origin.ts'
import { TableVersions, notATable } from '../blame/table-versions.ts'

export interface RowLogOptions extends Omit<LogOptions, 'path'> {
  readonly key: RowKey
  /** Only changes of this cell. */
  readonly column?: string | undefined
}

export interface RowLogEntry {
  readonly commit: Commit
  /** The table's path in that commit. */
  readonly path: Path
  /** Against the first parent. With a column, `cells` has it alone, also of a row that was added or removed. */
  readonly change: RowChange
}

/** @throws VarveError VARVE_USAGE, VARVE_PATH_NOT_FOUND when no version has such a table, column or row */
export async function* rowLog(repo: Repo, path: Path, options: RowLogOptions): AsyncGenerator<RowLogEntry> {
  const limit = options.limit ?? Number.POSITIVE_INFINITY
  if (limit <= 0) return
  const passes = await commitTest(options)
  const { from, exclude } = await logEnds(repo, options)
  // Files that are read as tables leave their nodes in a writer that is thrown away.
  const writer = repo.store.writer()
  try {
    const graph = graphOf(repo.store, { whole: true })
    const io = { writer, nodes: repo.nodes.through(writer) }
    const history = new RowHistory(io, new PathOrigins(repo.nodes, graph, options), path, options)
    const { signal, firstParent } = options
    const walk = walkGraph(graph, repo.store, from, { exclude, firstParent: firstParent === true, signal })
    let [count, found] = [0, false]
    for await (const slot of walk) {
      if (options.until?.({ id: digestHex(graph.cidOf(slot)) }) === true) return
      if (history.passesOver(slot)) continue
      for (const entry of await history.changesOf(slot)) {
        found = true
        if (!passes(entry.commit)) continue
        yield entry
        if (++count >= limit) return
      }
    }
    if (!found && exclude.length === 0) throw history.nothingFound()
  } finally {
    await writer.abort()
  }
}

interface Tracked {
  readonly path: Path
  readonly row: KnownRow
  /** The table as of the nearest newer version that was one. */
  readonly like: Table | null
  /** What tells it from others of a commit. */
  readonly name: string
  /** null: under which key the version has the row, and which column is meant, has to be looked up. */
  readonly probe: RowProbe | null
}

function tracked(path: Path, row: KnownRow, like: Table | null, column: string | undefined): Tracked {
  const name = `${path} ${row.key === null ? '' : toHex(row.key)} ${row.column}`
  const isResolved = row.key !== null && (column === undefined || row.column !== null)
  return { path, row, like, name, probe: isResolved ? rowProbeOf(path, row.key) : null }
}

class RowHistory {
  readonly #start: Tracked
  readonly #path: Path
  readonly #options: RowLogOptions
  readonly #origins: PathOrigins
  readonly #versions: TableVersions
  /** By commit: what its children know the row as. */
  readonly #tracked = new Map<Slot, Map<string, Tracked>>()
  /** The newest one that was met. */
  #table: Table | null = null
  #isFile = false

  constructor(io: Io, origins: PathOrigins, path: Path, options: RowLogOptions) {
    this.#start = tracked(path, asAsked, null, options.column)
    this.#path = path
    this.#options = options
    this.#origins = origins
    this.#versions = new TableVersions(io, options)
  }

  /** Whether the commit surely does not change the row. When it is false, `changesOf` has to find out. */
  passesOver(slot: Slot): boolean {
    const known = this.#tracked.get(slot)
    if (known === undefined || known.size > 1) return false
    const [one] = known.values()
    const parents = this.#origins.twinsOf(slot, one!.path, one!.probe)
    if (parents === null) return false
    this.#tracked.delete(slot)
    for (const parent of parents) this.#track(parent, one!)
    return true
  }

  async changesOf(slot: Slot): Promise<RowLogEntry[]> {
    const known = [...(this.#tracked.get(slot)?.values() ?? [this.#start])]
    this.#tracked.delete(slot)
    const parents = await this.#origins.parentsOf(slot)
    const entries: RowLogEntry[] = []
    for (const one of known) {
      const change = await this.#changeOf(slot, parents, one)
      if (change !== null)
        entries.push({ commit: await this.#origins.commitOf(slot), path: one.path, change })
    }
    return entries
  }

  /** The row's change in this commit; null when some parent has the row as it is here. */
  async #changeOf(slot: Slot, parents: readonly Parent[], one: Tracked): Promise<RowChange | null> {
    if (parents.length === 0)
      return (await this.#step(null, await this.#origins.versionIn(slot, one.path), one)).change
    let first: RowChange | null = null
    let isInherited = false
    for (const parent of parents) {
      if (!(await this.#mayDiffer(slot, parent, one))) {
        this.#track(parent.slot, one)
        isInherited = true
        continue
      }
      const version = await this.#origins.versionIn(slot, one.path)
      const origin = await this.#origins.originIn(parent, slot, version)
      if (isSameContent(origin.entry, version.entry)) {
        this.#track(parent.slot, tracked(origin.path, one.row, one.like, this.#options.column))
        isInherited = true
        continue
      }
      const { change, next } = await this.#step(origin, version, one)
      this.#track(parent.slot, next)
      isInherited ||= change === null
      first ??= change
    }
    return isInherited ? null : first
  }

  async #mayDiffer(slot: Slot, parent: Parent, { path, probe }: Tracked): Promise<boolean> {
    if (!(await this.#origins.mayDiffer(slot, parent, path))) return false
    return probe === null || this.#origins.rowMayDiffer(slot, parent, probe)
  }

  async #step(
    origin: PathVersion | null,
    version: PathVersion,
    one: Tracked,
  ): Promise<{ change: RowChange | null; next: Tracked }> {
    let after = await this.#tableOf(version, one.like)
    const before = origin === null ? null : await this.#tableOf(origin, after ?? one.like)
    after ??= await this.#tableOf(version, before)
    const question = { key: this.#options.key, column: this.#options.column, path: one.path }
    const { change, row } = await stepRow(question, before, after, one.row, { signal: this.#options.signal })
    const next = tracked(origin?.path ?? one.path, row, before ?? after ?? one.like, question.column)
    return { change, next }
  }

  /** The first table that is met must have the column, and a key like the one given. */
  async #tableOf(version: PathVersion, like: Table | null): Promise<Table | null> {
    if (version.entry?.kind === 'file') this.#isFile = true
    const table = await this.#versions.of(version, like)
    if (table === null || this.#table !== null) return table
    this.#table = table
    const { key, column } = this.#options
    encodeRowKey(table.shape, key, this.#path)
    const { columns } = table.schema
    if (column !== undefined && !columns.some(({ name }) => name === column))
      throw noColumn(this.#path, column, columns)
    return table
  }

  #track(parent: Slot, one: Tracked): void {
    const known = this.#tracked.get(parent)
    if (known === undefined) this.#tracked.set(parent, new Map([[one.name, one]]))
    else known.set(one.name, one)
  }

  nothingFound(): VarveError {
    if (this.#table !== null) {
      const text = rowKeyText(this.#table.shape, this.#options.key)
      return new VarveError('VARVE_PATH_NOT_FOUND', `'${this.#path}' never had a row ${text}`, {
        data: { path: this.#path },
        hint: `see its rows with 'varve export ${commandWord(this.#path)}'`,
      })
    }
    if (this.#isFile) return notATable(this.#path)
    return new VarveError('VARVE_PATH_NOT_FOUND', `no table '${this.#path}' in this history`, {
      data: { path: this.#path },
      hint: "see what is there with 'varve ls'",
    })
  }
}
