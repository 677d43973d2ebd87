// What tables of a link were when they were last read: the shape that they keep where the endpoint has no word for it. One
// that was never read is what the branch has, which is to be written there.
import type { KnownTable } from '../../connectors/interface.ts'
import type { Tree } from '../../files/tree.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import { keyNames } from '../../table/key.ts'
import type { Schema } from '../../table/interface.ts'
import type { Link } from '../interface.ts'
import { tableAt, tablePath } from './link-tables.ts'

/**
 * What is known of the tables, from the first of `trees` in which a table has rows. The types of a table without
 * rows were never seen.
 */
export async function knownTables(io: Io, link: Link, trees: readonly Tree[]): Promise<KnownTable[]> {
  const known: KnownTable[] = []
  for (const name of link.tables)
    for (const tree of trees) {
      const table = await tableAt(io, tree, tablePath(link, name))
      if (table === null || (await ProllyMap.load(io.nodes, table.rows)).count === 0) continue
      known.push(knownTable(name, table.schema))
      break
    }
  return known
}

export function knownTable(name: string, schema: Schema): KnownTable {
  return { name, columns: schema.columns, key: keyNames(schema) }
}
