// Columns that one side removed while the other changed their cells. All else of the table is merged; whether such a
// column is there is a choice still to be made, so that a merged table is shown with or without it.
import type { DocumentConflict } from '../interface.ts'
import { type Lane, nameAt } from './lanes.ts'
import { layoutOf, type Versions } from './layout.ts'
import { StrandCells } from './merged-rows.ts'
import { type Choose, type MergedTable, sideOf } from './merged-table.ts'
import type { Side, Strands } from './strands.ts'

export type ContestedLanes = ReadonlyMap<Lane, DocumentConflict>

/** Columns that a side removed go; the conflict where the other edited their cells. */
export function keptLanes(
  versions: Versions,
  lanes: readonly Lane[],
  strands: Strands,
): { readonly kept: readonly Lane[]; readonly contested: ContestedLanes } {
  const kept: Lane[] = []
  const contested = new Map<Lane, DocumentConflict>()
  for (const lane of lanes) {
    const isLost = lane.base >= 0 && (lane.ours < 0 || lane.theirs < 0)
    if (isLost) {
      const side = lane.ours >= 0 ? 'ours' : 'theirs'
      if (lane[side] < 0 || !isEdited(versions, lane, side, strands)) continue
      contested.set(lane, conflictOf(versions, lane))
    }
    kept.push(lane)
  }
  return { kept, contested }
}

function isEdited(versions: Versions, lane: Lane, side: 'ours' | 'theirs', strands: Strands): boolean {
  const cells = new StrandCells(versions, strands)
  for (let strand = 0; strand < strands.length; strand++) {
    if (strands.base[strand]! < 0 || strands[side][strand]! < 0) continue
    if (!cells.isSame(strand, lane, 'base', side)) return true
  }
  return false
}

function conflictOf(versions: Versions, lane: Lane): DocumentConflict {
  const name = (side: Side): string | null => (lane[side] < 0 ? null : nameAt(versions[side], lane[side]))
  const [base, ours, theirs] = [name('base'), name('ours'), name('theirs')]
  return { kind: 'schema', where: `column '${base ?? ''}'`, column: null, base, ours, theirs }
}

/** The table as it is when its contested columns are chosen so. */
export function shownTable(table: MergedTable, choose: Choose): MergedTable {
  const { contested, layout, versions, header } = table
  if (contested.size === 0) return table
  const isShown = layout.lanes.map((lane) => {
    const conflict = contested.get(lane)
    return conflict === undefined || lane[sideOf(choose(conflict)) ?? 'ours'] >= 0
  })
  if (!isShown.includes(false)) return table
  const lanes = layout.lanes.filter((_, i) => isShown[i])
  return {
    versions,
    layout: layoutOf(versions, lanes),
    header: header === null ? null : header.filter(({ lane }) => lanes.includes(lane)),
    rows: table.rows.withColumns(isShown),
    contested,
  }
}
