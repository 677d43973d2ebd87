// What two versions of one table differ in, for people: sentences about its columns, rows and cells. Rows are made only
// while somebody iterates them.
import { yieldIfDue } from '../../base/turns.ts'
import { entryAt } from '../../prolly/entry-batch.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import { keyNames } from '../../table/key.ts'
import { contentRuns, entryContentBytes } from '../../table/content-runs.ts'
import { countTableDifferences, diffTables } from '../../table/diff.ts'
import { diffSchemas } from '../../table/schema-diff.ts'
import type { OneWaySource, RowDifference, SchemaDifference, TableObject } from '../../table/interface.ts'
import { isSameSource, oneWayOf } from '../../table/one-way.ts'
import { entriesToRows } from '../../table/rows.ts'
import { Table } from '../../table/table.ts'
import type { PathDiff } from './diff.ts'
import { countWhole } from './row-counts.ts'

export type TableParts = Pick<
  PathDiff,
  'kind' | 'schemaChanges' | 'keyColumns' | 'keyColumnsBefore' | 'rows' | 'rowCounts'
>

/** At least one of the two tables is not null. */
export function partsOfTables(
  nodes: NodeStore,
  a: TableObject | null,
  b: TableObject | null,
  options: { readonly signal?: AbortSignal | undefined },
): TableParts {
  const schemaChanges = [
    ...(a && b ? describeSchema(diffSchemas(a.schema, b.schema)) : []),
    ...(b ? describeSources(a ? oneWayOf(a) : [], oneWayOf(b)) : []),
  ]
  const keyColumns = keyNames((b ?? a)!.schema)
  const keyColumnsBefore = keyNames((a ?? b)!.schema)
  const isSameKey = JSON.stringify(keyColumnsBefore) === JSON.stringify(keyColumns)
  return {
    kind: 'table',
    schemaChanges,
    keyColumns,
    ...(isSameKey ? {} : { keyColumnsBefore }),
    rows: ({ skip = 0 } = {}) => {
      if (a && b) return diffTables(nodes, a, b, { ...options, skip })
      return allRows(nodes, (a ?? b)!, a ? 'removed' : 'added', { ...options, skip })
    },
    rowCounts: async () => {
      if (a && b) return countTableDifferences(nodes, a, b, options)
      return a ? countWhole(nodes, a, 'removed') : countWhole(nodes, b!, 'added')
    },
  }
}

async function* allRows(
  nodes: NodeStore,
  object: TableObject,
  kind: 'added' | 'removed',
  { signal, skip }: { readonly signal?: AbortSignal | undefined; readonly skip: number },
): AsyncGenerator<RowDifference[]> {
  const table = await Table.of(nodes, object)
  const keys = keyNames(object.schema)
  let left = skip
  for await (const batch of table.map.scan({ signal })) {
    const from = Math.min(left, batch.count)
    left -= from
    const entries = Array.from({ length: batch.count - from }, (_, i) => entryAt(batch, from + i))
    for (const run of contentRuns(entries, entryContentBytes)) {
      const rows = await entriesToRows(table.shape, run, nodes.reader, { signal })
      yield rows.map((row) => ({
        kind,
        key: keys.map((name) => row[name] ?? null),
        before: kind === 'removed' ? row : null,
        after: kind === 'added' ? row : null,
        cells: [],
      }))
      await yieldIfDue()
    }
  }
}

/** The changes as sentences for people, without full stops. */
function describeSchema(difference: SchemaDifference): string[] {
  return [
    ...difference.added.map((column) => `column '${column.name}' added`),
    ...difference.removed.map((column) => `column '${column.name}' removed`),
    ...difference.renamed.map(({ before, after }) => `column '${before.name}' renamed to '${after.name}'`),
    ...difference.retyped.map(
      ({ before, after }) => `column '${after.name}' is ${after.type}, was ${before.type}`,
    ),
    ...(difference.reordered ? ['columns reordered'] : []),
    ...(difference.keyChanged ? ['key changed'] : []),
  ]
}

/** The same, of what its rows were made of. */
function describeSources(before: readonly OneWaySource[], after: readonly OneWaySource[]): string[] {
  const without = (some: readonly OneWaySource[], others: readonly OneWaySource[]): OneWaySource[] =>
    some.filter((one) => !others.some((other) => isSameSource(one, other)))
  const made = ({ table, link }: OneWaySource): string =>
    `made of '${table}' by a transform of the link '${link}'`
  return [
    ...without(after, before).map((source) => `${made(source)}: it does not go back there`),
    ...without(before, after).map((source) => `no longer ${made(source)}`),
  ]
}
