// Three-way merge of table schemas, column by column (schema-lanes.ts). The merged schema keeps
// ours' ids, so that ours' rows stay as they are; new columns of theirs keep their ids too unless ours used them.
// A type is only a way to read text: where the sides disagree it widens to 'text', and no cell changes. Columns that
// the sides changed in ways that exclude each other clash one by one, and the merged schema holds ours' state of them.
import type { Column, ColumnType, Schema } from '../../table/interface.ts'
import { spellsAlike, valueColumns } from '../../table/key.ts'
import type { Sides } from '../conflicts/conflict-record.ts'
import type { ColumnClash, ColumnIds } from './column-clash.ts'
import { type Lane, isRemoved, laneClash, laneIds, lanesOf } from './schema-lanes.ts'

/** A column outside the key that some side has: where its cell lies in each side's rows, -1 where it does not. */
export interface MergedColumn extends Sides<number> {
  /** In the merged table; of a removed column, where it still is. */
  readonly name: string
  /** Place in the merged rows; -1 for a column that a side removed. */
  readonly merged: number
  /** Theirs removed it, and it is kept as ours has it: where theirs has no cell, it has base's. */
  readonly isKept: boolean
  readonly ids: ColumnIds
}

export interface MergedSchema {
  readonly kind: 'merged'
  readonly schema: Schema
  readonly columns: readonly MergedColumn[]
  /** By id in a side's schema, the id in the merged one; removed columns are not in it. */
  readonly ids: Sides<ReadonlyMap<number, number>>
  readonly clashes: readonly ColumnClash[]
  /** Rows of equal bytes hold equal cells under all the schemas: what bytes say is unchanged, is. */
  readonly isComparable: boolean
}

export interface SchemaClash {
  readonly kind: 'clash'
  readonly reason: string
}

const sideNames = ['base', 'ours', 'theirs'] as const

interface KeptColumn extends Column {
  readonly lane: Lane
}

/** `edited`: columns of the base that theirs removed while ours changed their cells. */
export function mergeSchemas(
  base: Schema | null,
  ours: Schema,
  theirs: Schema,
  edited: ReadonlySet<number> = new Set(),
): MergedSchema | SchemaClash {
  const lanes = lanesOf(base, ours, theirs)
  const clash = keyClash(lanes, base, ours, theirs)
  if (clash !== null) return { kind: 'clash', reason: clash }
  const kept: KeptColumn[] = []
  let nextColumnId = Math.max(ours.nextColumnId, theirs.nextColumnId)
  const reasons = new Map<Lane, string>()
  for (const lane of lanes) {
    const reason = laneClash(lane)
    if (reason !== null) reasons.set(lane, reason)
    if (isRemoved(lane) && (lane.ours === null || (reason === null && !edited.has(lane.base!.id)))) continue
    const name = reason === null ? mergedName(lane) : lane.ours!.name
    const isFree = lane.theirs !== null && lane.theirs.id >= ours.nextColumnId
    const id = lane.ours?.id ?? (isFree ? lane.theirs!.id : nextColumnId++)
    kept.push({ id, name, type: ours.key.includes(id) ? mergedKeyType(lane) : mergedType(lane), lane })
  }
  const names = new Set<string>()
  const repeated = kept.find(({ name }) => names.size === names.add(name).size)
  if (repeated !== undefined)
    return { kind: 'clash', reason: `two columns are called '${repeated.name}' after the merge` }
  const columns = orderColumns(kept, base, ours, theirs).map(({ id, name, type }): Column => ({
    id,
    name,
    type,
  }))
  const schema: Schema = { columns, key: ours.key, nextColumnId, cells: ours.cells }
  return assemble(schema, { lanes, kept, reasons }, { base, ours, theirs })
}

/** Rows can be compared only while their keys are made of the same columns, read the same way. */
function keyClash(lanes: readonly Lane[], base: Schema | null, ours: Schema, theirs: Schema): string | null {
  if (ours.cells !== theirs.cells || (base ?? ours).cells !== ours.cells)
    return 'the table changed its format on one side'
  const places = (schema: Schema | null, column: Column | null): number =>
    schema === null || column === null ? -1 : schema.key.indexOf(column.id)
  for (const lane of lanes) {
    const place = places(ours, lane.ours)
    const isSame =
      places(theirs, lane.theirs) === place && (base === null || places(base, lane.base) === place)
    if (!isSame) return 'the key is not made of the same columns on both sides'
    if (place < 0) continue
    const [a, b, c] = [lane.base ?? lane.ours!, lane.ours!, lane.theirs!]
    if (!spellsAlike(b, c, ours.cells)) return `key column '${b.name}' is ${b.type} here and ${c.type} there`
    if (!spellsAlike(a, b, ours.cells)) return `key column '${b.name}' was ${a.type} and is ${b.type} now`
  }
  return null
}

