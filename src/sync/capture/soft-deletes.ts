// Rows that are only marked as deleted, in tables that are read by a cursor: what the marks say is taken for what is so.
import { VarveError } from '../../base/errors.ts'
import type { EndpointSnapshot, EndpointTable } from '../../connectors/interface.ts'
import { marksGone } from '../../connectors/json/value-rules.ts'
import type { TableCursor } from '../../dataset/interface.ts'
import { columnPlaces } from '../../table/column-places.ts'
import type { Cell } from '../../table/interface.ts'

type Rows = AsyncIterable<readonly (readonly Cell[])[]>

/** The snapshot without such rows; those that were marked since a cursor are told as gone. */
export function withoutMarked(
  snapshot: EndpointSnapshot,
  cursors: readonly TableCursor[] = [],
): EndpointSnapshot {
  const rulesOf = ({ name }: EndpointTable): TableCursor['deletes'] =>
    cursors.find(({ table }) => table === name)?.deletes
  if (cursors.every(({ deletes }) => deletes === undefined)) return snapshot
  return {
    rows: (table, signal) => {
      const isMarked = markOf(table, rulesOf(table))
      const rows = snapshot.rows(table, signal)
      return isMarked === null ? rows : unmarked(rows, isMarked)
    },
    digest: (table) => (rulesOf(table) === undefined ? snapshot.digest(table) : Promise.resolve(null)),
    written: async (table, earlier) =>
      rulesOf(table) === undefined ? ((await snapshot.written?.(table, earlier)) ?? null) : null,
    ...(snapshot.since === undefined
      ? {}
      : {
          since: async (table, cursor) => {
            const isMarked = markOf(table, rulesOf(table))
            const since = await snapshot.since!(table, cursor)
            return isMarked === null
              ? since
              : { ...since, isGone: (row) => isMarked(row) || since.isGone?.(row) === true }
          },
        }),
    close: () => snapshot.close(),
  }
}

function markOf(
  { name, columns }: EndpointTable,
  rules: TableCursor['deletes'],
): ((row: readonly Cell[]) => boolean) | null {
  if (rules === undefined) return null
  const places = columnPlaces(
    columns,
    rules.map(({ path }) => path),
  )
  const missing = places.indexOf(-1)
  if (missing >= 0)
    throw new VarveError(
      'VARVE_RULE_VIOLATED',
      `'${name}' has no column '${rules[missing]!.path}' that would say which rows are deleted`,
      { hint: "see 'cursor' of the link in varve.yaml" },
    )
  return (row) => rules.every(({ values }, i) => marksGone(values, row[places[i]!]!))
}

async function* unmarked(rows: Rows, isMarked: (row: readonly Cell[]) => boolean): Rows {
  for await (const batch of rows) yield batch.filter((row) => !isMarked(row))
}
