// A handle on one table: its object, and the map of its rows. It never changes; edits give another table object.
import { yieldIfDue } from '../base/turns.ts'
import type { Cid } from '../encoding/cid.ts'
import { entryAt } from '../prolly/entry-batch.ts'
import type { Entry, KeyRange } from '../prolly/interface.ts'
import { ProllyMap } from '../prolly/map.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { ReadOptions } from '../store/interface.ts'
import { contentRuns, entryContentBytes } from './content-runs.ts'
import type { Row, Schema, TableObject, Value } from './interface.ts'
import { entriesToRows, keyOfValues, prefixOfValues, type RowShape, rowShape } from './rows.ts'
import { loadTable } from './table-object.ts'

/**
 * Half-open: rows whose key is not below `from` and below `before`. Leading parts of a composite key are enough: they
 * stand before every key that begins with them.
 */
export interface RowRange {
  readonly from?: Value | readonly Value[] | undefined
  readonly before?: Value | readonly Value[] | undefined
}

export interface RowScanOptions extends RowRange, ReadOptions {
  readonly reverse?: boolean
}

export class Table {
  readonly nodes: NodeStore
  readonly object: TableObject
  readonly map: ProllyMap
  readonly shape: RowShape

  private constructor(nodes: NodeStore, object: TableObject, map: ProllyMap) {
    this.nodes = nodes
    this.object = object
    this.map = map
    this.shape = rowShape(object.schema)
  }

  static async load(nodes: NodeStore, cid: Cid, options: ReadOptions = {}): Promise<Table> {
    return Table.of(nodes, await loadTable(nodes.reader, cid, options), options)
  }

  static async of(nodes: NodeStore, object: TableObject, options: ReadOptions = {}): Promise<Table> {
    return new Table(nodes, object, await ProllyMap.load(nodes, object.rows, options))
  }

  get schema(): Schema {
    return this.object.schema
  }

  get count(): number {
    return this.map.count
  }

  async get(key: Value | readonly Value[], options: ReadOptions = {}): Promise<Row | null> {
    const entry = await this.map.get(keyOfValues(this.shape, keyParts(key)), options)
    if (entry === null) return null
    const [row] = await entriesToRows(this.shape, [entry], this.nodes.reader, options)
    return row!
  }

  /** In the order asked for, with one read a level of the tree. */
  async getMany(
    keys: readonly (Value | readonly Value[])[],
    options: ReadOptions = {},
  ): Promise<(Row | null)[]> {
    const found = await this.map.getMany(
      keys.map((key) => keyOfValues(this.shape, keyParts(key))),
      options,
    )
    const present = found.filter((entry): entry is Entry => entry !== null)
    const rows = (await entriesToRows(this.shape, present, this.nodes.reader, options)).values()
    return found.map((entry) => (entry === null ? null : rows.next().value!))
  }

  /** Rows in key order, in batches. */
  async *scan(options: RowScanOptions = {}): AsyncGenerator<Row[]> {
    const { reverse, signal } = options
    const range = { ...this.keyRange(options), ...(reverse === undefined ? {} : { reverse }), signal }
    for await (const batch of this.map.scan(range)) {
      const entries = Array.from({ length: batch.count }, (_, i) => entryAt(batch, i))
      for (const run of contentRuns(entries, entryContentBytes)) {
        yield await entriesToRows(this.shape, run, this.nodes.reader, { signal })
        await yieldIfDue()
      }
    }
  }

  keyRange({ from, before }: RowRange): KeyRange {
    const bound = (key: Value | readonly Value[] | undefined): Uint8Array | undefined =>
      key === undefined ? undefined : prefixOfValues(this.shape, keyParts(key))
    return { from: bound(from), before: bound(before) }
  }
}

function keyParts(key: Value | readonly Value[]): readonly Value[] {
  return Array.isArray(key) ? (key as readonly Value[]) : [key as Value]
}
