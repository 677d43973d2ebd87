// In which ways a transform makes columns: told from each other by texts, so that what was made in one way can be made anew
// in another, as far as it can be told.
import type { MadeColumns, TableWays } from '../../connectors/made-columns.ts'
import type { ColumnTransform } from '../../dataset/interface.ts'
import { castCell } from '../../table/cast.ts'
import { nullCell } from '../../table/cell.ts'
import type { Cell } from '../../table/interface.ts'
import type { CellMask } from './mask.ts'

/** Columns of a table without a transform, whatever made them before. */
export const plainColumns: MadeColumns = {
  ways: { columns: new Map(), filter: null },
  asking: () => null,
  remaking: (name, before) => remakingOf({ way: plainWay(name), masking: null, cast: null }, name, before),
}

/** Makes cells of a column. */
export interface Maker {
  readonly masking: CellMask | null
  readonly cast: ColumnTransform['cast']
  readonly way: Way
}

export function remakingOf(
  out: Maker | undefined,
  name: string,
  before: TableWays,
): ReturnType<MadeColumns['remaking']> {
  if (out === undefined) return () => nullCell
  const text = wayOf(name, before)
  if (text === wayText(out.way)) return null
  const earlier = JSON.parse(text) as Way
  const isOfOne = earlier.compute === null && out.way.compute === null && earlier.of === out.way.of
  // What was masked is no value any more: neither to be shown as one nor to be masked once more.
  const isKnown = isOfOne && earlier.mask === null
  return isKnown ? (cell) => madeCell(out, cell) ?? nullCell : () => nullCell
}

/** How a column was made, as a text. */
export function wayOf(name: string, { columns }: TableWays): string {
  return columns.get(name) ?? wayText(plainWay(name))
}

/** What a column is made of, and how. */
export interface Way {
  readonly of: string
  readonly compute: string | null
  readonly mask: string | null
  readonly cast: string | null
}

/** A column that is as the endpoint has it. */
export function plainWay(name: string): Way {
  return { of: name, compute: null, mask: null, cast: null }
}

export function wayText({ of, compute, mask, cast }: Way): string {
  return JSON.stringify({ of, compute, mask, cast })
}

/** null: it cannot be cast. */
export function madeCell({ masking, cast }: Maker, cell: Cell): Cell | null {
  const masked = masking === null ? cell : masking.apply(cell)
  return cast === null ? masked : castCell(masked, cast)
}
