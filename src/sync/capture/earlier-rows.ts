// What differs between the last reading of an endpoint and this one, and what earlier readings had of these rows.
import type { Cid } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import { diffMaps } from '../../prolly/diff.ts'
import { sameEntry } from '../../prolly/entry-batch.ts'
import type { Difference, Entry } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import { type LinkedTable, tableAt } from '../tables/link-tables.ts'

/** Rows of each table that are looked at. */
const rowsMax = 256

/** What each table lacks of, or has beside, the last reading. */
export type Differing = ReadonlyMap<Path, readonly Difference[]>

/** Trees of the endpoint around a write of the link. */
export interface Write {
  readonly before: Cid
  readonly after: Cid
}

export async function differingRows(
  io: Io,
  before: Tree,
  after: Tree,
  tables: readonly LinkedTable[],
): Promise<Differing> {
  const found = new Map<Path, Difference[]>()
  for (const { path } of tables) {
    const [old, now] = [await rowsAt(io, before, path), await rowsAt(io, after, path)]
    // An emptied table is another guard's.
    if (old === null || now === null || now.count === 0 || now.cid === old.cid) continue
    const rows: Difference[] = []
    for await (const differences of diffMaps(old, now)) {
      rows.push(...differences.slice(0, rowsMax - rows.length))
      if (rows.length === rowsMax) break
    }
    found.set(path, rows)
  }
  return found
}

/** Which of the rows are in that tree as they are now. */
export async function sameIn(io: Io, tree: Tree, differing: Differing): Promise<Differing> {
  const same = new Map<Path, readonly Difference[]>()
  for (const [path, rows] of differing) {
    const then = await entriesAt(io, tree, path, rows)
    if (then !== null)
      same.set(
        path,
        rows.filter(({ after }, i) => sameEntry(after, then[i]!)),
      )
  }
  return same
}

/** What the tree has under the keys of these rows; null where it has no such table. */
export async function entriesAt(
  io: Io,
  tree: Tree,
  path: Path,
  rows: readonly Difference[],
): Promise<readonly (Entry | null)[] | null> {
  const table = await rowsAt(io, tree, path)
  return table === null ? null : table.getMany(rows.map(({ key }) => key))
}

async function rowsAt(io: Io, tree: Tree, path: Path): Promise<ProllyMap | null> {
  const table = await tableAt(io, tree, path)
  return table === null ? null : ProllyMap.load(io.nodes, table.rows)
}
