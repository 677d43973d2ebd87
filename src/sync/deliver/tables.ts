// The tables that a sink is told about: the part of a tree that lies at the link's paths, and nothing else, so that what
// the rest of the dataset does is no delivery.
import { VarveError } from '../../base/errors.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { safePath } from '../../files/path.ts'
import { Tree } from '../../files/tree.ts'
import type { Io } from '../../repo/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import { loadTable } from '../../table/table-object.ts'
import type { Link } from '../interface.ts'

/** A sink has no names of its own for tables: they are paths of the dataset. */
export function deliveredPaths(link: Link): Path[] {
  return link.tables.map((table) => safePath(table))
}

/** Tables that are not there are left out. @throws VarveError VARVE_NOT_POSSIBLE where a path holds a file */
export async function deliveredTree(io: Io, root: Cid, paths: readonly Path[]): Promise<Tree> {
  const entries = await (await Tree.load(io.nodes, root)).getMany(paths)
  const chosen = new Map<Path, TreeEntry>()
  for (const [i, entry] of entries.entries()) {
    if (entry === null) continue
    if (entry.kind !== 'table') {
      throw new VarveError('VARVE_NOT_POSSIBLE', `'${paths[i]}' is a file and not a table`, {
        data: { path: paths[i]! },
        hint: "say which columns tell its rows apart: 'varve track PATH --key COLUMN'",
      })
    }
    chosen.set(paths[i]!, { kind: 'table', executable: false, table: entry.table })
  }
  return Tree.empty(io.nodes, io.writer).update(io.writer, chosen)
}

export async function deliveredTable(io: Io, tree: Tree | null, path: Path): Promise<TableObject | null> {
  const entry = tree === null ? null : await tree.get(path)
  return entry?.kind === 'table' ? loadTable(io.nodes.reader, entry.table) : null
}
