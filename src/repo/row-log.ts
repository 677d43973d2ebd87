// The commits that added, changed or removed one row of a table, or one cell of it, newest first, each with what it
// did. Versions of the table are compared at that row alone: O(log n) each, and nothing where they share it. The row
// is followed through renames of the table, through columns that got other names, and through another key. A merge
// counts when the row is as in none of its parents.
import { commandWord } from '../base/command-word.ts'
import { toHex } from '../base/bytes.ts'
import { VarveError } from '../base/errors.ts'
import { type CommitCid, digestHex } from '../encoding/cid.ts'
import type { Path } from '../files/interface.ts'
import { walkCommits } from '../history/ancestry.ts'
import { readParents } from '../history/horizon.ts'
import type { Commit } from '../history/interface.ts'
import { encodeRowKey, rowKeyText, type RowKey } from '../table/row-key.ts'
import { type KnownRow, type RowChange, asAsked, stepRow } from '../table/row-step.ts'
import type { Table } from '../table/table.ts'
import { noColumn } from './blame-table.ts'
import { passes } from './commit-filter.ts'
import type { Io, Repo } from './interface.ts'
import { type LogOptions, logEnds } from './log.ts'
import { PathOrigins, type PathVersion, isSameContent } from './path-origin.ts'
import { TableVersions, notATable } from './table-versions.ts'

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
  const { from, exclude } = await logEnds(repo, options)
  // Files that are read as tables leave their nodes in a writer that is thrown away.
  const writer = repo.store.writer()
  try {
    const history = new RowHistory(repo, { writer, nodes: repo.nodes.through(writer) }, path, options)
    const walk = walkCommits(repo.store, from, {
      exclude,
      firstParent: options.firstParent === true,
      signal: options.signal,
    })
    let [count, found] = [0, false]
    for await (const commit of walk) {
      if (options.until?.({ id: digestHex(commit.cid) }) === true) return
      for (const entry of await history.changesOf(commit)) {
        found = true
        if (!passes(commit, options)) continue
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
}

class RowHistory {
  readonly #repo: Repo
  readonly #path: Path
  readonly #options: RowLogOptions
  readonly #origins: PathOrigins
  readonly #versions: TableVersions
  /** By commit: what its children know the row as. */
  readonly #tracked = new Map<CommitCid, Map<string, Tracked>>()
  /** The newest one that was met. */
  #table: Table | null = null
  #isFile = false

  constructor(repo: Repo, io: Io, path: Path, options: RowLogOptions) {
    this.#repo = repo
    this.#path = path
    this.#options = options
    this.#origins = new PathOrigins(repo.nodes, options)
    this.#versions = new TableVersions(io, options)
  }

  async changesOf(commit: Commit): Promise<RowLogEntry[]> {
    const start: Tracked = { path: this.#path, row: asAsked, like: null }
    const tracked = [...(this.#tracked.get(commit.cid)?.values() ?? [start])]
    this.#tracked.delete(commit.cid)
    const { firstParent } = this.#options
    const parents = await readParents(this.#repo.store, commit, { firstParent })
    const entries: RowLogEntry[] = []
    for (const one of tracked) {
      const change = await this.#changeOf(commit, parents, one)
      if (change !== null) entries.push({ commit, path: one.path, change })
    }
    return entries
  }

  /** null: some parent has the row as it is here. */
  async #changeOf(commit: Commit, parents: readonly Commit[], one: Tracked): Promise<RowChange | null> {
    const version = await this.#origins.versionIn(commit, one.path)
    if (parents.length === 0) return (await this.#step(null, version, one)).change
    let first: RowChange | null = null
    let isInherited = false
    for (const parent of parents) {
      const origin = await this.#origins.originIn(parent, commit, version)
      if (isSameContent(origin.entry, version.entry)) {
        this.#track(parent, { ...one, path: origin.path })
        isInherited = true
        continue
      }
      const { change, next } = await this.#step(origin, version, one)
      this.#track(parent, next)
      isInherited ||= change === null
      first ??= change
    }
    return isInherited ? null : first
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
    return { change, next: { path: origin?.path ?? one.path, row, like: before ?? after ?? one.like } }
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

  #track(parent: Commit, one: Tracked): void {
    const known = this.#tracked.get(parent.cid) ?? new Map<string, Tracked>()
    const { key, column } = one.row
    known.set(`${one.path} ${key === null ? '' : toHex(key)} ${column}`, one)
    this.#tracked.set(parent.cid, known)
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
