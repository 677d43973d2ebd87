// Rows that an endpoint stores in another form: a number with more digits, a text that a trigger changes. A mirror
// would write them again in each round, and `--follow` would never come to rest. So a row that was written twice with
// the same content, and was both times found as it had been before, is left alone until either side changes it.
import type { Cid } from '../../encoding/cid.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import { readCommit } from '../../history/commit.ts'
import { diffMaps } from '../../prolly/diff.ts'
import { sameEntry } from '../../prolly/entry-batch.ts'
import type { Edit } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import { writeTable } from '../../table/table-object.ts'
import { commitTree } from '../branch-change.ts'
import { extraCid } from '../common-base.ts'
import { type LinkedTable, tableAt } from '../tables/link-tables.ts'
import type { ApplyStep } from './interface.ts'

export interface AsStored {
  readonly target: Tree
  /** For people. */
  readonly notes: readonly string[]
}

/** The target, in which rows that the endpoint stores in another form are as it stores them. */
export async function asStored(
  step: Pick<ApplyStep, 'round' | 'io' | 'tables' | 'captured' | 'target' | 'branch' | 'state'>,
): Promise<AsStored> {
  const { round, io, tables, captured, target, branch } = step
  const { link, options } = round
  const last =
    link.mode === 'mirror' && options.retry !== true ? await lastWrites(io, step.state.written) : null
  // Each commit is a write of its own, and they come first.
  const isBehind = link.commits === 'each' && last?.branch !== branch
  if (last === null || isBehind) return { target, notes: [] }
  const entries = new Map<Path, TreeEntry>()
  const notes: string[] = []
  for (const linked of tables) {
    const found = await tableAsStored(io, linked, { captured, target, ...last })
    if (found === null) continue
    entries.set(linked.path, { kind: 'table', executable: false, table: writeTable(io.writer, found.table) })
    const rows = found.count === 1 ? 'a row' : `${found.count} rows`
    notes.push(`'${linked.table.name}' keeps ${rows} in a form of its own: left so after two writes`)
  }
  return { target: entries.size === 0 ? target : await target.update(io.writer, entries), notes }
}

interface Trees {
  /** What was told last, and before that. */
  readonly told: Tree
  readonly toldBefore: Tree
  /** As the endpoint was read before it was told last, and before that. */
  readonly read: Tree
  readonly readBefore: Tree
}

/** The last two writes; null before there are two. */
export async function lastWrites(
  io: Io,
  written: Cid | null,
): Promise<(Trees & { branch: Cid | null }) | null> {
  if (written === null) return null
  const { reader } = io.nodes
  const last = await readCommit(reader, written)
  const branch = extraCid(last, 'branch')
  const earlier = last.parents.find((cid) => cid !== branch)
  const live = extraCid(last, 'live')
  if (earlier === undefined || live === null) return null
  const before = await readCommit(reader, earlier)
  const liveBefore = extraCid(before, 'live')
  if (liveBefore === null) return null
  return {
    told: await Tree.load(io.nodes, last.tree),
    toldBefore: await Tree.load(io.nodes, before.tree),
    read: await commitTree(io, live),
    readBefore: await commitTree(io, liveBefore),
    branch,
  }
}

async function tableAsStored(
  io: Io,
  { path }: LinkedTable,
  {
    captured,
    target,
    told,
    toldBefore,
    read,
  }: Omit<Trees, 'readBefore'> & { readonly captured: Tree; readonly target: Tree },
): Promise<{ readonly table: TableObject; readonly count: number } | null> {
  const tables: TableObject[] = []
  for (const tree of [captured, target, told, toldBefore, read]) {
    const table = await tableAt(io, tree, path)
    if (table === null) return null
    tables.push(table)
  }
  const [now, wanted] = tables as [TableObject, TableObject]
  if (now.rows === wanted.rows || tables.some((one) => layoutOf(one) !== layoutOf(now))) return null
  const maps = await Promise.all(tables.map(({ rows }) => ProllyMap.load(io.nodes, rows)))
  let count = 0
  async function* kept(): AsyncGenerator<Edit[]> {
    for await (const differences of diffMaps(maps[0]!, maps[1]!)) {
      const updates = differences.filter(({ before, after }) => before !== null && after !== null)
      const keys = updates.map(({ key }) => key)
      const [one, other, was] = await Promise.all(maps.slice(2).map((map) => map.getMany(keys)))
      const edits = updates.flatMap(({ key, before, after }, i): Edit[] => {
        const isTwice =
          sameEntry(after, one![i]!) && sameEntry(after, other![i]!) && sameEntry(before, was![i]!)
        return isTwice ? [{ key, value: before!.value, links: before!.links }] : []
      })
      count += edits.length
      if (edits.length > 0) yield edits
    }
  }
  const rows = (await maps[1]!.mutate(io.writer, kept())).cid
  return count === 0 ? null : { table: { ...wanted, rows }, count }
}

/** A text that is equal for tables whose rows have their cells at the same places. */
function layoutOf({ schema }: TableObject): string {
  const columns = schema.columns.toSorted((a, b) => a.id - b.id)
  return JSON.stringify(columns.map(({ name }) => name))
}
