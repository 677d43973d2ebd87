// Finds columns that a file calls by another name than the version before, by their cells: rows with the same keys hold
// the same cells under the new name, nearly all of them, and no other column could be meant. A column taken for another
// would carry its history, so where there is any doubt the answer is no: the old column is gone then, the new one new.
import type { NodeStore } from '../prolly/node-store.ts'
import type { Entry } from '../prolly/interface.ts'
import { entryAt } from '../prolly/entry-batch.ts'
import { ProllyMap } from '../prolly/map.ts'
import type { ReadOptions } from '../store/interface.ts'
import type { Column, TableObject } from '../table/interface.ts'
import { keyColumns, valueColumns } from '../table/key.ts'
import { type Slot, absentSlot, decodeRow } from '../table/row.ts'
import { equalSlotValues } from '../table/slot.ts'

const rowsMax = 2000
const pairsMax = 2500
/** How many of a hundred rows that are compared have to agree. */
const alikeMin = 90

/**
 * The version before with the names that its columns have in `table`, which was read without knowing; null when none
 * was renamed. Reading the file once more with it gives the columns their old ids.
 */
export async function withNewNames(
  nodes: NodeStore,
  previous: TableObject,
  table: TableObject,
  options: ReadOptions = {},
): Promise<TableObject | null> {
  if (previous.schema.cells !== table.schema.cells) return null
  const names = new Map<number, string>()
  const keys = renamedKeys(previous, table)
  if (keys === null) return null
  const known = new Set(previous.schema.columns.map(({ id }) => id))
  const added = valueColumns(table.schema).filter(({ id }) => !known.has(id))
  if (keys.length === 0 && added.length === 0) return null
  const sample = await sampleOf(nodes, previous, table, options)
  if (sample.length === 0) return null
  for (const [before, after] of keys) names.set(before.id, after.name)
  for (const [before, after] of renamedValues(sample, previous, table, added))
    names.set(before.id, after.name)
  if (names.size === 0) return null
  const columns = previous.schema.columns.map((column) => ({
    ...column,
    name: names.get(column.id) ?? column.name,
  }))
  if (new Set(columns.map(({ name }) => name)).size < columns.length) return null
  return { ...previous, schema: { ...previous.schema, columns } }
}

type Pair = readonly [before: Column, after: Column]

/** Key columns whose names differ; null where the keys are not made of the same columns. */
function renamedKeys(previous: TableObject, table: TableObject): Pair[] | null {
  const [before, after] = [keyColumns(previous.schema), keyColumns(table.schema)]
  if (before.length !== after.length) return null
  const isFree = (column: Column, schema: TableObject['schema']): boolean =>
    !schema.columns.some(({ name }) => name === column.name)
  const pairs: Pair[] = []
  for (const [i, column] of before.entries()) {
    const other = after[i]!
    if (other.type !== column.type) return null
    if (other.name === column.name) continue
    if (!isFree(other, previous.schema)) return null
    // A file of JSON Lines keeps columns that no row has any more.
    if (table.schema.cells === 'text' && !isFree(column, table.schema)) return null
    pairs.push([column, other])
  }
  return pairs
}

interface RowPair {
  readonly before: readonly Slot[]
  readonly after: readonly Slot[]
}

/** Rows that both versions have, from the beginning of the file's rows; none where most rows are new. */
async function sampleOf(
  nodes: NodeStore,
  previous: TableObject,
  table: TableObject,
  options: ReadOptions,
): Promise<RowPair[]> {
  const [before, after] = [
    await ProllyMap.load(nodes, previous.rows, options),
    await ProllyMap.load(nodes, table.rows, options),
  ]
  const widths = [valueColumns(previous.schema).length, valueColumns(table.schema).length] as const
  const entries: Entry[] = []
  for await (const batch of after.scan(options)) {
    for (let i = 0; i < batch.count && entries.length < rowsMax; i++) entries.push(entryAt(batch, i))
    if (entries.length >= rowsMax) break
  }
  const found = await before.getMany(
    entries.map(({ key }) => key),
    options,
  )
  const pairs = entries.flatMap((entry, i): RowPair[] => {
    const old = found[i]
    if (old === null || old === undefined) return []
    return [
      {
        before: decodeRow(old.value, old.links, widths[0]).cells,
        after: decodeRow(entry.value, entry.links, widths[1]).cells,
      },
    ]
  })
  return 2 * pairs.length < entries.length ? [] : pairs
}

function renamedValues(
  sample: readonly RowPair[],
  previous: TableObject,
  table: TableObject,
  added: readonly Column[],
): Pair[] {
  const [old, young] = [valueColumns(previous.schema), valueColumns(table.schema)]
  const left = new Set(table.schema.columns.map(({ id }) => id))
  const placeOf = new Map(young.map((column, i) => [column, i]))
  const isGone = (column: Column): boolean => {
    if (!left.has(column.id)) return true
    const place = young.findIndex(({ id }) => id === column.id)
    return place >= 0 && sample.every(({ after }) => isAbsent(after[place]))
  }
  const gone = old.flatMap((column, place) => (isGone(column) ? [{ column, place }] : []))
  if (gone.length * added.length > pairsMax) return []
  const likes: Pair[] = []
  for (const { column, place } of gone) {
    for (const other of added) {
      const cells = sample.map(({ before, after }) => [before[place], after[placeOf.get(other)!]] as const)
      if (isLike(cells)) likes.push([column, other])
    }
  }
  const isOnly = ([before, after]: Pair): boolean =>
    likes.every((one) => (one[0] === before) === (one[1] === after))
  const place = (schema: TableObject['schema'], column: Column): number => schema.columns.indexOf(column)
  const isInPlace = ([before, after]: Pair): boolean =>
    place(previous.schema, before) === place(table.schema, after)
  return likes.filter((pair) => isOnly(pair) || (isInPlace(pair) && likes.every((one) => isApart(one, pair))))

  /**
   * Whether `one` is no rival of `pair`: of several columns that look alike, those that stand where they stood are
   * meant.
   */
  function isApart(one: Pair, pair: Pair): boolean {
    if (one === pair || (one[0] !== pair[0] && one[1] !== pair[1])) return true
    return !isInPlace(one)
  }
}

/** Cells that nearly every row has say little: those that stand out from them have to agree as well. */
function isLike(cells: readonly (readonly [Slot | undefined, Slot | undefined])[]): boolean {
  const counts = new Map<string, number>()
  let [alike, filled, most] = [0, 0, '']
  for (const [before, after] of cells) {
    if (isSame(before, after)) alike++
    if (isAbsent(before)) continue
    filled++
    const text = spellingOf(before!)
    const count = (counts.get(text) ?? 0) + 1
    counts.set(text, count)
    if (count > (counts.get(most) ?? 0)) most = text
  }
  if (filled === 0 || 100 * alike < alikeMin * cells.length) return false
  if (alike === cells.length) return true
  const telling = cells.filter(([before, after]) =>
    [before, after].some((slot) => !isAbsent(slot) && spellingOf(slot!) !== most),
  )
  return 100 * telling.filter(([before, after]) => isSame(before, after)).length >= alikeMin * telling.length
}

function isSame(a: Slot | undefined, b: Slot | undefined): boolean {
  return equalSlotValues(a ?? absentSlot, b ?? absentSlot)
}

function isAbsent(slot: Slot | undefined): boolean {
  return slot === undefined || equalSlotValues(slot, absentSlot)
}

function spellingOf({ spelling, link }: Slot): string {
  return link ?? String.fromCharCode(...spelling)
}
