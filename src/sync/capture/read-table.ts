// One table of a snapshot as an entry of a tree. Of a table that is as it was, or of which the endpoint can tell what was
// written since, not all is read.
import { isVarveError } from '../../base/errors.ts'
import type { EndpointSnapshot, EndpointTable, Written } from '../../connectors/interface.ts'
import type { TableWays } from '../../connectors/made-columns.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import { type PackingOptions, readPacked } from '../../formats/columnar/packed-source.ts'
import { readCells } from '../../formats/columnar/read-cells.ts'
import { UnfitRows } from '../../formats/columnar/unfit-rows.ts'
import { Misfits } from '../../formats/misfits/misfits.ts'
import { readCommit } from '../../history/commit.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import { loadTable, writeTable } from '../../table/table-object.ts'
import type { SyncOptions } from '../interface.ts'
import { isOfWrite } from '../link-commit.ts'
import type { TableDigests } from './digests.ts'
import { isShapedAs } from './drift.ts'
import { keepSpelling } from './keep-spelling.ts'
import { readIncrement } from './read-increment.ts'
import type { UnfitOfTable, UnfitTables } from './unfit-tables.ts'
import { countWithout, refuseTwice, withVersions } from './unfit-versions.ts'

/** How many writes of this link are looked back through; with `commits: each` one round makes many. */
const writesMax = 1000

export interface TableSource {
  readonly snapshot: EndpointSnapshot
  readonly table: EndpointTable
  /** For messages. */
  readonly where: string
  /** As it was last read: columns keep their ids. */
  readonly previous: TableObject | undefined
  /** In which way a transform made it then. */
  readonly ways: TableWays
  /** For people: what was noticed is added. */
  readonly notes: string[]
}

export interface KnownTable {
  readonly path: Path
  /** As it was last read. */
  readonly known: TreeEntry | null
  /** The commit that shows it so. */
  readonly live: Cid | null
  readonly digests: TableDigests
  /** Gets those of what is read. */
  readonly unfit: UnfitTables
  /** The table in whose spelling values are kept; null: in the endpoint's own. */
  readonly spelled: TableObject | null
}

export async function readTable(
  io: Io,
  source: TableSource,
  from: KnownTable,
  options: SyncOptions,
): Promise<TreeEntry> {
  const { path, known, digests } = from
  const { snapshot, table, previous } = source
  // Rows that are as they were prove nothing of their columns and their key.
  const last = previous !== undefined && isShapedAs(previous.schema, table) ? digests.lastOf(path) : null
  const stopped = options.retry === true ? null : digests.stoppedAt(path, table)
  const written = (await snapshot.written?.(table, (last ?? stopped)?.mark ?? null)) ?? null
  const digest = written === null ? hidingMark(table, await snapshot.digest(table)) : null
  if (stopped !== null && (written === null ? digest === stopped.mark : written.since?.isSame === true)) {
    digests.keep(path)
    throw stopped.why
  }
  const isSame = last !== null && known?.kind === 'table' && digests.isSame(path, digest, known.table)
  if (isSame && written === null) {
    digests.add(path, digest, known.table)
    return known
  }
  try {
    const now = last && (await readWritten(io, source, from, { written, last: last.table }))
    return now ?? (await readAll(io, source, from, { digest, written, options }))
  } catch (error) {
    if (isVarveError(error, 'VARVE_RULE_VIOLATED'))
      digests.stop(path, written === null ? digest : written.mark(countTold(written)), table, error)
    throw error
  }
}

/** How many rows the endpoint has, if it has told; it does when it is asked once more. */
function countTold({ since }: Written): number | null {
  return since === null ? null : since.kept + since.written
}

/** Reads what was written since the table was `last`; null when all rows have to be read. */
async function readWritten(
  io: Io,
  source: TableSource,
  { path, known, live, digests, unfit, spelled }: KnownTable,
  { written, last }: { readonly written: Written | null; readonly last: Cid },
): Promise<TreeEntry | null> {
  const { table, where, previous } = source
  const since = written?.since ?? null
  if (written === null || since === null || previous === undefined) return null
  // What was read, with what we have written since, is the endpoint as we know it but for what others wrote.
  const isOurs = known?.kind === 'table' && (await isWrittenFrom(io, live, path, last))
  const reading = { table: isOurs && !since.isSame ? known.table : last, schema: previous.schema }
  const now = await readIncrement(io, reading, since, { table, where, previous, unfit: unfit.of(path) })
  if (now === null) return null
  const entry = await inSpelling(io, source, spelled, now.table)
  digests.add(path, written.mark(since.kept + since.written), entry.table)
  unfit.set(path, now.unfit)
  return entry
}

