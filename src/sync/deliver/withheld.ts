// Rows that a receiver has refused. Its version of them stays what it was sent before, so the difference to what it
// should have been sent always says which rows they are. A refused row is not sent again as long as it does not change,
// since it would be refused again. Once it changes, it is sent as it is then, so that its changes keep their order.
import { sameEntry } from '../../prolly/entry-batch.ts'
import { compareBytes, fromHex, toHex } from '../../base/bytes.ts'
import type { Path } from '../../files/interface.ts'
import { diffMaps } from '../../prolly/diff.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import type { Delivery } from './delivery.ts'
import { isKeyedAlike } from './messages.ts'
import { deliveredTable } from './tables.ts'
import { rowCopyEdits } from '../tables/row-copy.ts'

/** Keys (in hex) of the rows that were held back by a delivery. */
export async function waitingRows(io: Io, last: Delivery | null, path: Path): Promise<Set<string>> {
  const keys = new Set<string>()
  if (last === null || last.target.cid === last.told.cid) return keys
  const [told, target] = [
    await deliveredTable(io, last.told, path),
    await deliveredTable(io, last.target, path),
  ]
  for await (const differences of diffMaps(await rowsOf(io, told), await rowsOf(io, target)))
    for (const { key } of differences) keys.add(toHex(key))
  return keys
}

/** Those of the waiting rows that are still as they were when they were refused. */
export async function withheldRows(
  io: Io,
  last: Delivery | null,
  { target, isRetry }: Pick<Delivery, 'target' | 'isRetry'>,
  { path, waiting }: { readonly path: Path; readonly waiting: ReadonlySet<string> },
): Promise<ReadonlySet<string>> {
  if (isRetry || waiting.size === 0) return new Set()
  const [before, after] = [
    await deliveredTable(io, last!.target, path),
    await deliveredTable(io, target, path),
  ]
  if (before !== null && after !== null && !isSchemaAlike(before, after)) return new Set()
  const keys = [...waiting].map(fromHex).sort(compareBytes)
  const [was, is] = [
    await (await rowsOf(io, before)).getMany(keys),
    await (await rowsOf(io, after)).getMany(keys),
  ]
  return new Set(keys.filter((_, i) => sameEntry(was[i]!, is[i]!)).map((key) => toHex(key)))
}

/**
 * The table as the receiver has it: as it was to be sent, except for rows that it was not told of, which are as they
 * were before. Null when a row of another key would have to stay.
 */
export async function toldTable(
  io: Io,
  before: TableObject | null,
  target: TableObject | null,
  keys: ReadonlySet<string>,
): Promise<TableObject | null> {
  const into = target ?? { ...before!, rows: ProllyMap.empty(io.nodes, io.writer).cid }
  const sorted = [...keys].map(fromHex).sort(compareBytes)
  const kept = await (await rowsOf(io, before)).getMany(sorted)
  if (before !== null && !isKeyedAlike(before.schema, into.schema) && kept.some((entry) => entry !== null))
    return null
  const edits = await rowCopyEdits(io, { from: before, into, keys: sorted, others: 'are empty' })
  const rows = await (await rowsOf(io, into)).mutate(io.writer, edits)
  // It is no file's any more: order and layout are of the rows that it should have.
  return { ...into, rows: rows.cid, order: null, layout: null }
}

function isSchemaAlike(a: TableObject, b: TableObject): boolean {
  return (
    isKeyedAlike(a.schema, b.schema) && JSON.stringify(a.schema.columns) === JSON.stringify(b.schema.columns)
  )
}

function rowsOf({ nodes, writer }: Io, table: TableObject | null): Promise<ProllyMap> | ProllyMap {
  return table === null ? ProllyMap.empty(nodes, writer) : ProllyMap.load(nodes, table.rows)
}
