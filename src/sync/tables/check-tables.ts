// Before a link is declared its tables are looked for: in the endpoint, or, where they are to be made there, in the branch.
import { cursorColumn } from '../../connectors/cursor-column.ts'
import type { Connector } from '../../connectors/interface.ts'
import { VarveError } from '../../base/errors.ts'
import { Tree } from '../../files/tree.ts'
import { withWriter } from '../../repo/context.ts'
import { readBranch } from '../../repo/head.ts'
import type { Repo } from '../../repo/interface.ts'
import type { Link } from '../interface.ts'
import { branchOf } from '../merge/merge-branch.ts'
import { lagDefault } from '../capture/by-cursor.ts'
import { knownTables } from './known-tables.ts'
import { linkedTables, tablePath } from './link-tables.ts'

/** @throws VarveError VARVE_PATH_NOT_FOUND, VARVE_RULE_VIOLATED (no key, or a cursor that cannot be used), VARVE_NOT_POSSIBLE (one that cannot be read) */
export async function checkTables(repo: Repo, connector: Connector, link: Link): Promise<void> {
  const known = await withWriter(repo, async (writer, nodes) => {
    const manifest = await repo.store.manifest()
    const tip =
      link.mode === 'capture' ? null : await readBranch(nodes.reader, manifest, branchOf(link, manifest))
    return tip === null ? [] : knownTables({ writer, nodes }, link, [await Tree.load(nodes, tip.tree)])
  })
  const tables = linkedTables(link, await connector.discover(link.tables, known))
  for (const { table: name, column, lag = lagDefault } of link.cursor ?? []) {
    const found = tables.find(({ table }) => table.name === name)
    if (found !== undefined) cursorColumn(found.table, { column, lag, from: null })
  }
}

/**
 * Refuses a path at which tables of another link lie: a table is a file of the dataset, not a folder.
 * @throws VarveError VARVE_USAGE
 */
export function refuseNested(link: Link, others: readonly Link[]): void {
  const paths = link.tables.map((table) => tablePath(link, table))
  for (const other of others.filter(({ branch }) => branch === link.branch))
    for (const theirs of other.tables.map((table) => tablePath(other, table))) {
      const [inner = ''] = paths.filter(
        (path) => path.startsWith(`${theirs}/`) || theirs.startsWith(`${path}/`),
      )
      if (inner === '') continue
      throw new VarveError(
        'VARVE_USAGE',
        `'${inner}' and '${theirs}' of the link '${other.name}' would be inside each other`,
        {
          data: { link: link.name, path: inner, other: other.name },
          hint: "choose another folder with '--into'",
        },
      )
    }
}
