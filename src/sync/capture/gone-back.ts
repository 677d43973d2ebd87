// Whether tables that were made anew show an earlier state of theirs, as after `pg_restore --clean` or the loading of a dump:
// then most of what differs from the last reading is as one and the same earlier reading had it. A table that is filled
// again from newer data, or moved by a migration, has little in common with any. Asked only where all of a link's tables
// are others than before, for rows go back and forth in any table.
import type { Cid } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import { readCommit } from '../../history/commit.ts'
import { diffMaps } from '../../prolly/diff.ts'
import { sameEntry } from '../../prolly/entry-batch.ts'
import type { Difference } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import { type LinkedTable, tableAt } from '../tables/link-tables.ts'

/** Rows of each table that are looked at. */
const rowsMax = 256
/** Earlier readings. */
const readingsMax = 1_000

/** What each table lacks of, or has beside, the last reading. */
type Differing = ReadonlyMap<Path, readonly Difference[]>

/** `live` is the last reading, `captured` what is there now. */
export async function haveGoneBack(
  io: Io,
  live: Cid,
  { tables, captured }: { readonly tables: readonly LinkedTable[]; readonly captured: Tree },
): Promise<boolean> {
  const { reader } = io.nodes
  let commit = await readCommit(reader, live)
  const differing = await differingRows(io, await Tree.load(io.nodes, commit.tree), captured, tables)
  const all = [...differing.values()].reduce((sum, { length }) => sum + length, 0)
  let tree = commit.tree
  for (let count = 0; all > 0 && count < readingsMax; count++) {
    const [parent] = commit.parents
    if (parent === undefined) return false
    commit = await readCommit(reader, parent)
    if (commit.tree === tree) continue
    tree = commit.tree
    if ((await sameIn(io, await Tree.load(io.nodes, tree), differing)) * 2 > all) return true
  }
  return false
}

async function differingRows(
  io: Io,
  before: Tree,
  after: Tree,
  tables: readonly LinkedTable[],
): Promise<Differing> {
  const found = new Map<Path, Difference[]>()
  for (const { path } of tables) {
    const [old, now] = [await rowsAt(io, before, path), await rowsAt(io, after, path)]
    // An emptied table is another guard's.
    if (old === null || now === null || now.count === 0) continue
    const rows: Difference[] = []
    for await (const differences of diffMaps(old, now)) {
      rows.push(...differences.slice(0, rowsMax - rows.length))
      if (rows.length === rowsMax) break
    }
    found.set(path, rows)
  }
  return found
}

/** How many of the rows are in that tree as they are now. */
async function sameIn(io: Io, tree: Tree, differing: Differing): Promise<number> {
  let same = 0
  for (const [path, rows] of differing) {
    const then = await rowsAt(io, tree, path)
    if (then === null || rows.length === 0) continue
    const entries = await then.getMany(rows.map(({ key }) => key))
    same += rows.filter(({ after }, i) => sameEntry(after, entries[i]!)).length
  }
  return same
}

async function rowsAt(io: Io, tree: Tree, path: Path): Promise<ProllyMap | null> {
  const table = await tableAt(io, tree, path)
  return table === null ? null : ProllyMap.load(io.nodes, table.rows)
}
