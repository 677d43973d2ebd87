// A property that an API calls otherwise now is one that no item has: its column would be empty without a word. That is a
// change of the table's shape, though its declaration is as it was.
import type { EndpointTable } from '../../connectors/interface.ts'
import { diffMaps } from '../../prolly/diff.ts'
import { entryAt } from '../../prolly/entry-batch.ts'
import type { Io } from '../../repo/interface.ts'
import { contentRuns, entryContentBytes } from '../../table/content-runs.ts'
import { entryCells } from '../../table/entry-cells.ts'
import type { Cell, TableObject } from '../../table/interface.ts'
import { Table } from '../../table/table.ts'

/** For people. */
export function goneWords(name: string): string {
  return `column '${name}' is gone: no item has a property '${name}' any more`
}

/** Of one row it may be so by chance: an optional property need not be there. */
const rowsLostMin = 2

/**
 * Columns in which no row has anything any more, not even null, though several rows that are still there had (or all
 * rows, where they are few).
 */
export async function emptiedColumns(
  io: Io,
  { columns, key }: EndpointTable,
  { before, after }: { readonly before: TableObject; readonly after: TableObject },
): Promise<readonly string[]> {
  const names = columns.map(({ name }) => name).filter((name) => !key.includes(name))
  const now = await Table.of(io.nodes, after)
  if (now.count === 0) return []
  const empty = await columnsWithout(io, now, names)
  if (empty.length === 0) return []
  const earlier = await Table.of(io.nodes, before)
  const lost = await rowsLost(io, empty, { before: earlier, after: now })
  return empty.filter((_, i) => lost[i]! >= Math.max(1, Math.min(rowsLostMin, earlier.count)))
}

/** By column: how many rows had something there, and are still there. */
async function rowsLost(
  io: Io,
  names: readonly string[],
  { before, after }: { readonly before: Table; readonly after: Table },
): Promise<number[]> {
  const lost = names.map(() => 0)
  const columns = names.map((name) => ({ name }))
  for await (const differences of diffMaps(before.map, after.map)) {
    const kept = differences.flatMap((one) => (one.before === null || one.after === null ? [] : [one.before]))
    for (const run of contentRuns(kept, entryContentBytes))
      for (const row of await entryCells(io.nodes.reader, before.shape, run, columns))
        for (const i of names.keys()) if (!isAbsent(row?.[i])) lost[i]!++
  }
  return lost
}

/** Those of the columns that no row has anything in. Ends with the first row by which all have something. */
export async function columnsWithout(
  io: Io,
  { map, shape }: Table,
  names: readonly string[],
): Promise<readonly string[]> {
  let open = names
  for await (const batch of map.scan()) {
    const entries = Array.from({ length: batch.count }, (_, i) => entryAt(batch, i))
    for (const run of contentRuns(entries, entryContentBytes)) {
      const columns = open.map((name) => ({ name }))
      const rows = await entryCells(io.nodes.reader, shape, run, columns)
      open = open.filter((_, i) => rows.every((row) => isAbsent(row?.[i])))
      if (open.length === 0) return open
    }
  }
  return open
}

function isAbsent(cell: Cell | undefined): boolean {
  return cell === undefined || cell.kind === 'absent'
}
