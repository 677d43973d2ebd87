// Three-way merge of table schemas, column by column (schema-lanes.ts). The merged schema keeps
// ours' ids, so that ours' rows stay as they are; new columns of theirs keep their ids too unless ours used them.
// A type is only a way to read text: where the sides disagree it widens to 'text', and no cell changes.
import type { Column, ColumnType, Schema } from '../table/interface.ts'
import { valueColumns } from '../table/key.ts'
import type { Sides } from './conflict-record.ts'
import { type Lane, lanesOf } from './schema-lanes.ts'

/** A column outside the key that some side has: where its cell lies in each side's rows, -1 where it does not. */
export interface MergedColumn extends Sides<number> {
  readonly name: string
  /** Place in the merged rows; -1 for a column that a side removed. */
  readonly merged: number
}

export interface MergedSchema {
  readonly kind: 'merged'
  readonly schema: Schema
  readonly columns: readonly MergedColumn[]
  /** By id in a side's schema, the id in the merged one; removed columns are not in it. */
  readonly ids: Sides<ReadonlyMap<number, number>>
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

export function mergeSchemas(base: Schema | null, ours: Schema, theirs: Schema): MergedSchema | SchemaClash {
  const lanes = lanesOf(base, ours, theirs)
  const clash = keyClash(lanes, base, ours, theirs)
  if (clash !== null) return { kind: 'clash', reason: clash }
  const kept: KeptColumn[] = []
  let nextColumnId = Math.max(ours.nextColumnId, theirs.nextColumnId)
  for (const lane of lanes) {
    if (lane.base !== null && (lane.ours === null || lane.theirs === null)) {
      const left = lane.ours ?? lane.theirs
      if (left !== null && left.name !== lane.base.name)
        return removedAndRenamed(lane.base, left, lane.ours === null)
      continue
    }
    const name = mergedName(lane)
    if (name === null) return renamedTwice(lane)
    const isFree = lane.theirs !== null && lane.theirs.id >= ours.nextColumnId
    const id = lane.ours?.id ?? (isFree ? lane.theirs!.id : nextColumnId++)
    kept.push({ id, name, type: mergedType(lane), lane })
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
  return assemble(schema, lanes, kept, { base, ours, theirs })
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
    const [a, b, c] = [(lane.base ?? lane.ours)!.type, lane.ours!.type, lane.theirs!.type]
    if (b !== c) return `key column '${lane.ours!.name}' is ${b} here and ${c} there`
    if (a !== b) return `key column '${lane.ours!.name}' was ${a} and is ${b} now`
  }
  return null
}

function mergedName({ base, ours, theirs }: Lane): string | null {
  const [left, right] = [ours ?? theirs, theirs ?? ours]
  if (left!.name === right!.name || right!.name === base?.name) return left!.name
  return left!.name === base?.name ? right!.name : null
}

function mergedType({ base, ours, theirs }: Lane): ColumnType {
  const [left, right] = [(ours ?? theirs)!.type, (theirs ?? ours)!.type]
  if (left === right || right === base?.type) return left
  return left === base?.type ? right : 'text'
}

function removedAndRenamed(base: Column, left: Column, isRemovedHere: boolean): SchemaClash {
  const [removed, renamed] = isRemovedHere ? ['here', 'there'] : ['there', 'here']
  return {
    kind: 'clash',
    reason: `column '${base.name}' is removed ${removed} and called '${left.name}' ${renamed}`,
  }
}

function renamedTwice({ base, ours, theirs }: Lane): SchemaClash {
  return {
    kind: 'clash',
    reason: `column '${base!.name}' is called '${ours!.name}' here and '${theirs!.name}' there`,
  }
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

function assemble(
  schema: Schema,
  lanes: readonly Lane[],
  kept: readonly KeptColumn[],
  sides: Sides<Schema | null>,
): MergedSchema {
  const idOf = new Map(kept.map(({ id, lane }) => [lane, id]))
  const places = { base: placesOf(sides.base), ours: placesOf(sides.ours), theirs: placesOf(sides.theirs) }
  const mergedPlaces = new Map(valueColumns(schema).map(({ id }, i) => [id, i]))
  const ids = {
    base: new Map<number, number>(),
    ours: new Map<number, number>(),
    theirs: new Map<number, number>(),
  }
  const columns: MergedColumn[] = []
  for (const lane of lanes) {
    const id = idOf.get(lane)
    const place = (side: keyof Lane): number =>
      lane[side] === null ? -1 : (places[side].get(lane[side]) ?? -1)
    for (const side of sideNames)
      if (id !== undefined && lane[side] !== null) ids[side].set(lane[side].id, id)
    const [base, ours, theirs] = [place('base'), place('ours'), place('theirs')]
    if (base < 0 && ours < 0 && theirs < 0) continue
    const name = (lane.ours ?? lane.theirs ?? lane.base)!.name
    columns.push({ name, merged: id === undefined ? -1 : mergedPlaces.get(id)!, base, ours, theirs })
  }
  const isComparable = columns.every(
    ({ merged, base, ours, theirs }) =>
      (base < 0 || (ours === base && theirs === base)) && (ours < 0 || merged === ours),
  )
  return { kind: 'merged', schema, columns, ids, isComparable }
}

/** Place of each column outside the key in the rows of this schema. */
function placesOf(schema: Schema | null): Map<Column, number> {
  return new Map(schema === null ? [] : valueColumns(schema).map((column, i) => [column, i]))
}
