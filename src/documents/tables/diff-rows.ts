// What differs between two versions of a delimited file of which nobody declared anything: rows and cells, told apart
// as a merge tells them (merge-table.ts), and what became of the columns.
import type { DocumentOptions, DocumentSides, UnfitDocument } from '../interface.ts'
import { KeyIndexes } from './key-indexes.ts'
import { inferKey, type InferredKey } from './key.ts'
import { type Lane, lanesOf, nameAt } from './lanes.ts'
import type { Versions } from './layout.ts'
import { isBlank, isSameDialect, isSameText, type TableRecord } from './record.ts'
import { rowStrands } from './row-strands.ts'
import { versionsOf } from './versions.ts'
import { weave } from './weave.ts'

export interface DocumentDiff extends Omit<TableDocumentDiff, 'changes'> {
  readonly changes: readonly DocumentRowChange[]
}

export interface TableDocumentDiff {
  readonly kind: 'rows'
  /** Sentences for people. */
  readonly schemaChanges: readonly string[]
  /** Empty where rows are told apart by their order. */
  readonly keyColumns: readonly string[]
  /** Made while somebody iterates. */
  readonly changes: Iterable<DocumentRowChange>
}

export interface DocumentRowChange {
  readonly kind: 'added' | 'removed' | 'changed'
  /** Cells of the key columns; the row's number (from 1) where there are none. */
  readonly key: readonly (string | number)[]
  readonly before: Readonly<Record<string, string>> | null
  readonly after: Readonly<Record<string, string>> | null
  readonly cells: readonly {
    readonly column: string
    readonly before: string | null
    readonly after: string | null
  }[]
}

export function diffTableDocuments(
  before: Uint8Array,
  after: Uint8Array,
  options: DocumentOptions,
): TableDocumentDiff | UnfitDocument {
  const sides: DocumentSides = { base: before, ours: after, theirs: before }
  const versions = versionsOf(sides, options)
  if ('kind' in versions) return versions
  if (!versions.hasBase) return { kind: 'unfit', reason: 'a version is empty' }
  const lanes = lanesOf(versions.base, versions.ours, versions.theirs)
  const indexes = new KeyIndexes()
  const key = inferKey(versions, lanes, indexes)
  const strands = rowStrands({ versions, lanes, key, indexes, pairsRest: true })
  if (strands === null) return { kind: 'unfit', reason: 'the versions have too few rows in common' }
  const isUniform =
    isSameDialect(versions.base.rows.dialect, versions.ours.rows.dialect) &&
    lanes.every((lane) => lane.base === lane.ours)
  function* changes(): Generator<DocumentRowChange> {
    const { base, ours } = versions as Versions
    for (const strand of weave(strands!, { frame: 'ours' })) {
      const places = { before: strands!.base[strand]!, after: strands!.ours[strand]! }
      if (isUniform && places.before >= 0 && places.after >= 0) {
        if (isSameText(base.rows, places.before, ours.rows, places.after)) continue
      }
      const change = changeOf(versions as Versions, lanes, key, places)
      if (change !== null) yield change
    }
  }
  return {
    kind: 'rows',
    schemaChanges: schemaChanges(versions, lanes),
    keyColumns: key?.lanes.map(({ name }) => name) ?? [],
    changes: { [Symbol.iterator]: changes },
  }
}

function schemaChanges({ base, ours }: Versions, lanes: readonly Lane[]): string[] {
  if (ours.header === null) return []
  return lanes.flatMap((lane) => {
    if (lane.base < 0) return [`column '${nameAt(ours, lane.ours)}' added`]
    if (lane.ours < 0) return [`column '${nameAt(base, lane.base)}' removed`]
    const [old, fresh] = [nameAt(base, lane.base), nameAt(ours, lane.ours)]
    return old === fresh ? [] : [`column '${old}' renamed to '${fresh}'`]
  })
}

function changeOf(
  versions: Versions,
  lanes: readonly Lane[],
  key: InferredKey | null,
  places: { readonly before: number; readonly after: number },
): DocumentRowChange | null {
  const before = versions.base.rows.get(places.before) ?? null
  const after = versions.ours.rows.get(places.after) ?? null
  if (before === null && after === null) return null
  if ([before, after].every((row) => row === null || isBlank(row.records, row.place))) return null
  const cells = before === null || after === null ? [] : changedCells(versions, lanes, before, after)
  if (before !== null && after !== null && cells.length === 0) return null
  const row = after ?? before!
  const [side, place] =
    after === null ? (['base', places.before] as const) : (['ours', places.after] as const)
  return {
    kind: before === null ? 'added' : after === null ? 'removed' : 'changed',
    key: key === null ? [place + 1] : key.lanes.map((lane) => row.cell(lane[side])),
    before: before === null ? null : rowOf(versions, lanes, before, 'base'),
    after: after === null ? null : rowOf(versions, lanes, after, 'ours'),
    cells,
  }
}

function changedCells(
  { ours }: Versions,
  lanes: readonly Lane[],
  before: TableRecord,
  after: TableRecord,
): DocumentRowChange['cells'] {
  return lanes.flatMap((lane) => {
    // A column that came or went is told once, not for every row; what it holds in a new one is told.
    if (lane.ours < 0) return []
    const fresh = after.cell(lane.ours)
    const old = lane.base < 0 ? '' : before.cell(lane.base)
    if (fresh === old) return []
    return [{ column: nameAt(ours, lane.ours), before: lane.base < 0 ? null : old, after: fresh }]
  })
}

function rowOf(
  versions: Versions,
  lanes: readonly Lane[],
  row: TableRecord,
  side: 'base' | 'ours',
): Record<string, string> {
  const cells = lanes
    .filter((lane) => lane[side] >= 0)
    .map((lane) => [nameAt(versions[side], lane[side]), row.cell(lane[side])] as const)
  // Columns may be called __proto__: entries of their own, not an assignment.
  return Object.fromEntries(cells)
}