interface WholeReading {
  readonly digest: string | null
  readonly written: Written | null
  readonly options: SyncOptions
}

async function readAll(
  io: Io,
  source: TableSource,
  { path, digests, unfit, spelled }: KnownTable,
  { digest, written, options }: WholeReading,
): Promise<TreeEntry> {
  const read = await readWhole(io, source, options)
  const mark = written === null ? digest : written.mark(await rowCount(io, read))
  const entry = await inSpelling(io, source, spelled, read.entry.table)
  digests.add(path, mark, entry.table)
  unfit.set(path, read.unfit)
  unfit.setWays(path, source.table.made?.ways)
  return entry
}

async function inSpelling(
  io: Io,
  { table: { columns }, where }: TableSource,
  spelled: TableObject | null,
  read: Cid,
): Promise<ReadTable['entry']> {
  const after = await loadTable(io.nodes.reader, read)
  const kept =
    spelled === null ? after : await keepSpelling(io, { columns, where }, { before: spelled, after })
  return { kind: 'table', executable: false, table: kept === after ? read : writeTable(io.writer, kept) }
}

const hiding = 'hides rows: '

function hidingMark({ hidesRows }: EndpointTable, digest: string | null): string | null {
  return hidesRows !== undefined && digest !== null ? `${hiding}${hidesRows} ${digest}` : digest
}

/** Whether rows may be hidden now that were shown when the table was last read. */
export function mayHideMoreRows({ hidesRows }: EndpointTable, path: Path, digests: TableDigests): boolean {
  const last = digests.lastOf(path)
  return hidesRows !== undefined && last !== null && !last.mark.startsWith(`${hiding}${hidesRows} `)
}

/** How many rows the endpoint has. */
async function rowCount(io: Io, { entry, unfit }: ReadTable): Promise<number> {
  const { rows } = await loadTable(io.nodes.reader, entry.table)
  const map = await ProllyMap.load(io.nodes, rows)
  return map.count + (await countWithout(map, unfit))
}

export interface ReadTable {
  readonly entry: TreeEntry & { readonly kind: 'table' }
  /** Rows that cannot be kept: they stand in the table as they were last read. */
  readonly unfit: UnfitOfTable
}

export async function readWhole(io: Io, source: TableSource, options: SyncOptions): Promise<ReadTable> {
  const { where, previous, ways, table, notes } = source
  const unfit = new UnfitRows(where)
  const misfits = new Misfits()
  const read = await fitRows(io, source, { unfit, misfits }, options)
  for (const note of misfits.notes(table.name)) if (!notes.includes(note)) notes.push(note)
  await refuseTwice(io, read, unfit.all, where)
  // The order in which an endpoint happens to send its rows says nothing.
  const object = await withVersions(
    io,
    { ...read, order: null },
    { previous, ways, made: table.made },
    unfit.all,
  )
  const entry = { kind: 'table' as const, executable: false, table: writeTable(io.writer, object) }
  return { entry, unfit: unfit.all }
}

function fitRows(
  io: Io,
  { snapshot, table, where, previous }: TableSource,
  { unfit, misfits }: { readonly unfit: UnfitRows; readonly misfits: Misfits },
  { signal, onProgress }: SyncOptions,
): Promise<TableObject> {
  const columns = table.columns.map(({ name, type }) => ({ name, type }))
  const reading = {
    ...io,
    key: table.key,
    where,
    unfit,
    signal,
    onProgress: (done: number) =>
      onProgress?.({ phase: `reading ${table.name}`, done, total: 0, unit: 'rows' }),
  }
  if (snapshot.packed !== undefined) {
    const slices = (packing: PackingOptions) =>
      snapshot.packed!(table, { ...packing, onMisfit: (misfit) => misfits.add(misfit) })
    return readPacked({ columns, slices }, { ...reading, previous })
  }
  const cells = () => snapshot.rows(table, signal)
  return readCells(
    { columns, key: table.key, rowCount: 0, cells },
    { ...reading, previous: previous?.schema },
  )
}

/**
 * Whether the table was `table` when it was last read, and in our records only this link's writes have changed it
 * since.
 */
async function isWrittenFrom(io: Io, live: Cid | null, path: Path, table: Cid): Promise<boolean> {
  for (let cid = live, step = 0; cid !== null && step < writesMax; step++) {
    const commit = await readCommit(io.nodes.reader, cid)
    const entry = await (await Tree.load(io.nodes, commit.tree)).get(path)
    if (entry?.kind === 'table' && entry.table === table) return true
    if (!isOfWrite(commit)) return false
    cid = commit.parents[0] ?? null
  }
  return false
}
