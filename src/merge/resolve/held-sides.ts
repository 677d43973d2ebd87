// What a tree holds in the places of conflicts: the file, the row, the cell. Somebody who edits a file and adds it
// resolves its conflicts so.
import type { Path } from '../../files/interface.ts'
import { encodeEntry } from '../../files/entry.ts'
import type { Tree } from '../../files/tree.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import type { ReadOptions } from '../../store/interface.ts'
import { absentSlot, decodeRow } from '../../table/row.ts'
import { type RowShape, rowShape } from '../../table/rows.ts'
import { loadTable } from '../../table/table-object.ts'
import type { ConflictRecord, StoredSide } from '../conflicts/conflict-record.ts'
import type { TableSchemas } from './table-schemas.ts'

export class HeldSides {
  readonly #nodes: NodeStore
  readonly #tree: Tree
  readonly #merged: TableSchemas
  readonly #options: ReadOptions
  #table: { path: Path; shape: RowShape; rows: ProllyMap } | null = null

  /** `merged` knows the tables as the merge made them: rows of conflicts are rows of those. */
  constructor(nodes: NodeStore, tree: Tree, merged: TableSchemas, options: ReadOptions = {}) {
    this.#nodes = nodes
    this.#tree = tree
    this.#merged = merged
    this.#options = options
  }

  /** null: there is no value; undefined: the place itself is gone, or has another kind. */
  async at({ kind, path, key, text }: ConflictRecord): Promise<StoredSide | null | undefined> {
    // Where a part of a file is after somebody edited it, nobody can tell.
    if (kind === 'part') return undefined
    if (kind === 'file' || kind === 'schema') {
      const entry = await this.#tree.get(path, this.#options)
      return entry === null ? null : encodeEntry(entry)
    }
    const table = await this.#tableAt(path)
    if (table === null) return undefined
    const row = await table.rows.get(key, this.#options)
    if (kind !== 'cell') {
      if (!(await this.#isOfMergedColumns(path, table.shape))) return undefined
      return row === null ? null : { value: row.value.slice(), links: row.links }
    }
    const place = table.shape.values.findIndex(({ name }) => name === text)
    if (row === null || place < 0) return undefined
    const { cells } = decodeRow(row.value, row.links, table.shape.values.length)
    const { spelling, link } = cells[place] ?? absentSlot
    return { value: spelling.slice(), links: link === null ? [] : [link] }
  }

  async #tableAt(path: Path): Promise<{ shape: RowShape; rows: ProllyMap } | null> {
    if (this.#table?.path === path) return this.#table
    const entry = await this.#tree.get(path, this.#options)
    if (entry?.kind !== 'table') return null
    const table = await loadTable(this.#nodes.reader, entry.table, this.#options)
    const rows = await ProllyMap.load(this.#nodes, table.rows, this.#options)
    this.#table = { path, shape: rowShape(table.schema), rows }
    return this.#table
  }

  async #isOfMergedColumns(path: Path, shape: RowShape): Promise<boolean> {
    const merged = await this.#merged.find(path)
    const names = ({ values }: RowShape): string => JSON.stringify(values.map(({ name }) => name))
    return merged !== null && names(merged) === names(shape)
  }
}
