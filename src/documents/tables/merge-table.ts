// Three-way merge of delimited files (CSV, TSV) of which nobody declared anything: columns are matched by name and
// content, rows by an inferred key or in order, cells three-way. The result is read again and compared with what was
// decided, so that a merge which is clean is also right; what does not fit (no table, no partner rows) is left to the
// merge by lines.
import type {
  DocumentConflict,
  DocumentMerge,
  DocumentOptions,
  DocumentSides,
  MergedDocument,
} from '../interface.ts'
import { mergeLines } from '../merge-lines.ts'
import { keptLanes } from './contested.ts'
import { guardRows } from './guard.ts'
import { KeyIndexes } from './key-indexes.ts'
import { guardedKeys, inferKey, type InferredKey } from './key.ts'
import { type Lane, lanesOf, nameAt } from './lanes.ts'
import { frameOf, layoutOf, orderLanes, type Versions } from './layout.ts'
import { RowMerger } from './merge-rows.ts'
import type { HeaderCell, MergedTable } from './merged-table.ts'
import { isProven } from './proof.ts'
import { isBlank } from './record.ts'
import { renderTable } from './render.ts'
import { type RowsInput, rowStrands } from './row-strands.ts'
import { countsAddUp, hasSameRows } from './same-rows.ts'
import { sortedPlace } from './sorted-place.ts'
import { threeWay } from './three-way.ts'
import type { Version } from './version.ts'
import { unfit, versionsOf } from './versions.ts'
import { weave } from './weave.ts'

const inOrder = 'rows in order: no columns tell them apart'
const tablesInOrder = 'rows in order: blank lines part them, as several tables in one file'

export function mergeTable(sides: DocumentSides, options: DocumentOptions): DocumentMerge {
  const merged = mergeByRows(sides, options)
  return merged.kind === 'unfit' ? merged : asLines(merged, sides, options)
}

/** The bytes of the merge by lines, where it is clean and its rows are right. */
function asLines(merged: MergedDocument, sides: DocumentSides, options: DocumentOptions): MergedDocument {
  const lines = mergeLines(sides)
  if (lines.kind === 'unfit' || lines.conflicts.length > 0) return merged
  const bytes = lines.render()
  const isSame = merged.conflicts.length === 0 && hasSameRows(merged.render(), bytes, options.name)
  const isRight =
    isSame || ([inOrder, tablesInOrder].includes(merged.basis) && countsAddUp(bytes, sides, options.name))
  return isRight ? { ...merged, conflicts: [], render: () => bytes } : merged
}

function mergeByRows(sides: DocumentSides, options: DocumentOptions): DocumentMerge {
  const versions = versionsOf(sides, options)
  if ('kind' in versions) return versions
  const lanes = lanesOf(versions.hasBase ? versions.base : null, versions.ours, versions.theirs)
  const indexes = new KeyIndexes()
  const isSeveral = hasSeveralTables(versions)
  const key = isSeveral
    ? null
    : inferKey({ ...versions, base: versions.hasBase ? versions.base : null }, lanes, indexes)
  // An edited key may be another row's in the other version: then rows are told apart by their keys alone.
  const pairing = key === null ? [false] : [true, false]
  let reason = ''
  for (const pairsRest of pairing) {
    const merged = mergeRows({ versions, lanes, key, indexes, pairsRest })
    if (merged.kind === 'merged') return isSeveral ? { ...merged, basis: tablesInOrder } : merged
    reason = merged.reason
  }
  return unfit(reason)
}

/** Blank lines between rows of every version: a key of one table says nothing of another's rows. */
function hasSeveralTables({ base, ours, theirs, hasBase }: Versions): boolean {
  const isDivided = ({ rows }: Version): boolean => {
    let blanks = 0
    for (let i = 0; i < rows.length; i++) {
      if (isBlank(rows, i)) blanks++
      else if (blanks > 0 && i > blanks) return true
      else blanks = 0
    }
    return false
  }
  return (hasBase ? [base, ours, theirs] : [ours, theirs]).every(isDivided)
}

function mergeRows(input: RowsInput): DocumentMerge {
  const { versions, lanes: allLanes, key, indexes } = input
  const strands = rowStrands(input)
  if (strands === null) return unfit('the versions have too few rows in common')
  const { kept, contested } = keptLanes(versions, allLanes, strands)
  const lanes = orderLanes(kept)
  const layout = layoutOf(versions, lanes)
  const conflicts: DocumentConflict[] = [...contested.values()]
  const header = headerOf(versions, lanes, conflicts)
  const merger = new RowMerger(versions, strands, lanes, key)
  const orderAt = sortedPlace(versions, strands, key?.lanes ?? [], lanes)
  let rows = merger.merge(strands, weave(strands, { frame: frameOf(strands), orderAt }))
  for (const guarded of guardedKeys(versions, lanes, key, indexes)) {
    rows = guardRows(rows, { versions, lanes, key: guarded }, merger.conflicts)
  }
  for (const conflict of merger.conflicts) conflicts.push(conflict)
  const table: MergedTable = { versions, layout, header, rows, contested }
  const bytes = renderTable(table, () => 'ours')
  if (!isProven(table, bytes, key, indexes))
    return unfit('the merged rows could not be written so that they read the same')
  return {
    kind: 'merged',
    form: 'table',
    basis: basisOf(key),
    conflicts,
    render: (choose) => (choose === undefined || conflicts.length === 0 ? bytes : renderTable(table, choose)),
  }
}

function basisOf(key: InferredKey | null): string {
  if (key === null) return inOrder
  return `rows by ${key.lanes.map(({ name }) => `'${name}'`).join(', ')}`
}

function headerOf(
  versions: Versions,
  lanes: readonly Lane[],
  conflicts: DocumentConflict[],
): HeaderCell[] | null {
  if (versions.ours.header === null) return null
  const named = lanes.filter((lane) =>
    (['base', 'ours', 'theirs'] as const).some(
      (side) => lane[side] >= 0 && lane[side] < versions[side].names.length,
    ),
  )
  return named.map((lane): HeaderCell => {
    if (lane.ours < 0) return { lane, pick: 'theirs' }
    if (lane.theirs < 0) return { lane, pick: 'ours' }
    const names = {
      base: lane.base < 0 ? null : nameAt(versions.base, lane.base),
      ours: nameAt(versions.ours, lane.ours),
      theirs: nameAt(versions.theirs, lane.theirs),
    }
    const name = threeWay<string | null>(names.base, names.ours, names.theirs)
    if (name !== undefined) return { lane, pick: spelledBy(versions, lane, name === names.ours) }
    const conflict: DocumentConflict = {
      kind: 'schema',
      where: `column '${names.base ?? ''}'`,
      column: null,
      ...names,
    }
    conflicts.push(conflict)
    return { lane, pick: conflict }
  })
}

/** The side that spells the name anew; ours' spelling counts only where the name is ours. */
function spelledBy({ base, ours, theirs }: Versions, lane: Lane, isOurs: boolean): 'ours' | 'theirs' {
  const spelling = ({ header }: Version, place: number): string | undefined => header?.spellings[place]
  const before = lane.base < 0 ? undefined : spelling(base, lane.base)
  const isChanged = spelling(ours, lane.ours) !== before
  return isOurs && (isChanged || spelling(theirs, lane.theirs) === before) ? 'ours' : 'theirs'
}
