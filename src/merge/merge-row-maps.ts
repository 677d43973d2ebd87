// Three-way merge of the rows of tables. The result is ours with the edits that came from theirs, so ours is only asked
// for the rows that theirs changed: what ours alone changed is not read, and the cost follows the changes. Only where a
// side removed a column are all rows read, because then equal bytes need not be equal rows.
import { throwIfAborted } from '../base/errors.ts'
import type { Path } from '../files/interface.ts'
import { diffMaps, diffThreeWay } from '../prolly/diff.ts'
import type { Edit, ThreeWayDifference } from '../prolly/interface.ts'
import { ProllyMap } from '../prolly/map.ts'
import type { ObjectWriter } from '../store/interface.ts'
import type { Schema } from '../table/interface.ts'
import { valueColumns } from '../table/key.ts'
import type { ConflictRecord, Sides, StoredSide } from './conflict-record.ts'
import type { MergeIo, MergeTablesOptions, TableClash, TableSides } from './merge-io.ts'
import { type CellClash, type RemovedCell, type RowShape, mergeRow, sameRow } from './merge-rows.ts'
import type { MergedSchema } from './merge-schemas.ts'

/** What the merge of rows did to ours. */
export interface MergedRows {
  readonly kind: 'merged'
  readonly map: ProllyMap
  readonly maps: Sides<ProllyMap>
  /** Keys that ours has not. */
  readonly added: readonly Uint8Array[]
  /** Keys that only ours has. */
  readonly removed: readonly Uint8Array[]
  readonly changed: number
  readonly conflicts: readonly ConflictRecord[]
}

/** Leaves the loop over rows; never leaves this file. */
class ColumnClash extends Error {
  readonly reason: string

  constructor(reason: string) {
    super(reason)
    this.reason = reason
  }
}

export async function mergeRowMaps(
  { nodes, writer }: MergeIo,
  path: Path,
  schema: MergedSchema,
  tables: TableSides,
  options: MergeTablesOptions,
): Promise<MergedRows | TableClash> {
  const ours = await ProllyMap.load(nodes, tables.ours.rows, options)
  const theirs = await ProllyMap.load(nodes, tables.theirs.rows, options)
  const base =
    tables.base === null
      ? ProllyMap.empty(nodes, writer)
      : await ProllyMap.load(nodes, tables.base.rows, options)
  const maps = { base, ours, theirs }
  const merge = new RowsMerge(path, schema, shapeOf(schema, tables))
  const edits = async function* (): AsyncGenerator<Edit[]> {
    let done = 0
    for await (const batch of differences(maps, schema, writer, options)) {
      throwIfAborted(options.signal)
      yield merge.editsOf(batch)
      options.onRows?.((done += batch.length))
    }
  }
  try {
    const map = await ours.mutate(writer, edits(), options)
    const { added, removed, changed, conflicts } = merge
    return { kind: 'merged', map, maps, added, removed, changed, conflicts }
  } catch (error) {
    if (error instanceof ColumnClash) return { kind: 'clash', reason: error.reason }
    throw error
  }
}

async function* differences(
  { base, ours, theirs }: Sides<ProllyMap>,
  schema: MergedSchema,
  writer: ObjectWriter,
  options: MergeTablesOptions,
): AsyncGenerator<ThreeWayDifference[]> {
  if (schema.isComparable) {
    for await (const batch of diffMaps(base, theirs, options)) {
      const mine = await ours.getMany(
        batch.map(({ key }) => key),
        options,
      )
      yield batch.map(({ key, before, after }, i) => {
        const own = mine[i] ?? null
        return { key, base: before, ours: sameRow(own, before) ? before : own, theirs: after }
      })
    }
    return
  }
  for await (const batch of diffThreeWay(ProllyMap.empty(base.nodes, writer), ours, theirs, options)) {
    const before = await base.getMany(
      batch.map(({ key }) => key),
      options,
    )
    yield batch.map((difference, i) => ({ ...difference, base: before[i]! }))
  }
}

