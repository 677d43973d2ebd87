// Three-way merge of one row, cell by cell, on slots: no cell is read as a value. A cell that one side left alone is
// the other's; where both changed it to different values it is a conflict, and the merged row holds ours. Where only
// the spelling (quoting) differs, the side that changed it wins. Line ends, quoting of keys and raw lines of a row are
// its spelling too, so ours wins there; a raw line stays only with exactly the cells that it spells.
import { equalBytes } from '../../base/bytes.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Entry } from '../../prolly/interface.ts'
import { type RowSlots, type Slot, absentSlot, decodeRow, encodeRow } from '../../table/row.ts'
import { equalSlotValues, slotKind } from '../../table/slot.ts'
import type { Sides, StoredSide } from '../conflicts/conflict-record.ts'
import type { MergedColumn } from './merge-schemas.ts'

export interface CellClash extends Sides<Slot> {
  readonly column: string
  /** Place in the merged row. */
  readonly place: number
  /** Both changed it to one value: a clash for counters only. */
  readonly isAgreed: boolean
}

export interface RowShape {
  readonly columns: readonly MergedColumn[]
  /** Places in the merged row of columns that count: two sides that each add one have added two. */
  readonly counters: ReadonlySet<number>
  /** Cells in a merged row, and in each side's. */
  readonly width: number
  readonly widths: Sides<number>
  /** Whether a side's raw lines still spell rows of the merged table: its columns have kept their names. */
  readonly keepsRawLines: { readonly ours: boolean; readonly theirs: boolean }
  /** No file shows whether an empty cell is there: to add a column, or to leave one out, changes no row. */
  readonly isFileless: boolean
}

export type RowMerge = MergedRow | RowClash

export interface MergedRow {
  readonly kind: 'row'
  readonly row: StoredSide | null
  readonly clashes: readonly CellClash[]
  /** Columns that one side removed and the other side changed in this row. */
  readonly edited: readonly MergedColumn[]
}

export interface RowClash {
  readonly kind: 'clash'
  readonly sides: Sides<StoredSide | null>
  readonly edited: readonly MergedColumn[]
}

/** Merges a row of which at least one of ours and theirs differs from the base. */
export function mergeRow(shape: RowShape, sides: Sides<Entry | null>): RowMerge {
  const base = decoded(sides.base, shape.widths.base)
  const ours = decoded(sides.ours, shape.widths.ours)
  const theirs = decoded(sides.theirs, shape.widths.theirs)
  const edited = base === null ? [] : changedInRemoved(shape, { base, ours, theirs })
  if (ours !== null && theirs !== null && base !== null)
    return mergeCells(shape, { base, ours, theirs }, edited)
  const before = inMerged(shape, 'base', base, base)
  const mine = inMerged(shape, 'ours', ours, base)
  const yours = inMerged(shape, 'theirs', theirs, base, ours)
  const decided = (row: StoredSide | null): MergedRow => ({ kind: 'row', row, clashes: [], edited })
  if (mine === null && yours === null) return decided(null)
  if (base === null && (mine === null || yours === null)) return decided(mine ?? yours)
  // Added on both sides, or gone on one: the spelling of a row is no reason for a conflict.
  if (mine !== null && yours !== null && sameCells(shape, mine, yours)) return decided(mine)
  const isUnchanged = before !== null && sameCells(shape, (mine ?? yours)!, before)
  if (isUnchanged && edited.length === 0) return decided(null)
  return { kind: 'clash', sides: { base: before, ours: mine, theirs: yours }, edited }
}

function decoded(entry: Entry | null, width: number): RowSlots | null {
  return entry === null ? null : decodeRow(entry.value, entry.links, width)
}

function mergeCells(
  shape: RowShape,
  { base, ours, theirs }: Sides<RowSlots>,
  edited: readonly MergedColumn[],
): MergedRow {
  const cells: Slot[] = Array.from({ length: shape.width }, () => absentSlot)
  const clashes: CellClash[] = []
  for (const column of shape.columns) {
    if (column.merged < 0) continue
    const before = slotAt(base, column.base)
    const mine = slotAt(ours, column.ours)
    const yours = column.isKept ? before : slotAt(theirs, column.theirs)
    cells[column.merged] = mergedSlot(shape, before, mine, yours)
    const isAgreed = mine === yours || sameValue(shape, mine, yours)
    if (isAgreed && !shape.counters.has(column.merged)) continue
    if (sameValue(shape, mine, before) || sameValue(shape, yours, before)) continue
    const { name, merged: place } = column
    clashes.push({ column: name, place, isAgreed, base: before, ours: mine, theirs: yours })
  }
  const row = {
    lineEnd: threeWay(base.lineEnd, ours.lineEnd, theirs.lineEnd),
    keyQuoting: threeWay(base.keyQuoting, ours.keyQuoting, theirs.keyQuoting),
    rawLine: mergedRawLine(shape, cells, { base, ours, theirs }),
    cells,
  }
  return { kind: 'row', row: encodeRow(row), clashes, edited }
}

