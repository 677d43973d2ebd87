// One table of an endpoint beside the same table of a commit: rows and ranges that differ. Only columns that both have
// count.
import { toHex } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import type { EndpointColumn, RowChange } from '../../connectors/interface.ts'
import { digestHex } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import type { Io } from '../../repo/interface.ts'
import { sameCell } from '../../table/cell.ts'
import { keyText } from '../../table/key.ts'
import { Table } from '../../table/table.ts'
import { emptyTable } from '../tables/empty-table.ts'
import type { HeldBack, TableState } from '../interface.ts'
import type { NamedTable } from '../pending/stops.ts'
import { type LinkedTable, tableAt } from '../tables/link-tables.ts'
import { countChanges } from '../tables/differences.ts'
import { otherKey } from '../tables/other-key.ts'
import { rowChanges } from '../tables/row-changes.ts'
import type { DifferingRow, TableVerification } from './interface.ts'
import { RangeCounter } from './ranges.ts'
import { sameValue } from '../../connectors/spelling/same-value.ts'

/** More are counted and not listed. */
const listedMax = 1000

export interface BothSides {
  readonly endpoint: Tree
  /** The same, under the keys that `expected` has. */
  readonly captured: Tree
  readonly expected: Tree
  readonly held: readonly HeldBack[]
  /** Rows of the endpoint that cannot be kept. In `endpoint` they are as in `expected`. */
  readonly tooLarge: readonly HeldBack[]
}

export async function compareTable(
  io: Io,
  linked: LinkedTable,
  { endpoint, captured, expected, held, tooLarge }: BothSides,
): Promise<TableVerification> {
  const { table, path } = linked
  const after = await tableAt(io, endpoint, path)
  const seen = await tableAt(io, captured, path)
  if (after === null || seen === null)
    throw new VarveError('VARVE_CORRUPT', `table '${table.name}' was not read`)
  const known = await tableAt(io, expected, path)
  const before = known ?? emptyTable(io, table)
  const clash = otherKey(before, after, path)
  if (clash !== null) return unreadTable(linked, stateOf(await Table.of(io.nodes, before)), clash)
  const [old, now] = [await Table.of(io.nodes, before), await Table.of(io.nodes, after)]
  const here = before.schema.columns.map(({ name }) => name)
  const there = table.columns.map(({ name }) => name)
  const shared = there.map((name) => here.includes(name))
  const reasons = new Map(held.filter((row) => row.path === path).map((row) => [row.keyHex, row.reason]))
  const ranges = new RangeCounter(before.schema, old.map, (await Table.of(io.nodes, seen)).map, listedMax)
  const counts = { missing: 0, extra: 0, changed: 0 }
  let respelled = (await countChanges(io.nodes, { before: after, after: seen })).added
  const rows: DifferingRow[] = []
  for await (const changes of rowChanges(io.nodes, { before, after: seen }, table, 'all')) {
    for (const change of changes) {
      const columns = there.filter((_, i) => shared[i] && isChanged(change, i, table.columns[i]!))
      if (change.kind === 'update' && columns.length === 0) {
        // One with another key was counted.
        if (isRespelled(change, shared) && (await now.map.get(change.key)) !== null) respelled++
        continue
      }
      const kind = kindOf(change)
      counts[kind]++
      await ranges.count(change.key)
      if (rows.length === listedMax) continue
      const key = keyText(before.schema, change.key)
      rows.push({ key, kind, columns, heldBack: reasons.get(toHex(change.key)) ?? null })
    }
  }
  await ranges.finish()
  const large = tooLarge.filter((row) => row.path === path)
  for (const { key, reason, tooLarge: why } of large.slice(0, listedMax - rows.length))
    rows.push({ key, kind: 'too-large', columns: why!.columns, heldBack: reason })
  const total = counts.missing + counts.extra + counts.changed + large.length
  return {
    table: table.name,
    path,
    matches: known !== null && total === 0,
    endpoint: stateOf(now),
    commit: known === null ? null : stateOf(old),
    counts,
    respelled,
    tooLarge: large.length,
    columnsOnlyThere: there.filter((name) => !here.includes(name)),
    columnsOnlyHere: here.filter((name) => !there.includes(name)),
    ranges: ranges.ranges,
    rows,
    isCut: total > rows.length || ranges.isCut,
  }
}

/** The verdict on a table that could not be read; `unread` says why. */
export function unreadTable(
  { table, path }: NamedTable,
  commit: TableState | null,
  unread: string,
): TableVerification {
  return {
    table: table.name,
    path,
    matches: false,
    unread,
    endpoint: null,
    commit,
    counts: { missing: 0, extra: 0, changed: 0 },
    respelled: 0,
    tooLarge: 0,
    columnsOnlyThere: [],
    columnsOnlyHere: [],
    ranges: [],
    rows: [],
    isCut: false,
  }
}

export async function tableState(io: Io, tree: Tree, path: Path): Promise<TableState | null> {
  const table = await tableAt(io, tree, path)
  return table === null ? null : stateOf(await Table.of(io.nodes, table))
}

function kindOf({ kind }: RowChange): keyof TableVerification['counts'] {
  return kind === 'insert' ? 'extra' : kind === 'delete' ? 'missing' : 'changed'
}

function isChanged({ before, after }: RowChange, place: number, column: EndpointColumn): boolean {
  return before !== null && after !== null && !sameValue(before[place]!, after[place]!, column)
}

/** Whether a shared column is not written in the same way. */
function isRespelled({ before, after }: RowChange, shared: readonly boolean[]): boolean {
  return shared.some((isShared, i) => isShared && !sameCell(before![i]!, after![i]!))
}

function stateOf(table: Table): TableState {
  return { rows: table.count, checksum: digestHex(table.object.rows) }
}
