// What has to happen to an endpoint's table so that it becomes another: rows as cells in the order of the endpoint's own
// columns, from the difference of two tables. The cost follows the difference.
import type { RowChange } from '../../connectors/interface.ts'
import type { Entry } from '../../prolly/interface.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import { entryCells } from '../../table/entry-cells.ts'
import type { Cell, Column } from '../../table/interface.ts'
import type { RowShape } from '../../table/rows.ts'
import { Table } from '../../table/table.ts'
import { type TableStep, differencesOf, kindOf } from './differences.ts'

const batchRows = 512

/** In batches, by key; of one kind only, or of all. */
export async function* rowChanges(
  nodes: NodeStore,
  { before, after }: TableStep,
  table: { readonly columns: readonly Pick<Column, 'name'>[] },
  kind: RowChange['kind'] | 'all',
): AsyncGenerator<RowChange[]> {
  const [old, new_] = [await Table.of(nodes, before), await Table.of(nodes, after)]
  for await (const differences of differencesOf(nodes, { before, after })) {
    const chosen = kind === 'all' ? differences : differences.filter((one) => kindOf(one) === kind)
    for (let at = 0; at < chosen.length; at += batchRows) {
      const batch = chosen.slice(at, at + batchRows)
      const cellsOf = (shape: RowShape, entries: (Entry | null)[]): Promise<(Cell[] | null)[]> =>
        entryCells(nodes.reader, shape, entries, table.columns)
      const befores = await cellsOf(
        old.shape,
        batch.map((one) => one.before),
      )
      const afters = await cellsOf(
        new_.shape,
        batch.map((one) => one.after),
      )
      yield batch.map(
        (one, i) => ({ kind: kindOf(one), key: one.key, before: befores[i], after: afters[i] }) as RowChange,
      )
    }
  }
}