function mergedSlot(shape: RowShape, base: Slot, ours: Slot, theirs: Slot): Slot {
  if (sameValue(shape, ours, theirs)) return sameSlot(ours, base) ? theirs : ours
  return sameValue(shape, ours, base) ? theirs : ours
}

function sameValue({ isFileless }: RowShape, a: Slot, b: Slot): boolean {
  return equalSlotValues(a, b) || (isFileless && isEmpty(a) && isEmpty(b))
}

function isEmpty(slot: Slot): boolean {
  const kind = slotKind(slot)
  return kind === 'absent' || kind === 'null'
}

function threeWay(base: number, ours: number, theirs: number): number {
  return ours === base ? theirs : ours
}

/** A raw line spells the cells of its own side: with others it would bring back what the merge replaced. */
function mergedRawLine(shape: RowShape, cells: readonly Slot[], sides: Sides<RowSlots>): Slot | null {
  const spells = (side: 'ours' | 'theirs'): boolean =>
    shape.keepsRawLines[side] &&
    shape.columns.every((column) =>
      equalSlotValues(
        slotAt(sides[side], column[side]),
        column.merged < 0 ? absentSlot : cells[column.merged]!,
      ),
    )
  const [mine, yours] = [spells('ours'), spells('theirs')]
  if (mine && yours) {
    const { base, ours, theirs } = sides
    return sameRaw(ours.rawLine, base.rawLine) ? theirs.rawLine : ours.rawLine
  }
  return mine ? sides.ours.rawLine : yours ? sides.theirs.rawLine : null
}

function slotAt(row: RowSlots, place: number): Slot {
  return (place < 0 ? undefined : row.cells[place]) ?? absentSlot
}

function sameSlot(a: Slot, b: Slot): boolean {
  return a === b || (a.link === b.link && equalBytes(a.spelling, b.spelling))
}

function sameRaw(a: Slot | null, b: Slot | null): boolean {
  return a === b || (a !== null && b !== null && sameSlot(a, b))
}

function changedInRemoved(
  shape: RowShape,
  { base, ours, theirs }: { base: RowSlots; ours: RowSlots | null; theirs: RowSlots | null },
): MergedColumn[] {
  const edited: MergedColumn[] = []
  for (const column of shape.columns) {
    if (column.merged >= 0 || column.base < 0 || (column.ours < 0 && column.theirs < 0)) continue
    const [row, place] = column.ours < 0 ? [theirs, column.theirs] : [ours, column.ours]
    if (row === null || sameValue(shape, slotAt(row, place), slotAt(base, column.base))) continue
    edited.push(column)
  }
  return edited
}

/** A side's row with the columns of the merged table. */
function inMerged(
  shape: RowShape,
  side: keyof Sides<unknown>,
  row: RowSlots | null,
  base: RowSlots | null,
  ours: RowSlots | null = null,
): StoredSide | null {
  if (row === null) return null
  const cells: Slot[] = Array.from({ length: shape.width }, () => absentSlot)
  let keepsRawLine = side !== 'base' && shape.keepsRawLines[side]
  for (const column of shape.columns) {
    // Theirs says nothing about a column that only ours still has: its row has base's cell there, a new one ours'.
    const isOther = column.isKept && side === 'theirs'
    const other =
      base === null ? (ours === null ? absentSlot : slotAt(ours, column.ours)) : slotAt(base, column.base)
    const slot = isOther ? other : slotAt(row, column[side])
    if (column.merged >= 0) cells[column.merged] = slot
    if (slot !== absentSlot && (column.merged < 0 || isOther)) keepsRawLine = false
  }
  return encodeRow({ ...row, rawLine: keepsRawLine ? row.rawLine : null, cells })
}

/** A row of the base with the columns of the merged table. */
export function baseInMerged(shape: RowShape, base: Entry): StoredSide {
  const row = decodeRow(base.value, base.links, shape.widths.base)
  return inMerged(shape, 'base', row, row)!
}

function sameCells(shape: RowShape, a: StoredSide, b: StoredSide): boolean {
  const left = decodeRow(a.value, a.links, shape.width).cells
  const right = decodeRow(b.value, b.links, shape.width).cells
  for (let i = 0; i < shape.width; i++)
    if (!sameValue(shape, left[i] ?? absentSlot, right[i] ?? absentSlot)) return false
  return true
}

export function sameRow(a: Entry | StoredSide | null, b: Entry | StoredSide | null): boolean {
  if (a === null || b === null) return a === b
  return equalBytes(a.value, b.value) && a.links.every((link: Cid, i) => link === b.links[i])
}
