// Brings a table up to date by the rows that were written since it was last read, where the endpoint can tell which
// these are. The cost follows what has changed. If rows were deleted, all rows are read, since the endpoint does not
// tell which ones.
import { toHex } from '../../base/bytes.ts'
import { sameEntry } from '../../prolly/entry-batch.ts'
import { entryWindows, gathered, unfitAfter } from './gathered-rows.ts'
import type { EndpointTable, WrittenSince } from '../../connectors/interface.ts'
import type { Cid } from '../../encoding/cid.ts'
import { type NamedRows } from '../../formats/runs.ts'
import type { Edit } from '../../prolly/interface.ts'
import type { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import { keyNames } from '../../table/key.ts'
import type { Schema, TableObject } from '../../table/interface.ts'
import { loadTable, writeTable } from '../../table/table-object.ts'
import { Table } from '../../table/table.ts'
import { plainColumns } from '../transform/ways.ts'
import { noteCounts } from '../tables/differences.ts'
import type { UnfitOfTable } from './unfit-tables.ts'
import { countWithout, withVersions } from './unfit-versions.ts'

/** If a larger share of the table was written, reading all of it takes no longer. */
const writtenShareMax = 0.25

export interface LastReading {
  /**
   * A table with every row that the endpoint has kept, as it is. Whether other rows of it are gone is told by their
   * number.
   */
  readonly table: Cid
  /** Schema of the table as the dataset has it. */
  readonly schema: Schema
}

export interface IncrementInput {
  readonly table: EndpointTable
  /** For messages. */
  readonly where: string
  /** The table as this repository last knew it: rows that cannot be kept stay as they are in it. */
  readonly previous: TableObject
  /** Those that could not be kept. */
  readonly unfit: UnfitOfTable
}

export interface IncrementResult {
  readonly table: Cid
  readonly unfit: UnfitOfTable
}

/** The table as it is now; null when all rows have to be read. */
export async function readIncrement(
  io: Io,
  last: LastReading,
  since: WrittenSince,
  { table, where, previous, unfit }: IncrementInput,
): Promise<IncrementResult | null> {
  if ((await io.nodes.reader.has([last.table]))[0] !== true) return null
  const object = await loadTable(io.nodes.reader, last.table)
  if (!isSameSchema(object.schema, last.schema) || !hasColumnsOf(object.schema, table)) return null
  if (since.isSame) return { table: last.table, unfit }
  const before = await Table.of(io.nodes, object)
  const writtenMax = before.count * writtenShareMax
  const without = await countWithout(before.map, unfit)
  const goneOrWritten = before.count + without - since.kept
  if (since.written > writtenMax || goneOrWritten > since.written) return null
  const written = await gathered(io, before, since, where)
  if (written === null) return null
  // Of the rows that were there before: those of the table, and those that could not be kept.
  const knownUnfit = await countKnown(before.map, written.unfit, unfit)
  let known = 0
  let mended = 0
  let changed = 0
  let count = 0
  async function* inTurn(rows: readonly NamedRows[]): AsyncGenerator<Edit[]> {
    for (const window of entryWindows(rows)) {
      const found = await before.map.getMany(window.map(({ key }) => key))
      for (const [i, entry] of found.entries()) {
        count++
        if (entry === null) {
          if (unfit.has(toHex(window[i]!.key))) mended++
          continue
        }
        known++
        if (!sameEntry(entry, window[i]!)) changed++
      }
      yield window
      await io.writer.drained()
    }
  }
  const rows = await before.map.mutate(io.writer, inTurn(written.rows))
  if (known + mended + knownUnfit !== goneOrWritten) return null
  const after = { ...object, rows: rows.cid }
  const counts = { added: count - known, changed, removed: 0 }
  noteCounts(io.nodes, { before: object, after }, counts)
  const left = unfitAfter(unfit, written)
  // Of a table with a transform the endpoint is not asked what was written.
  const versions = { previous, ways: plainColumns.ways, made: undefined }
  return { table: writeTable(io.writer, await withVersions(io, after, versions, left)), unfit: left }
}

/** How many of these rows were there before: with a version in the table, or as rows that could not be kept. */
async function countKnown(map: ProllyMap, now: UnfitOfTable, before: UnfitOfTable): Promise<number> {
  const fresh = new Map([...now].filter(([name]) => !before.has(name)))
  return now.size - (await countWithout(map, fresh))
}

function isSameSchema(a: Schema, b: Schema): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

export function hasColumnsOf(schema: Schema, table: EndpointTable): boolean {
  const isSame = (one: { name: string; type: string }, i: number): boolean =>
    one.name === table.columns[i]!.name && one.type === table.columns[i]!.type
  return (
    schema.columns.length === table.columns.length &&
    schema.columns.every(isSame) &&
    keyNames(schema).join('\0') === table.key.join('\0')
  )
}
