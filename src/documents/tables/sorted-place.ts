// Where both versions insert at one place of a table that is sorted there, the two runs are sorted into each other.
// Sorted means: some column or the key orders the rows around the place, up or down, in both versions.
import type { Lane } from './lanes.ts'
import type { Versions } from './layout.ts'
import type { Records, TableRecord } from './record.ts'
import type { Side, Strands } from './strands.ts'
import type { Compare, Place } from './weave.ts'

const windowRows = 12
const columnsMax = 8
const rowsMin = 4

type CompareCells = (a: string, b: string) => number

const numeric = /^\s*-?\d+(\.\d+)?\s*$/

const natural: CompareCells = (a, b) => {
  if (numeric.test(a) && numeric.test(b)) return Number(a) - Number(b)
  return a < b ? -1 : a > b ? 1 : 0
}
const caseless: CompareCells = (a, b) => natural(a.toLowerCase(), b.toLowerCase())
const text: CompareCells = (a, b) => (a < b ? -1 : a > b ? 1 : 0)
const orders = [natural, caseless, text]

export function sortedPlace(
  versions: Versions,
  strands: Strands,
  key: readonly Lane[],
  lanes: readonly Lane[],
): (place: Place) => Compare | null {
  const shared = lanes.filter((lane) => lane.ours >= 0 && lane.theirs >= 0)
  const candidates = [...(key.length > 0 ? [key] : []), ...shared.slice(0, columnsMax).map((lane) => [lane])]
  return ({ frameRun, otherRun }) => {
    const [ours, theirs] = strands.ours[frameRun[0]!]! >= 0 ? [frameRun, otherRun] : [otherRun, frameRun]
    const around = [
      { side: 'ours' as const, rows: neighbours(versions.ours.rows, ours, strands.ours) },
      { side: 'theirs' as const, rows: neighbours(versions.theirs.rows, theirs, strands.theirs) },
    ]
    if (around.some(({ rows }) => rows.length < rowsMin)) return null
    for (const columns of candidates) {
      for (const direction of [1, -1]) {
        for (const order of orders) {
          const compare = compareOn(columns, order, direction)
          if (around.every(({ side, rows }) => isSorted(rows, side, compare))) {
            const cellsOf = (strand: number): [TableRecord, Side] =>
              strands.ours[strand]! >= 0
                ? [versions.ours.rows.at(strands.ours[strand]!), 'ours']
                : [versions.theirs.rows.at(strands.theirs[strand]!), 'theirs']
            return (a, b) => compare(...cellsOf(a), ...cellsOf(b))
          }
        }
      }
    }
    return null
  }
}

type CompareRows = (a: TableRecord, aSide: Side, b: TableRecord, bSide: Side) => number

function compareOn(columns: readonly Lane[], order: CompareCells, direction: number): CompareRows {
  return (a, aSide, b, bSide) => {
    for (const lane of columns) {
      const found = order(a.cells[lane[aSide]] ?? '', b.cells[lane[bSide]] ?? '')
      if (found !== 0) return found * direction
    }
    return 0
  }
}

function neighbours(rows: Records, run: readonly number[], places: Int32Array): readonly TableRecord[] {
  const [first, last] = [places[run[0]!]!, places[run.at(-1)!]!]
  return rows.slice(Math.max(0, first - windowRows), last + 1 + windowRows).all()
}

/** Whether the rows are sorted, and not all equal, which would give no order. */
function isSorted(rows: readonly TableRecord[], side: Side, compare: CompareRows): boolean {
  let rises = 0
  for (let i = 1; i < rows.length; i++) {
    const found = compare(rows[i - 1]!, side, rows[i]!, side)
    if (found > 0) return false
    if (found < 0) rises++
  }
  return rises > 0
}
