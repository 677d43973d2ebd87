// The cells of one column, so many rows at a time, from the pages of its leaves.
import { cellOf, nullCell } from '../../table/cell.ts'
import type { Cell, ColumnType } from '../../table/interface.ts'
import { cellFault } from '../columnar/faults.ts'
import { ColumnPages } from './column.ts'
import { leafCells } from './leaf-cells.ts'
import type { ParquetFile, RowGroup } from './metadata.ts'
import { type LeafEntries, nestedJson } from './nested.ts'
import type { Page } from './page.ts'
import { type ParquetNode, isRepeated, leavesOf } from './schema.ts'

/** Gives the next `count` cells of a column. */
export type TakeCells = (count: number) => Promise<Cell[]>

export interface ParquetColumn {
  readonly name: string
  readonly type: ColumnType
  /** `firstRow` is the number of the group's first row, from 1, for messages. */
  open(group: RowGroup, firstRow: number): TakeCells
}

export function columnOf(parquet: ParquetFile, node: ParquetNode): ParquetColumn {
  const { name, type } = node.element
  const isFlat = type !== undefined && !isRepeated(node)
  return isFlat
    ? {
        name,
        type: leafCells(node, parquet.where).type,
        open: (...given) => flatCells(parquet, node, ...given),
      }
    : { name, type: 'json', open: (...given) => nestedCells(parquet, node, ...given) }
}

function flatCells(parquet: ParquetFile, node: ParquetNode, group: RowGroup, firstRow: number): TakeCells {
  const { cell } = leafCells(node, parquet.where)
  const pages = new ColumnPages(parquet, node, group.chunks[node.firstLeaf]!)
  const column = node.element.name
  let page: Page | null = null
  let at = 0
  let valueAt = 0
  let row = firstRow
  return async (count) => {
    const cells: Cell[] = []
    while (cells.length < count) {
      if (page === null || at >= page.count) {
        page = await pages.next()
        if (page === null) throw new RangeError('a column has fewer values than there are rows')
        at = valueAt = 0
      }
      const { defs, values } = page
      const end = Math.min(page.count, at + count - cells.length)
      for (; at < end; at++, row++) {
        if (defs !== null && defs[at]! < node.def) cells.push(nullCell)
        else cells.push(named(() => cell(values[valueAt++]), { where: parquet.where, row, column }))
      }
    }
    return cells
  }
}

function nestedCells(parquet: ParquetFile, node: ParquetNode, group: RowGroup, firstRow: number): TakeCells {
  const json = nestedJson(node, parquet.where)
  const leaves = leavesOf(node).map(
    (leaf) => new LeafRows(leaf, new ColumnPages(parquet, leaf, group.chunks[leaf.firstLeaf]!)),
  )
  let row = firstRow
  return async (count) => {
    const cells: Cell[] = []
    for (; cells.length < count; row++) {
      const entries: LeafEntries[] = []
      for (const leaf of leaves) entries.push(await leaf.next())
      const text = named(() => json(entries), { where: parquet.where, row, column: node.element.name })
      cells.push(text === null ? nullCell : cellOf('json', text))
    }
    return cells
  }
}

function named<T>(make: () => T, place: { where: string; row: number; column: string }): T {
  try {
    return make()
  } catch (error) {
    if (error instanceof RangeError || !(error instanceof Error) || error.constructor !== Error) throw error
    throw cellFault('not-representable', error.message, place)
  }
}

const rowEntriesMax = 1 << 22

/** The entries of a leaf, row by row: a row ends where the next one's first entry repeats nothing. */
class LeafRows {
  readonly #leaf: ParquetNode
  readonly #pages: ColumnPages
  #page: Page | null = null
  #at = 0
  #valueAt = 0

  constructor(leaf: ParquetNode, pages: ColumnPages) {
    this.#leaf = leaf
    this.#pages = pages
  }

  async next(): Promise<LeafEntries> {
    const entries = { reps: [] as number[], defs: [] as number[], values: [] as unknown[] }
    for (;;) {
      if (this.#page === null || this.#at >= this.#page.count) {
        this.#page = await this.#pages.next()
        this.#at = this.#valueAt = 0
        if (this.#page === null) break
      }
      if (!this.#takeRow(this.#page, entries)) continue
      break
    }
    if (entries.defs.length === 0) throw new RangeError('a column has fewer values than there are rows')
    return entries
  }

  /** False when the page ends before it is known that the row does. */
  #takeRow(
    { reps, defs, values, count }: Page,
    entries: { reps: number[]; defs: number[]; values: unknown[] },
  ): boolean {
    for (; this.#at < count; this.#at++) {
      const rep = reps?.[this.#at] ?? 0
      if (entries.defs.length === 0 ? rep !== 0 : rep === 0) {
        if (entries.defs.length > 0) return true
        throw new RangeError('a row begins in the middle of a list')
      }
      const def = defs?.[this.#at] ?? this.#leaf.def
      entries.reps.push(rep)
      entries.defs.push(def)
      entries.values.push(def === this.#leaf.def ? values[this.#valueAt++] : null)
      if (entries.defs.length > rowEntriesMax) throw new RangeError('a list is too long')
    }
    // A column that never repeats has one entry a row.
    return reps === null
  }
}
