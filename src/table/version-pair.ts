// Two versions of one table, row by row, for whoever asks when a row or a cell became what it is. Rows are compared by
// value: another quoting is no change. Columns are paired as everywhere (diff.ts), keys are looked up in the older
// version even where the key was made of other columns. What the versions share is not read, unless their rows cannot
// be told apart by their bytes, because the key or the places of the cells changed: then every row asked for is.
import { isVarveError, throwIfAborted } from '../base/errors.ts'
import { diffMaps } from '../prolly/diff.ts'
import { entryAt } from '../prolly/entry-batch.ts'
import type { Entry } from '../prolly/interface.ts'
import type { ProllyMap } from '../prolly/map.ts'
import type { ReadOptions } from '../store/interface.ts'
import { absentCell, cellValue } from './cell.ts'
import { hasSameKey, matchColumns } from './schema-diff.ts'
import type { Cell, Column } from './interface.ts'
import { decodeKey, encodeKey } from './key.ts'
import { absentSlot, type RowSlots, type Slot } from './row.ts'
import { entrySlots, keyOfValues, type RowShape } from './rows.ts'
import { equalSlotValues, inlineSlot, slotCell, slotKind } from './slot.ts'
import type { Table } from './table.ts'

const rowsAtOnce = 512

/** A column of either version; it is in both, or null in the one that has it not. */
export interface PairedColumn {
  readonly before: Column | null
  readonly after: Column | null
}

/** One row in both versions, as stored; null where a version does not have it. */
export interface RowPair {
  /** In the version after; of a row that is gone, in the one before. */
  readonly key: Uint8Array
  readonly before: Entry | null
  readonly after: Entry | null
}

/** What of a row is asked about: all of it, or one column; null is a column that was not there yet. */
export type Unit = 'row' | PairedColumn | null

export class VersionPair {
  readonly before: Table
  readonly after: Table
  readonly columns: readonly PairedColumn[]
  /** Keys of one version say nothing in the other; `keyBefore` translates. */
  readonly keyChanged: boolean
  readonly #comparable: readonly PairedColumn[]
  readonly #aligned: boolean
  readonly #columnOfId: ReadonlyMap<number, PairedColumn>
  readonly #places: readonly [ColumnPlaces, ColumnPlaces]

