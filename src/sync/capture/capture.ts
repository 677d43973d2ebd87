// Reads an endpoint's tables as they are at one moment into a tree. What has not changed has the same bytes and so the
// same objects: the next commit of an unchanged endpoint is no commit at all.
import { isVarveError } from '../../base/errors.ts'
import type { Connector } from '../../connectors/interface.ts'
import type { TreeEntry, Path } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import type { Io } from '../../repo/interface.ts'
import type { TableDigests } from './digests.ts'
import { driftOf, waitingForShape, waitingForTable } from './drift.ts'
import { isAllowed } from '../guards.ts'
import { readTable } from './read-table.ts'
import type { HeldRows } from '../held/held-rows.ts'
import type { Link, SyncOptions } from '../interface.ts'
import { type LinkedTable, tableAt, tablesThere } from '../tables/link-tables.ts'

/** `before` is the endpoint as it was last read: its columns keep their ids. */
export async function capture(
  io: Io,
  connector: Pick<Connector, 'snapshot'>,
  what: {
    readonly link: Link
    readonly tables: readonly LinkedTable[]
    readonly before: Tree
    readonly digests: TableDigests
    readonly held: HeldRows
  },
  options: SyncOptions,
): Promise<Tree> {
  const { link, tables, before, digests, held } = what
  const entries = new Map<Path, TreeEntry>()
  const snapshot = await connector.snapshot(tablesThere(tables))
  try {
    for (const linked of tables) {
      const { table, path } = linked
      const known = await before.get(path)
      if (linked.isGone === true) {
        held.add(waitingForTable(link, linked))
        entries.set(path, known!)
        continue
      }
      const previous = (await tableAt(io, before, path)) ?? undefined
      const drift =
        previous === undefined || isAllowed('schema', options) ? [] : driftOf(previous.schema, table)
      if (known !== null && drift.length > 0) {
        held.add(waitingForShape(link, linked, drift))
        entries.set(path, known)
        continue
      }
      const source = { snapshot, table, where: `${link.name}: ${table.name}`, previous }
      const read = await readTable(io, source, { path, known, digests }, options).catch((error: unknown) => {
        // What its rows break is said, and stops this table alone.
        if (known === null || !isVarveError(error, 'VARVE_RULE_VIOLATED')) throw error
        held.add({ table: table.name, path, key: '', keyHex: '', reason: 'schema', message: error.message })
        return known
      })
      entries.set(path, read)
    }
  } finally {
    await snapshot.close()
  }
  return Tree.empty(io.nodes, io.writer).update(io.writer, entries)
}