function shapeOf({ columns, schema, ids }: MergedSchema, tables: TableSides): RowShape {
  const width = (of: Schema): number => valueColumns(of).length
  const names = new Map(schema.columns.map(({ id, name }) => [id, name]))
  const keepsNames = (side: 'ours' | 'theirs'): boolean =>
    tables[side].schema.columns.every(({ id, name }) => (names.get(ids[side].get(id) ?? 0) ?? name) === name)
  return {
    columns,
    width: width(schema),
    widths: {
      base: tables.base === null ? 0 : width(tables.base.schema),
      ours: width(tables.ours.schema),
      theirs: width(tables.theirs.schema),
    },
    keepsRawLines: { ours: keepsNames('ours'), theirs: keepsNames('theirs') },
  }
}

class RowsMerge {
  readonly added: Uint8Array[] = []
  readonly removed: Uint8Array[] = []
  readonly conflicts: ConflictRecord[] = []
  changed = 0
  readonly #path: Path
  readonly #shape: RowShape
  readonly #isComparable: boolean
  /** Equal bytes are equal rows of ours and theirs too. */
  readonly #isOneShape: boolean
  /** Rows of theirs are rows of the merged table as they are. */
  readonly #takesTheirs: boolean

  constructor(path: Path, schema: MergedSchema, shape: RowShape) {
    this.#path = path
    this.#shape = shape
    this.#isComparable = schema.isComparable
    this.#isOneShape = schema.columns.every(({ ours, theirs }) => ours === theirs)
    this.#takesTheirs =
      schema.isComparable &&
      shape.keepsRawLines.theirs &&
      schema.columns.every(({ merged, theirs }) => theirs < 0 || merged === theirs)
  }

  editsOf(batch: readonly ThreeWayDifference[]): Edit[] {
    const edits: Edit[] = []
    for (const difference of batch) {
      const edit = this.#editOf(difference)
      if (edit !== null) edits.push(edit)
    }
    return edits
  }

  #editOf(difference: ThreeWayDifference): Edit | null {
    const { key, base, ours, theirs } = difference
    if (this.#isComparable && (theirs === base || (this.#isOneShape && sameRow(ours, theirs)))) return null
    if (this.#takesTheirs && ours === base) return this.#edit(key, ours, theirs)
    const merged = mergeRow(this.#shape, difference)
    if (merged.kind === 'removed') throw new ColumnClash(removedReason(merged.cell))
    if (merged.kind === 'row') {
      for (const clash of merged.clashes) this.conflicts.push(cellRecord(this.#path, key, clash))
      return this.#edit(key, ours, merged.row)
    }
    const kind = merged.sides.base === null ? 'key-collision' : 'row'
    this.conflicts.push({ kind, path: this.#path, key: key.slice(), text: '', ...merged.sides })
    return this.#edit(key, ours, merged.sides.ours)
  }

  #edit(key: Uint8Array, ours: StoredSide | null, row: StoredSide | null): Edit | null {
    if (sameRow(ours, row)) return null
    if (ours === null) this.added.push(key.slice())
    else if (row === null) this.removed.push(key.slice())
    else this.changed++
    return row === null ? { key, value: null } : { key, value: row.value, links: row.links }
  }
}

function cellRecord(path: Path, key: Uint8Array, { column, base, ours, theirs }: CellClash): ConflictRecord {
  const side = (slot: CellClash['base']): StoredSide => ({
    value: slot.spelling.slice(),
    links: slot.link === null ? [] : [slot.link],
  })
  return {
    kind: 'cell',
    path,
    key: key.slice(),
    text: column,
    base: side(base),
    ours: side(ours),
    theirs: side(theirs),
  }
}

function removedReason({ column, isRemovedHere }: RemovedCell): string {
  const [removed, changed] = isRemovedHere ? ['here', 'there'] : ['there', 'here']
  return `column '${column}' is removed ${removed}, and its cells are changed ${changed}`
}
