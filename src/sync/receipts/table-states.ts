// What a link's tables hold on one side, for a receipt. A tree of rows has one shape for one content, so that its name
// is a checksum of all rows that costs nothing to know.
import { digestHex } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import type { Io } from '../../repo/interface.ts'
import { Table } from '../../table/table.ts'
import type { TableState } from '../interface.ts'
import { type LinkedTable, tableAt } from '../tables/link-tables.ts'

export async function tableStates(
  io: Io,
  tree: Tree,
  tables: readonly LinkedTable[],
): Promise<ReadonlyMap<Path, TableState>> {
  const states = new Map<Path, TableState>()
  for (const { path } of tables) {
    const table = await tableAt(io, tree, path)
    if (table === null) continue
    const rows = (await Table.of(io.nodes, table)).count
    states.set(path, { rows, checksum: digestHex(table.rows) })
  }
  return states
}
