// The rows of a side by their keys, for a base to find its partners. Where most rows are the base's as they stand, and the
// base has each key once, the others alone have to be looked at.
import { KeyIndex, cellsNeeded } from './key-index.ts'
import type { Records } from './record.ts'
import { RowCells } from './row-cells.ts'
import type { Twins } from './version.ts'

/** The keys of ours or theirs. */
export interface SideKeys {
  /** The last row with the key of this row of the base, or -1. */
  rowOf(baseRow: number): number
  /** How many keys of the base this side has. */
  common(base: KeyIndex): number
}

/** The keys of a side, from an index of all its rows. */
export function indexedKeys(index: KeyIndex, base: Records, basePlaces: readonly number[]): SideKeys {
  const most = cellsNeeded(basePlaces)
  return {
    rowOf: (baseRow) => index.rowOf(base, baseRow, basePlaces, most),
    common: (keys) => index.common(keys),
  }
}

/**
 * The keys of a side, from an index of the rows that the base does not have. Null when they are not unique;
 * undefined when only an index of all rows can tell.
 */
export function twinKeys(base: KeyIndex, rows: Records, twins: Twins): SideKeys | null | undefined {
  if (rows.length === 0) return null
  if (base.isDoubled || base.hasEmpty) return undefined
  const { places } = base
  const others = new KeyIndex(rows, places)
  const cells = new RowCells()
  const most = cellsNeeded(places)
  let common = twins.count
  for (let row = 0; row < rows.length; row++) {
    if (twins.rows[row]! >= 0) continue
    others.add(cells.set(rows, row, most), row)
    if (others.hasEmpty) return undefined
    const before = base.rowOf(rows, row, places, most)
    if (others.isDoubled || (before >= 0 && twins.of[before]! >= 0)) return null
    if (before >= 0) common++
  }
  return {
    rowOf: (baseRow) => (twins.of[baseRow]! >= 0 ? twins.of[baseRow]! : others.rowLike(baseRow, base)),
    common: () => common,
  }
}