  constructor(before: Table, after: Table) {
    this.before = before
    this.after = after
    this.#places = [placesOf(before.shape), placesOf(after.shape)]
    const pairs = matchColumns(before.schema, after.schema)
    this.columns = pairs.map(([a, b]) => ({ before: a, after: b }))
    this.#columnOfId = new Map(
      this.columns.flatMap((column) => (column.after === null ? [] : [[column.after.id, column]])),
    )
    this.keyChanged = !hasSameKey(before.schema, after.schema, pairs)
    const isKey = ({ before: a, after: b }: PairedColumn): boolean =>
      a !== null && b !== null && before.shape.keys.includes(a) && after.shape.keys.includes(b)
    this.#comparable = this.columns.filter((column) => this.keyChanged || !isKey(column))
    this.#aligned = !this.keyChanged && this.#samePlaces()
  }

  /** Equal bytes are equal rows if, for every i that both can have, the i-th cell of both belongs to one column. */
  #samePlaces(): boolean {
    const [a, b] = [this.before.shape.values, this.after.shape.values]
    const partner = new Map(this.columns.map((column) => [column.after, column.before]))
    return b.every((column, i) => i >= a.length || partner.get(column) === a[i])
  }

  columnOf(afterId: number): PairedColumn | null {
    return this.#columnOfId.get(afterId) ?? null
  }

  /**
   * Rows that are new, gone or hold another value, in key order; with `keys` (sorted) those alone. Only while the
   * key is the same.
   */
  async *changes(
    keys: readonly Uint8Array[] | undefined,
    options: ReadOptions = {},
  ): AsyncGenerator<RowPair[]> {
    const source = this.#aligned
      ? diffMaps(this.before.map, this.after.map, { keys, signal: options.signal })
      : this.#samePlaceless(keys, options)
    for await (const pairs of source) {
      const changed = pairs.filter((pair) => this.differs(pair, 'row'))
      if (changed.length > 0) yield changed
    }
  }

  /** Every row asked for of either version: those before that are gone come in batches of their own. */
  async *#samePlaceless(
    keys: readonly Uint8Array[] | undefined,
    options: ReadOptions,
  ): AsyncGenerator<RowPair[]> {
    for await (const entries of entriesOf(this.after.map, keys, options)) {
      const found = await this.before.map.getMany(
        entries.map(({ key }) => key),
        options,
      )
      yield entries.map((after, i) => ({ key: after.key, before: found[i]!, after }))
    }
    for await (const entries of entriesOf(this.before.map, keys, options)) {
      const found = await this.after.map.getMany(
        entries.map(({ key }) => key),
        options,
      )
      yield entries.flatMap((before, i) =>
        found[i] === null ? [{ key: before.key, before, after: null }] : [],
      )
    }
  }

  differs(pair: RowPair, unit: Unit): boolean {
    return this.comparison(pair)(unit)
  }

  /** Tells of each unit whether it differs; for many of them the rows are taken apart once. */
  comparison({ before, after }: RowPair): (unit: Unit) => boolean {
    if (before === null || after === null) return () => true
    const rows = this.#opened(before, after)
    return (unit) => {
      if (unit === null) return false
      if (unit !== 'row') return differsIn(rows, unit)
      return this.#comparable.some((column) => differsIn(rows, column))
    }
  }

  /** The columns in which a row differs that both versions have. */
  differingColumns({ before, after }: RowPair): PairedColumn[] {
    const rows = this.#opened(before!, after!)
    return this.#comparable.filter((column) => differsIn(rows, column))
  }

  #opened(before: Entry, after: Entry): [OpenedRow, OpenedRow] {
    return [
      new OpenedRow(this.before.shape, this.#places[0], before),
      new OpenedRow(this.after.shape, this.#places[1], after),
    ]
  }

  /** The key that the row of the version after would have had in the one before; null: none. */
  keyBefore(after: Entry): Uint8Array | null {
    if (!this.keyChanged) return after.key
    const row = new OpenedRow(this.after.shape, this.#places[1], after)
    const cells: { cell: Cell; column: Column }[] = []
    for (const column of this.before.shape.keys) {
      const paired = this.columns.find(({ before }) => before === column)?.after ?? null
      const slot = row.slot(paired)
      const kind = slotKind(slot)
      if (paired === null || slot.link !== null || kind === 'absent' || kind === 'json') return null
      cells.push({ cell: slotCell(slot, new Map()), column: paired })
    }
    try {
      return this.before.schema.cells === this.after.schema.cells
        ? encodeKey(
            this.before.schema,
            cells.map(({ cell }) => cell),
          )
        : keyOfValues(
            this.before.shape,
            cells.map(({ cell, column }) => cellValue(cell, column.type)),
          )
    } catch (error) {
      // What cannot be a key there was none.
      if (isVarveError(error, 'VARVE_RULE_VIOLATED')) return null
      throw error
    }
  }
}

type ColumnPlaces = ReadonlyMap<Column, { readonly key: number; readonly value: number }>

function placesOf({ places }: RowShape): ColumnPlaces {
  return new Map(places.map((place) => [place.column, place]))
}

/** A row whose cells are read on demand, those of its key too. */
class OpenedRow {
  readonly #shape: RowShape
  readonly #places: ColumnPlaces
  readonly #key: Uint8Array
  readonly #slots: RowSlots
  #keyCells: readonly Cell[] | null = null

  constructor(shape: RowShape, places: ColumnPlaces, entry: Entry) {
    this.#shape = shape
    this.#places = places
    this.#key = entry.key
    this.#slots = entrySlots(shape, entry)
  }

  slot(column: Column | null): Slot {
    const place = column === null ? undefined : this.#places.get(column)
    if (place === undefined) return absentSlot
    if (place.value >= 0) return this.#slots.cells[place.value] ?? absentSlot
    this.#keyCells ??= decodeKey(this.#shape.schema, this.#key)
    return inlineSlot(this.#keyCells[place.key] ?? absentCell)
  }
}

function differsIn([before, after]: readonly [OpenedRow, OpenedRow], column: PairedColumn): boolean {
  return !equalSlotValues(before.slot(column.before), after.slot(column.after))
}

/** The entries with these keys, which are sorted, or all entries; in batches. */
export async function* entriesOf(
  map: ProllyMap,
  keys: readonly Uint8Array[] | undefined,
  options: ReadOptions = {},
): AsyncGenerator<Entry[]> {
  if (keys === undefined) {
    for await (const batch of map.scan(options))
      yield Array.from({ length: batch.count }, (_, i) => entryAt(batch, i))
    return
  }
  for (let at = 0; at < keys.length; at += rowsAtOnce) {
    throwIfAborted(options.signal)
    const found = await map.getMany(keys.slice(at, at + rowsAtOnce), options)
    yield found.filter((entry): entry is Entry => entry !== null)
  }
}
