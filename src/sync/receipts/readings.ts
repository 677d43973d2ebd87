// What the branch tells of readings of the endpoint that its receipts do not tell: another repository's round has brought
// into the branch what users of the endpoint had changed, and the receipt of that round is not here.
//
//   p ── m ── tip     m: the merge that changed a row to what was read (l): the endpoint and the branch had it in common then
//       /
//      l              as the endpoint was read
//
// Over what was in common before, such a row would look like a change of the branch, and would be written again where a user
// of the endpoint has taken it back since.
import { equalBytes } from '../../base/bytes.ts'
import type { Cid, CommitCid } from '../../encoding/cid.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import { isAncestor, walkCommits } from '../../history/ancestry.ts'
import { readCommit } from '../../history/commit.ts'
import type { Commit } from '../../history/interface.ts'
import { diffMaps } from '../../prolly/diff.ts'
import type { Edit, Entry } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import type { Column, TableObject } from '../../table/interface.ts'
import { writeTable } from '../../table/table-object.ts'
import { isMadeBy } from '../link-commit.ts'
import { endpointView } from '../tables/endpoint-view.ts'
import { type LinkedTable, linkTree, tableAt } from '../tables/link-tables.ts'

const commitsMax = 10_000

export interface Reading {
  /** The link's tables: before the merge, after it, and as they were read. */
  readonly before: Tree
  readonly after: Tree
  readonly read: Tree
}

interface Asked {
  readonly link: string
  readonly tables: readonly LinkedTable[]
  readonly tip: Commit
  /** Commits whose readings are known. */
  readonly known: readonly CommitCid[]
  /** A reading that is known, with all before it; null: none. */
  readonly read: Cid | null
}

/** What was in common, with the rows that later readings have brought into the branch. */
export async function withReadings(io: Io, base: Tree, asked: Asked): Promise<Tree> {
  let now = base
  for (const reading of await readingsAfter(io, asked)) {
    const entries = new Map<Path, TreeEntry>()
    for (const { path } of asked.tables) {
      const rows = await commonRows(io, now, reading, path)
      if (rows !== null)
        entries.set(path, { kind: 'table', executable: false, table: writeTable(io.writer, rows) })
    }
    if (entries.size > 0) now = await now.update(io.writer, entries)
    await io.writer.drained()
  }
  return now
}

/** Oldest first. */
async function readingsAfter(io: Io, { link, tables, tip, known, read: own }: Asked): Promise<Reading[]> {
  const { reader } = io.nodes
  const merges: (readonly [Commit, Commit, Commit])[] = []
  let count = 0
  for await (const commit of walkCommits(reader, [tip.cid], { exclude: known })) {
    if (++count > commitsMax) break
    const [parent, other] = commit.parents
    if (other === undefined || (await reader.has([parent!, other])).includes(false)) continue
    const live = await readCommit(reader, other)
    const isOwn = own !== null && (await isAncestor(reader, live.cid, own as CommitCid))
    if (isMadeBy(live, link) && !isOwn) merges.push([await readCommit(reader, parent!), commit, live])
  }
  const readings: Reading[] = []
  for (const [parent, commit, live] of merges.toReversed()) {
    const read = await linkTree(io, live.tree, tables)
    const view = async ({ tree }: Commit): Promise<Tree> =>
      endpointView(io, tables, read, await linkTree(io, tree, tables))
    readings.push({ before: await view(parent), after: await view(commit), read })
  }
  return readings
}

/** Null where nothing of the table has come to be in common. */
async function commonRows(
  io: Io,
  base: Tree,
  { before, after, read }: Reading,
  path: Path,
): Promise<TableObject | null> {
  const known = await tableAt(io, base, path)
  if (known === null) return null
  const others: TableObject[] = []
  for (const tree of [before, after, read]) {
    const table = await tableAt(io, tree, path)
    if (table === null || !isLaidAlike(known, table)) return null
    others.push(table)
  }
  const [had, has, there] = await Promise.all(others.map(({ rows }) => ProllyMap.load(io.nodes, rows)))
  const map = await ProllyMap.load(io.nodes, known.rows)
  const edits: Edit[] = []
  for await (const changes of diffMaps(had!, has!)) {
    const keys = changes.map(({ key }) => key)
    const [common, seen] = [await map.getMany(keys), await there!.getMany(keys)]
    for (const [i, { key, before: old, after: now }] of changes.entries())
      if (isSame(common[i]!, old) && isSame(seen[i]!, now))
        edits.push(now === null ? { key, value: null } : { key, value: now.value, links: now.links })
  }
  return edits.length === 0 ? null : { ...known, rows: (await map.mutate(io.writer, edits)).cid }
}

function isLaidAlike({ schema: a }: TableObject, { schema: b }: TableObject): boolean {
  const words = (columns: readonly Column[]): string =>
    JSON.stringify(columns.map(({ id, name }) => [id, name]))
  return a.cells === b.cells && a.key.join() === b.key.join() && words(a.columns) === words(b.columns)
}

function isSame(a: Entry | null, b: Entry | null): boolean {
  if (a === null || b === null) return a === b
  return equalBytes(a.value, b.value) && a.links.join() === b.links.join()
}
