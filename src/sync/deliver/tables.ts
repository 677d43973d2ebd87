// The tables that a sink is sent: the part of a tree at the link's paths and nothing else, so that changes in the rest
// of the dataset make no delivery.
import { VarveError } from '../../base/errors.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { nearPath } from '../../files/near-path.ts'
import { safePath } from '../../files/path.ts'
import { Tree } from '../../files/tree.ts'
import { withWriter } from '../../repo/context.ts'
import { readBranch } from '../../repo/head.ts'
import type { Io, Repo } from '../../repo/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import { loadTable } from '../../table/table-object.ts'
import type { Link } from '../interface.ts'
import { branchOf } from '../merge/merge-branch.ts'

/** The paths of a sink's tables. A sink has no names of its own for them. */
export function deliveredPaths(link: Link): Path[] {
  return link.tables.map((table) => safePath(table))
}

/** The tables that the branch does not have (yet). @throws VarveError VARVE_NOT_POSSIBLE when a path holds a file */
export function absentTables(
  repo: Repo,
  link: Link,
): Promise<{ readonly path: Path; readonly near: Path | null }[]> {
  const paths = deliveredPaths(link)
  return withWriter(repo, async (writer, nodes) => {
    const manifest = await repo.store.manifest()
    const tip = await readBranch(nodes.reader, manifest, branchOf(link, manifest))
    if (tip === null) return paths.map((path) => ({ path, near: null }))
    const tree = await deliveredTree({ writer, nodes }, tip.tree, paths)
    const found = await tree.getMany(paths)
    const absent = paths.filter((_, i) => found[i] === null)
    const whole = await Tree.load(nodes, tip.tree)
    return Promise.all(absent.map(async (path) => ({ path, near: await nearPath(whole, path) })))
  })
}

/** A tree of the tables that are there. @throws VarveError VARVE_NOT_POSSIBLE when a path holds a file */
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
