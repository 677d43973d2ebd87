// Whether a table was loaded from an older dump, into rows that were deleted and not truncated: nothing but its content tells
// that. So it is taken for one only where one reading takes back all at once what several rounds had written: rows that the
// link had removed are there again, rows that it had added or changed are as before, and everything that differs is as one
// earlier reading had it. Whoever takes back a change by hand, or resets a column of many rows, does not do all of that.
import type { Cid } from '../../encoding/cid.ts'
import { Tree } from '../../files/tree.ts'
import { readCommit } from '../../history/commit.ts'
import { sameEntry } from '../../prolly/entry-batch.ts'
import type { Difference } from '../../prolly/interface.ts'
import type { Io } from '../../repo/interface.ts'
import { isOfWrite } from '../link-commit.ts'
import type { LinkedTable } from '../tables/link-tables.ts'
import { type Write, differingRows, entriesAt } from './earlier-rows.ts'

/** Earlier readings. */
const readingsMax = 100
/** Rows that the link had written, and rounds that had written them. */
const undoneMin = 8
const writesMin = 2

interface Loaded {
  readonly linked: LinkedTable
  /** What is there now. */
  readonly captured: Tree
}

/** `live` is the last reading. */
export async function isLoadedAnew(io: Io, live: Cid, { linked, captured }: Loaded): Promise<boolean> {
  const { reader } = io.nodes
  let commit = await readCommit(reader, live)
  const differing = await differingRows(io, await Tree.load(io.nodes, commit.tree), captured, [linked])
  const rows = differing.get(linked.path) ?? []
  const first = rows.find(({ before }) => before === null)
  const isMixed = first !== undefined && rows.some(({ before }) => before !== null)
  if (rows.length < undoneMin || !isMixed) return false
  const writes: Write[] = []
  for (let count = 0; count < readingsMax; count++) {
    const [parent] = commit.parents
    if (parent === undefined) return false
    const before = await readCommit(reader, parent)
    if (isOfWrite(commit)) writes.push({ before: before.tree, after: commit.tree })
    commit = before
    // A row that is new there was in no earlier reading: that costs a look at each, and no more.
    const isThen =
      (await areAs(io, commit.tree, linked, [first])) && (await areAs(io, commit.tree, linked, rows))
    if (isThen && (await areUndone(io, linked, writes, rows))) return true
  }
  return false
}

/** Whether all rows are in that tree as they are now. */
async function areAs(
  io: Io,
  tree: Cid,
  { path }: LinkedTable,
  rows: readonly Difference[],
): Promise<boolean> {
  const then = await entriesAt(io, await Tree.load(io.nodes, tree), path, rows)
  return then !== null && rows.every(({ after }, i) => sameEntry(after, then[i]!))
}

async function areUndone(
  io: Io,
  { path }: LinkedTable,
  writes: readonly Write[],
  rows: readonly Difference[],
): Promise<boolean> {
  const undone = new Set<Difference>()
  let count = 0
  for (const write of writes) {
    const [before, after] = await Promise.all(
      [write.before, write.after].map(async (tree) =>
        entriesAt(io, await Tree.load(io.nodes, tree), path, rows),
      ),
    )
    const own = rows.filter(
      (row, i) => sameEntry(row.before, after?.[i] ?? null) && !sameEntry(row.before, before?.[i] ?? null),
    )
    if (own.length > 0) count++
    for (const row of own) undone.add(row)
  }
  const removed = [...undone].filter(({ before }) => before === null).length
  return count >= writesMin && undone.size >= undoneMin && removed > 0 && removed < undone.size
}
