// A merged table, with the choices that are still to be made.
import type { Choice, DocumentConflict } from '../interface.ts'
import type { ContestedLanes } from './contested.ts'
import type { Lane } from './lanes.ts'
import type { Layout, Versions } from './layout.ts'
import type { MergedRows } from './merged-rows.ts'
import type { Side } from './strands.ts'

export interface MergedTable {
  readonly versions: Versions
  readonly layout: Layout
  readonly header: readonly HeaderCell[] | null
  readonly rows: MergedRows
  readonly contested: ContestedLanes
}

/** A column's name: whose spelling stands, or the conflict about it. */
export interface HeaderCell {
  readonly lane: Lane
  readonly pick: Side | DocumentConflict
}

export type Choose = (conflict: DocumentConflict) => Choice

export function sideOf(choice: Choice): Side | null {
  return typeof choice === 'string' ? choice : null
}
