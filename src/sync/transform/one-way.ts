// Transforms that cannot be undone: masks, filters, casts and computed columns. What they made of a table must not go back to
// where it was read, also after the transform was taken away: a mirror would write masks over the values themselves, and
// delete the rows that a filter had left out. So a table that they made names its source (src/table/one-way.ts) in what was
// read and in the branch, from there on wherever it goes. No link writes a table over the one that it names, whatever the
// link is called and in whichever repository it is. To another database it may go.
import { utf8 } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import { sha256Hex } from '../../base/platform.ts'
import type { TableTransform } from '../../dataset/interface.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import type { Io } from '../../repo/interface.ts'
import type { OneWaySource, TableObject } from '../../table/interface.ts'
import { allSources, isSameSource, oneWayOf } from '../../table/one-way.ts'
import { markTable } from '../../table/table-object.ts'
import type { Reading } from '../capture/reading.ts'
import type { Link } from '../interface.ts'
import { type LinkedTable, tableAt, tablePath } from '../tables/link-tables.ts'

export function isOneWay({ where, columns }: TableTransform): boolean {
  return where !== null || columns.some(({ compute, mask, cast }) => (compute ?? mask ?? cast) !== null)
}

/** What a link's transform makes of a table of the endpoint comes from here. */
function sourceOf({ name }: Link, table: string, identity: string): OneWaySource {
  return { endpoint: sha256Hex(utf8(identity)), table, link: name }
}

/** What was read names its source, also where it is as it was and an earlier version did not say it. */
export async function markRead(
  io: Io,
  { link, identity }: LinkedEndpoint,
  tables: readonly LinkedTable[],
  reading: Reading,
): Promise<Reading> {
  const entries = new Map<Path, TreeEntry>()
  for (const { table, path } of tables) {
    const isMade = link.transform?.some((one) => one.table === table.name && isOneWay(one)) === true
    const entry = isMade ? await reading.captured.get(path) : null
    if (entry?.kind !== 'table') continue
    const known = oneWayOf((await tableAt(io, reading.captured, path))!)
    const sources = allSources(known, [sourceOf(link, table.name, identity)])
    const marked = await markTable(io, entry.table, sources)
    if (marked === entry.table) continue
    entries.set(path, { ...entry, table: marked })
    reading.digests?.replace(path, entry.table, marked)
  }
  return entries.size === 0
    ? reading
    : { ...reading, captured: await reading.captured.update(io.writer, entries) }
}

export interface LinkedEndpoint {
  readonly link: Link
  readonly identity: string
}

/** Versions of one table in a merge of what was read into the branch. */
export interface MergedVersions {
  readonly ours: TableObject | null
  readonly base: TableObject | null
  readonly captured: TableObject | null
  readonly merged: TableObject
  /** Some of its rows have not come into the branch. */
  readonly waits: boolean
}

/** The sources of the merged table: those of either side, but for what was read anew without a transform. */
export function mergedSources(
  { link, identity }: LinkedEndpoint,
  table: string,
  { ours, base, captured, merged, waits }: MergedVersions,
): readonly OneWaySource[] {
  const own = sourceOf(link, table, identity)
  const has = (version: TableObject | null): boolean =>
    version !== null && oneWayOf(version).some((one) => isSameSource(one, own))
  const isRead = captured !== null && !has(captured) && !waits
  // What the branch had of it, it had from there.
  const isReplaced = isRead && has(base)
  // The branch has what the endpoint has, whatever it had before.
  const isEqual = isRead && merged.rows === captured.rows
  const kept = (ours === null ? [] : oneWayOf(ours)).filter(
    (one) => !(isReplaced && isSameSource(one, own)) && !(isEqual && isOfTable(one, own)),
  )
  return allSources(kept, captured === null ? [] : oneWayOf(captured))
}

function isOfTable(a: OneWaySource, b: OneWaySource): boolean {
  return a.endpoint === b.endpoint && a.table === b.table
}

export interface WrittenBack extends LinkedEndpoint {
  readonly branch: Tree | null
  /** What both sides last had in common; null: nothing is known. */
  readonly base: Tree | null
}

/** @throws VarveError VARVE_REFUSED where rows would go back that a transform has changed */
export async function refuseWritingBack(
  io: Io,
  { link, identity, branch, base }: WrittenBack,
): Promise<void> {
  if (link.mode === 'capture' || branch === null) return
  for (const table of link.tables) {
    const path = tablePath(link, table)
    const source = await sourceAt(io, { link, identity }, branch, table)
    if (source === null) continue
    const common = base === null ? null : await tableAt(io, base, path)
    // In both ways a link first reads anew what a transform of its own had made: masks are no change of the branch.
    const isOwn = link.mode === 'two-way' && source.link === link.name
    const isCommon = common !== null && oneWayOf(common).some((one) => isSameSource(one, source))
    if (!isOwn || !isCommon) throw writesBack(link, table, source.link)
  }
}

/** Whether a tree has anything that must not be written to the endpoint. */
export async function wouldGoBack(io: Io, endpoint: LinkedEndpoint, tree: Tree): Promise<boolean> {
  for (const table of endpoint.link.tables)
    if ((await sourceAt(io, endpoint, tree, table)) !== null) return true
  return false
}

async function sourceAt(
  io: Io,
  { link, identity }: LinkedEndpoint,
  tree: Tree,
  table: string,
): Promise<OneWaySource | null> {
  const object = await tableAt(io, tree, tablePath(link, table))
  const own = sourceOf(link, table, identity)
  const found = object === null ? [] : oneWayOf(object).filter((one) => isOfTable(one, own))
  return found.find((one) => !isSameSource(one, own)) ?? found[0] ?? null
}

export function writesBack({ name, mode }: Link, table: string, by: string): VarveError {
  const whose = by === name ? '' : ` of the link '${by}'`
  return new VarveError(
    'VARVE_REFUSED',
    `the branch has of '${table}' what a transform${whose} made of it: mode '${mode}' would write that over the endpoint's own`,
    {
      data: { link: name, table, mode, madeBy: by },
      hint: `run a round of mode 'capture'${whose} without the transform first, settle what waits with 'varve sync resolve ${by} --theirs', and the branch has what the endpoint has`,
    },
  )
}
