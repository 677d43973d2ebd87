// Whether what is new in an API may have lost a property that it has declared. What is new is a part: its rows may lack by
// chance what they may leave out. So a doubt decides nothing but that all rows are read, by which it is decided
// (emptied-columns.ts); and a column that was doubted for nothing has to give twice the reason the next time, so that an
// API which leaves out what is empty is not read whole again and again.
import type { Entry } from '../../prolly/interface.ts'
import type { Io } from '../../repo/interface.ts'
import type { RowShape } from '../../table/rows.ts'
import { entrySlots } from '../../table/rows.ts'
import { slotKind } from '../../table/slot.ts'
import type { Table } from '../../table/table.ts'
import { columnsWithout } from './emptied-columns.ts'
import { type GatheredRows, entryWindows } from './gathered-rows.ts'

/** Rows without the property, at least one of which had it. */
const rowsMin = 2
/** The same where none of them was there before. */
const newRowsMin = 16

/** By column: how many times the usual reason is needed. */
export type Doubts = Readonly<Record<string, number>>

export interface Doubtful {
  /** No row of what is new has anything there. */
  readonly names: readonly string[]
  /** Those of them that earlier rows had. */
  readonly had: readonly string[]
  /** After all rows were read, and the columns are there. */
  readonly doubts: Doubts
}

interface Counts {
  lost: number
  fresh: number
}

export async function doubtfulColumns(
  io: Io,
  before: Table,
  rows: GatheredRows['rows'],
  doubts: Doubts,
): Promise<Doubtful> {
  const { shape, map } = before
  const open = new Map<number, Counts>(shape.values.map((_, place) => [place, { lost: 0, fresh: 0 }]))
  for (const window of entryWindows(rows)) {
    const earlier = await map.getMany(window.map(({ key }) => key))
    for (const [i, row] of window.entries()) count(open, shape, row, earlier[i]!)
    if (open.size === 0) break
  }
  const names = [...open].flatMap(([place, counts]) => {
    const { name } = shape.values[place]!
    return isEnough(counts, { times: doubts[name] ?? 1, rows: map.count }) ? [name] : []
  })
  const without = names.length === 0 ? [] : await columnsWithout(io, before, names)
  return {
    names,
    had: names.filter((name) => !without.includes(name)),
    doubts: { ...doubts, ...Object.fromEntries(names.map((name) => [name, 2 * (doubts[name] ?? 1)])) },
  }
}

/** Leaves those columns open that the row has nothing in. */
function count(open: Map<number, Counts>, shape: RowShape, row: Entry, earlier: Entry | null): void {
  const now = placesOf(shape, row)
  const then = earlier === null ? null : placesOf(shape, earlier)
  for (const [place, counts] of open) {
    if (now.has(place)) open.delete(place)
    else if (then === null) counts.fresh++
    else if (then.has(place)) counts.lost++
  }
}

function placesOf(shape: RowShape, row: Entry): ReadonlySet<number> {
  const { cells } = entrySlots(shape, row)
  return new Set(cells.flatMap((slot, place) => (slotKind(slot) === 'absent' ? [] : [place])))
}

function isEnough(
  { lost, fresh }: Counts,
  { times, rows }: { readonly times: number; readonly rows: number },
): boolean {
  return lost > 0 ? lost + fresh >= times * Math.min(rowsMin, rows) : fresh >= times * newRowsMin
}
