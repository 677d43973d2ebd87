// Three-way merge of delimited files (CSV, TSV) of which nobody declared anything: columns are matched by name and
// content, rows by an inferred key or in order, cells three-way. The result is read again and compared with what was
// decided, so that a merge which is clean is also right; what does not fit (no table, no partner rows) is left to the
// merge by lines.
import { textFromBytes, textToBytes } from '../../files/text.ts'
import type {
  DocumentConflict,
  DocumentMerge,
  DocumentOptions,
  DocumentSides,
  MergedDocument,
  UnfitDocument,
} from '../interface.ts'
import { mergeLines } from '../merge-lines.ts'
import { readVersions } from './dialect.ts'
import { guardedKeys, inferKey, type InferredKey } from './key.ts'
import { type Lane, lanesOf, nameAt } from './lanes.ts'
import { hasMoves, layoutOf, orderLanes, type Versions } from './layout.ts'
import { cell, RowMerger } from './merge-rows.ts'
import { isProven } from './proof.ts'
import { type RecordFile } from './record.ts'
import { type HeaderCell, type MergedTable, renderTable } from './render.ts'
import { rowStrands } from './row-strands.ts'
import { countsAddUp, hasSameRows } from './same-rows.ts'
import { sortedPlace } from './sorted-place.ts'
import { threeWay } from './three-way.ts'
import { looksLikeHeader, type Version, versionOf } from './version.ts'
import { type Strand, weave } from './weave.ts'

/** Above this three versions with all their cells would take too much memory. */
export const tableBytesMax: number = 128 << 20

const inOrder = 'rows in order: no columns tell them apart'

const conflictMarker = /^(<<<<<<<|>>>>>>>|\|\|\|\|\|\|\|)( |\r?$)/m

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
  const isRight = isSame || (merged.basis === inOrder && countsAddUp(bytes, sides, options.name))
  return isRight ? { ...merged, conflicts: [], render: () => bytes } : merged
}

function mergeByRows(sides: DocumentSides, options: DocumentOptions): DocumentMerge {
  const versions = versionsOf(sides, options)
  if ('kind' in versions) return versions
  const lanes = lanesOf(versions.hasBase ? versions.base : null, versions.ours, versions.theirs)
  const key = inferKey({ ...versions, base: versions.hasBase ? versions.base : null }, lanes)
  // An edited key may be another row's in the other version: then rows are told apart by their keys alone.
  const pairing = key === null ? [false] : [true, false]
  let reason = ''
  for (const pairsRest of pairing) {
    const merged = mergeRows(versions, lanes, key, pairsRest)
    if (merged.kind === 'merged') return merged
    reason = merged.reason
  }
  return unfit(reason)
}

function mergeRows(
  versions: Versions,
  allLanes: readonly Lane[],
  key: InferredKey | null,
  pairsRest: boolean,
): DocumentMerge {
  const strands = rowStrands(versions, allLanes, key, pairsRest)
  if (strands === null) return unfit('the versions have too few rows in common')
  const kept = keptLanes(versions, allLanes, strands)
  if ('kind' in kept) return kept
  const lanes = orderLanes(kept)
  const layout = layoutOf(versions, lanes)
  const conflicts: DocumentConflict[] = []
  const header = headerOf(versions, lanes, conflicts)
  const merger = new RowMerger(versions, lanes, key)
  const frame = !hasMoves(strands, 'ours') && hasMoves(strands, 'theirs') ? 'theirs' : 'ours'
  const woven = weave(strands, { frame, orderAt: sortedPlace(versions, key?.lanes ?? [], lanes) })
  let rows = woven.map((strand) => merger.merge(strand))
  for (const guarded of guardedKeys(versions, lanes)) rows = merger.guard(rows, guarded)
  conflicts.push(...merger.conflicts)
  const table: MergedTable = { versions, layout, header, rows }
  if (!isProven(table, key)) return unfit('the merged rows could not be written so that they read the same')
  return {
    kind: 'merged',
    form: 'table',
    basis: basisOf(key),
    conflicts,
    render: (choose = () => 'ours') => textToBytes(renderTable(table, choose)),
  }
}

function unfit(reason: string): UnfitDocument {
  return { kind: 'unfit', reason }
}

function basisOf(key: InferredKey | null): string {
  if (key === null) return inOrder
  return `rows by ${key.lanes.map(({ name }) => `'${name}'`).join(', ')}`
}

function versionsOf(sides: DocumentSides, { name }: DocumentOptions): Versions | UnfitDocument {
  const all = [sides.base ?? new Uint8Array(0), sides.ours, sides.theirs]
  if (all.some(({ length }) => length > tableBytesMax)) return unfit('it is too large to be merged by rows')
  if (all.some((bytes) => bytes.includes(0))) return unfit('it is not text')
  const texts = all.map(textFromBytes)
  if (texts.some((text) => conflictMarker.test(text))) return unfit('a version holds conflict markers')
  const files = readVersions(texts, name)
  if (files.includes(null)) return unfit('a quote is never closed')
  const [base, ours, theirs] = files as [RecordFile, RecordFile, RecordFile]
  const hasBase = sides.base !== null && base.records.length > 0
  const seen = hasBase ? [base, ours, theirs] : [ours, theirs]
  if (seen.some(({ records }) => records.length === 0)) return unfit('a version is empty')
  if (hasBase && hasLostLines(texts[0]!, base, ours)) return unfit('the base has lost its line ends')
  const hasHeader = seen.every(looksLikeHeader) && hasOneHead(seen)
  const version = (file: RecordFile): Version => versionOf(file, hasHeader)
  return { base: version(base), ours: version(ours), theirs: version(theirs), hasBase }
}

/** The whole table on one line. */
function hasLostLines(text: string, base: RecordFile, ours: RecordFile): boolean {
  return (
    base.records.length === 1 && ours.records.length > 2 && text.length > 2 * ours.records[0]!.text.length
  )
}

/** A first record that has nothing in common with the others' is a row. */
function hasOneHead(files: readonly RecordFile[]): boolean {
  const [first, ...others] = files.map(({ records }) => new Set(records[0]!.cells))
  return others.every((cells) => [...cells].some((name) => first!.has(name)))
}

/** Columns that a side removed go, unless the other edited their cells. */
function keptLanes(
  versions: Versions,
  lanes: readonly Lane[],
  strands: readonly Strand[],
): Lane[] | UnfitDocument {
  const kept: Lane[] = []
  for (const lane of lanes) {
    if (lane.base < 0 || (lane.ours >= 0 && lane.theirs >= 0)) kept.push(lane)
    else if (lane.ours >= 0 || lane.theirs >= 0) {
      const side = lane.ours >= 0 ? 'ours' : 'theirs'
      const isEdited = strands.some(
        (strand) =>
          strand.base >= 0 &&
          strand[side] >= 0 &&
          cell(versions.base.rows[strand.base]!, lane.base) !==
            cell(versions[side].rows[strand[side]]!, lane[side]),
      )
      if (isEdited)
        return unfit(`column '${lane.name}' is removed on one side, and its cells are changed on the other`)
    }
  }
  return kept
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
