// Whether tables that were made anew show an earlier state of theirs, as after `pg_restore --clean` or the loading of a dump:
// then most of what differs from the last reading is as one and the same earlier reading had it. A table that is filled
// again from newer data, or moved by a migration, has little in common with any. Asked only where tables are others than
// before, or their files written earlier, for rows go back and forth in any table. A table that was emptied and filled again
// in place, as some are each night, has gone back only where that undoes what the link had written. Of rows that were deleted
// and written anew nothing tells but what they are (loaded-anew.ts).
import type { Cid } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import { readCommit } from '../../history/commit.ts'
import { sameEntry } from '../../prolly/entry-batch.ts'
import type { Difference } from '../../prolly/interface.ts'
import type { Io } from '../../repo/interface.ts'
import type { CommonBase } from '../common-base.ts'
import { isOfWrite } from '../link-commit.ts'
import { earlierTables, pendingFacts } from '../pending/approval.ts'
import type { LinkState } from '../state.ts'
import type { LinkedTable } from '../tables/link-tables.ts'
import { type Differing, type Write, differingRows, entriesAt, sameIn } from './earlier-rows.ts'
import { isLoadedAnew } from './loaded-anew.ts'
import type { Namespaces } from './namespaces.ts'

/** Earlier readings. */
const readingsMax = 1_000

export interface Suspected {
  readonly state: Pick<LinkState, 'live' | 'pending'>
  readonly namespaces: Namespaces
  readonly tables: readonly LinkedTable[]
  /** What is there now. */
  readonly captured: Tree
}

/**
 * Which tables show an earlier state, 'all' where the endpoint as a whole does. Where it still names the base that it was
 * told last, they were loaded beside that: each waits by itself, as long as nobody has let it in.
 */
export async function goneBack(
  io: Io,
  { told, isTold, isCut, isRestored }: CommonBase,
  { state, namespaces, tables, captured }: Suspected,
): Promise<ReadonlySet<Path> | 'all'> {
  const { live, pending } = state
  const earlier = await stillEarlier(io, pending)
  if (live === null || isCut || isRestored) return earlier
  if (namespaces.areAllAnew(tables) && !(isTold && told !== null))
    return (await haveGoneBack(io, live, { tables, captured })) ? 'all' : earlier
  for (const linked of namespaces.perhapsEarlier(tables))
    if (await haveGoneBack(io, live, { tables: [linked], captured })) earlier.add(linked.path)
  for (const linked of namespaces.filledAnew(tables))
    if (await haveGoneBack(io, live, { tables: [linked], captured, undoing: true })) earlier.add(linked.path)
  if (!isTold || told === null) return earlier
  for (const linked of tables)
    if (!earlier.has(linked.path) && (await isLoadedAnew(io, live, { linked, captured })))
      earlier.add(linked.path)
  return earlier
}

/** The tables that wait since a round before. */
async function stillEarlier(io: Io, pending: Cid | null): Promise<Set<Path>> {
  if (pending === null) return new Set()
  return new Set(earlierTables(pendingFacts(await readCommit(io.nodes.reader, pending))))
}

interface Tables {
  readonly tables: readonly LinkedTable[]
  /** What is there now. */
  readonly captured: Tree
  /** Whether that counts only where it undoes what the link had written. */
  readonly undoing?: boolean
}

/** `live` is the last reading. */
async function haveGoneBack(
  io: Io,
  live: Cid,
  { tables, captured, undoing = false }: Tables,
): Promise<boolean> {
  const { reader } = io.nodes
  let commit = await readCommit(reader, live)
  const differing = await differingRows(io, await Tree.load(io.nodes, commit.tree), captured, tables)
  const all = [...differing.values()].reduce((sum, { length }) => sum + length, 0)
  let tree = commit.tree
  const writes: Write[] = []
  for (let count = 0; all > 0 && count < readingsMax; count++) {
    const [parent] = commit.parents
    if (parent === undefined) return false
    const isWrite = isOfWrite(commit)
    commit = await readCommit(reader, parent)
    if (commit.tree === tree) continue
    if (isWrite) writes.push({ before: commit.tree, after: tree })
    tree = commit.tree
    const same = await sameIn(io, await Tree.load(io.nodes, tree), differing)
    const count = [...same.values()].reduce((sum, { length }) => sum + length, 0)
    if (count * 2 > all && (!undoing || (await areUndone(io, writes, same)))) return true
  }
  return false
}

/** Whether one of the rows was as a write had left it, which had changed it. */
async function areUndone(io: Io, writes: readonly Write[], differing: Differing): Promise<boolean> {
  for (const write of writes)
    for (const [path, rows] of differing) {
      const [before, after] = await Promise.all(
        [write.before, write.after].map(async (tree) =>
          entriesAt(io, await Tree.load(io.nodes, tree), path, rows),
        ),
      )
      const isUndone = (row: Difference, i: number): boolean =>
        sameEntry(row.before, after?.[i] ?? null) && !sameEntry(row.before, before?.[i] ?? null)
      if (rows.some(isUndone)) return true
    }
  return false
}