function mergedName({ base, ours, theirs }: Lane): string {
  const [left, right] = [(ours ?? theirs)!, (theirs ?? ours)!]
  return left.name === base?.name ? right.name : left.name
}

/** Of two that spell a key alike the wider one. */
function mergedKeyType({ ours, theirs }: Lane): ColumnType {
  return ours!.type === theirs!.type ? ours!.type : 'decimal'
}

function mergedType({ base, ours, theirs }: Lane): ColumnType {
  const [left, right] = [(ours ?? theirs)!.type, (theirs ?? ours)!.type]
  if (left === right || right === base?.type) return left
  return left === base?.type ? right : 'text'
}

/** The order of the side that moved columns (ours if both did); columns it lacks come behind their predecessor. */
function orderColumns(
  kept: readonly KeptColumn[],
  base: Schema | null,
  ours: Schema,
  theirs: Schema,
): KeptColumn[] {
  const itemOf = new Map<Column, KeptColumn>()
  for (const item of kept)
    for (const side of sideNames) if (item.lane[side] !== null) itemOf.set(item.lane[side], item)
  const itemsOf = (schema: Schema): KeptColumn[] =>
    schema.columns.flatMap((column) => itemOf.get(column) ?? [])
  const common = (schema: Schema): string =>
    itemsOf(schema)
      .filter(({ lane }) => lane.base !== null)
      .map(({ id }) => id)
      .join()
  const isMovedByTheirs = base !== null && common(ours) === common(base) && common(theirs) !== common(base)
  const [first, second, other] = isMovedByTheirs
    ? ([theirs, ours, 'ours'] as const)
    : ([ours, theirs, 'theirs'] as const)
  const order = itemsOf(first)
  let at = 0
  for (const item of order.length === kept.length ? [] : itemsOf(second)) {
    const known = order.indexOf(item)
    at = known >= 0 ? known + 1 : at
    if (known >= 0) continue
    while (at < order.length && order[at]!.lane[other] === null) at++
    order.splice(at++, 0, item)
  }
  return order
}

interface Lanes {
  readonly lanes: readonly Lane[]
  readonly kept: readonly KeptColumn[]
  readonly reasons: ReadonlyMap<Lane, string>
}

function assemble(
  schema: Schema,
  { lanes, kept, reasons }: Lanes,
  sides: Sides<Schema | null>,
): MergedSchema {
  const keptOf = new Map(kept.map((column) => [column.lane, column]))
  const places = { base: placesOf(sides.base), ours: placesOf(sides.ours), theirs: placesOf(sides.theirs) }
  const mergedPlaces = new Map(valueColumns(schema).map(({ id }, i) => [id, i]))
  const ids = {
    base: new Map<number, number>(),
    ours: new Map<number, number>(),
    theirs: new Map<number, number>(),
  }
  const columns: MergedColumn[] = []
  const clashes: ColumnClash[] = []
  for (const lane of lanes) {
    const { id, name: keptName } = keptOf.get(lane) ?? {}
    const place = (side: keyof Lane): number =>
      lane[side] === null ? -1 : (places[side].get(lane[side]) ?? -1)
    for (const side of sideNames)
      if (id !== undefined && lane[side] !== null) ids[side].set(lane[side].id, id)
    const name = keptName ?? (lane.ours ?? lane.theirs ?? lane.base)!.name
    const own = { merged: id ?? null, ...laneIds(lane) }
    const reason = reasons.get(lane)
    if (reason !== undefined) clashes.push({ name, reason, ids: own })
    const [base, ours, theirs] = [place('base'), place('ours'), place('theirs')]
    if (base < 0 && ours < 0 && theirs < 0) continue
    const isKept = id !== undefined && isRemoved(lane)
    const merged = id === undefined ? -1 : mergedPlaces.get(id)!
    columns.push({ name, merged, isKept, ids: own, base, ours, theirs })
  }
  const isComparable = columns.every(
    ({ merged, base, ours, theirs }) =>
      (base < 0 || (ours === base && theirs === base)) && (ours < 0 || merged === ours),
  )
  return { kind: 'merged', schema, columns, ids, clashes, isComparable }
}

/** Place of each column outside the key in the rows of this schema. */
function placesOf(schema: Schema | null): Map<Column, number> {
  return new Map(schema === null ? [] : valueColumns(schema).map((column, i) => [column, i]))
}
