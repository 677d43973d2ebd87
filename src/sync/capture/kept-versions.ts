// Which of the versions that a table had are those of rows that cannot be kept now: by key, also where the table has got
// another key, or masks in it, and without those that a filter does not take.
import { toHex } from '../../base/bytes.ts'
import { isVarveError } from '../../base/errors.ts'
import type { AskedColumns } from '../../connectors/made-columns.ts'
import { entryAt } from '../../prolly/entry-batch.ts'
import type { Entry } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import { columnPlaces } from '../../table/column-places.ts'
import { contentRuns, entryContentBytes } from '../../table/content-runs.ts'
import { EntryCells, entryCells } from '../../table/entry-cells.ts'
import type { Cell, Schema, TableObject } from '../../table/interface.ts'
import { encodeKey, keyColumns } from '../../table/key.ts'
import { entrySlots, rowShape } from '../../table/rows.ts'
import { Table } from '../../table/table.ts'

/** The keys of those rows that are taken. */
export async function takenKeys(
  io: Io,
  { rows, schema }: TableObject,
  keys: readonly Uint8Array[],
  asked: AskedColumns,
): Promise<Uint8Array[]> {
  const found = await (await ProllyMap.load(io.nodes, rows)).getMany(keys)
  const there = found.filter((entry): entry is Entry => entry !== null)
  const shape = rowShape(schema)
  const taken: Uint8Array[] = []
  for (const run of contentRuns(there, entryContentBytes)) {
    const cells = await entryCells(io.nodes.reader, shape, run, asked.columns)
    const verdicts = asked.taken(cells.map((row) => row!))
    taken.push(...run.flatMap(({ key }, i) => (verdicts[i] === true ? [key] : [])))
  }
  return taken
}

/** The keys that rows had in `from` which have one of `keys` under the schema; of two rows that would have one, neither. */
export async function keysBefore(
  io: Io,
  from: TableObject,
  schema: Schema,
  keys: readonly Uint8Array[],
  remaking: ReadonlyMap<string, (cell: Cell) => Cell>,
): Promise<Uint8Array[]> {
  const wanted = new Set(keys.map((key) => toHex(key)))
  const columns = keyColumns(schema)
  const found = new Map<string, Uint8Array | null>()
  const { map, shape } = await Table.of(io.nodes, from)
  const places = columnPlaces(
    shape.values,
    columns.map(({ name }) => name),
  )
  const reading = new EntryCells(shape, columns)
  for await (const batch of map.scan()) {
    for (let i = 0; i < batch.count; i++) {
      const entry = entryAt(batch, i)
      const slots = entrySlots(shape, entry)
      // What lies out of line is too long for a key.
      if (places.some((place) => place >= 0 && slots.cells[place]?.link)) continue
      const cells = reading.of(entry, slots, new Map())
      const name = keyName(
        schema,
        cells.map((cell, at) => remaking.get(columns[at]!.name)?.(cell) ?? cell),
      )
      if (name !== null && wanted.has(name)) found.set(name, found.has(name) ? null : entry.key.slice())
    }
  }
  return [...found.values()].filter((key) => key !== null)
}

/** null: no row can have this key. */
function keyName(schema: Schema, cells: readonly Cell[]): string | null {
  try {
    return cells.some(({ kind }) => kind === 'absent' || kind === 'null')
      ? null
      : toHex(encodeKey(schema, cells))
  } catch (error) {
    if (isVarveError(error, 'VARVE_RULE_VIOLATED')) return null
    throw error
  }
}
