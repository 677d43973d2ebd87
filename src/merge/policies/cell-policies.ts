// What a policy makes of a cell that both sides changed. It decides only what its words promise: where the cells are
// not of the kind it is for, where two values are equally late, where two texts clash, there is no decision and the
// cell stays a conflict.
import { utf8 } from '../../base/bytes.ts'
import type { CellPolicy } from '../../dataset/interface.ts'
import { cellOf, cellText } from '../../table/cell.ts'
import type { Cell, Schema } from '../../table/interface.ts'
import { appendCells, mergeCellTexts, unionCells } from './cell-lists.ts'
import { compareCells } from './cell-order.ts'
import type { Sides } from '../conflicts/conflict-record.ts'
import { exactSum } from './decimal.ts'

export interface CellContext {
  /** The cells of the column that `newest` asks for, in the same row; null where there is none. */
  readonly stamps: { readonly ours: Cell; readonly theirs: Cell } | null
  readonly cells: Schema['cells']
}

/** The cell that the policy decides on; null when it comes to no decision. */
export function decideCell(
  policy: CellPolicy,
  sides: Sides<Cell>,
  { stamps, cells }: CellContext,
): Cell | null {
  const { base, ours, theirs } = sides
  switch (policy.kind) {
    case 'ours':
      return ours
    case 'theirs':
      return theirs
    case 'newest': {
      const order = stamps === null ? null : compareCells(stamps.ours, stamps.theirs)
      return order === null || order === 0 ? null : order > 0 ? ours : theirs
    }
    case 'max':
    case 'min': {
      const order = compareCells(ours, theirs)
      if (order === null) return null
      // Equal numbers may be spelled differently: ours' spelling stays.
      return (policy.kind === 'max' ? order >= 0 : order <= 0) ? ours : theirs
    }
    case 'sum':
      return sumCells(base, ours, theirs)
    case 'union':
      return unionCells(sides, policy.separator, cells)
    case 'append':
      return appendCells(sides)
    case 'text':
      return mergeCellTexts(sides)
  }
}

function sumCells(base: Cell, ours: Cell, theirs: Cell): Cell | null {
  const isNumber = ({ kind }: Cell): boolean => kind === ours.kind && (kind === 'text' || kind === 'number')
  if (![base, ours, theirs].every(isNumber)) return null
  const sum = exactSum(cellText(base), cellText(ours), cellText(theirs))
  return sum === null ? null : { ...cellOf(ours.kind, utf8(sum)), quotingFlipped: ours.quotingFlipped }
}
