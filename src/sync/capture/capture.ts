// Reads an endpoint's tables as they are at one moment into a tree. What has not changed has the same bytes and so the
// same objects: the next commit of an unchanged endpoint is no commit at all.
import { type VarveError, isVarveError } from '../../base/errors.ts'
import { utf8 } from '../../base/bytes.ts'
import { sha256Hex } from '../../base/platform.ts'
import type { Connector, EndpointSnapshot } from '../../connectors/interface.ts'
import type { TableCursor } from '../../dataset/interface.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { TreeEntry, Path } from '../../files/interface.ts'
import { Tree } from '../../files/tree.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import { loadTable } from '../../table/table-object.ts'
import type { TableDigests } from './digests.ts'
import { driftOf } from './drift.ts'
import { emptiedColumns, goneWords } from './emptied-columns.ts'
import type { ShapeGuard } from './shape-guard.ts'
import { readByCursor } from './by-cursor.ts'
import { type ReadTable, mayHideMoreRows, readTable, readWhole } from './read-table.ts'
import type { UnfitTables } from './unfit-tables.ts'
import { withoutMarked } from './soft-deletes.ts'
import type { HeldRows } from '../held/held-rows.ts'
import type { Link, SyncOptions } from '../interface.ts'
import { countChanges } from '../tables/differences.ts'
import { type LinkedTable, tableAt, endpointTables, waitingTable } from '../tables/link-tables.ts'

export interface CaptureInput {
  readonly link: Link
  readonly tables: readonly LinkedTable[]
  /** The endpoint as it was last read: its columns keep their ids. */
  readonly before: Tree
  /** The commit that `before` is of. */
  readonly live: Cid | null
  /** Whose spelling of a value counts where a table has not been read yet; null: the endpoint's own, now and later. */
  readonly spelled: Tree | null
  readonly digests: TableDigests
  readonly unfit: UnfitTables
  readonly held: HeldRows
  /** null: tables are read as they are now, however they have changed their shape. */
  readonly shapes: ShapeGuard | null
  /** For people: what was noticed is added. */
  readonly notes: string[]
}

export async function capture(
  io: Io,
  connector: Pick<Connector, 'snapshot'>,
  what: CaptureInput,
  options: SyncOptions,
): Promise<Tree> {
  const entries = new Map<Path, TreeEntry>()
  const all = await connector.snapshot(endpointTables(what.tables))
  const snapshot = withoutMarked(all, what.link.cursor)
  try {
    for (const linked of what.tables) {
      const known = await what.before.get(linked.path)
      const entry = await captureTable(io, snapshot, what, { linked, known }, options)
      if (entry !== null) entries.set(linked.path, entry)
    }
  } finally {
    await snapshot.close()
  }
  return Tree.empty(io.nodes, io.writer).update(io.writer, entries)
}

interface Here {
  readonly linked: LinkedTable
  readonly known: TreeEntry | null
}

/** Reads one table. A table that waits stays as it was. */
async function captureTable(
  io: Io,
  snapshot: EndpointSnapshot,
  what: CaptureInput,
  { linked, known }: Here,
  options: SyncOptions,
): Promise<TreeEntry | null> {
  const { link, before, live, digests, unfit, held } = what
  if (linked.waits !== undefined) {
    held.add(waitingTable(linked, linked.waits))
    return known
  }
  const previous = await tableAt(io, before, linked.path)
  const { table, path } = linked
  const last = { previous: previous ?? undefined, ways: unfit.waysOf(path) }
  const source = { snapshot, table, where: `${link.name}: ${table.name}`, notes: what.notes, ...last }
  if (known !== null && previous !== null && what.shapes !== null) {
    const drift = await drifted(io, previous, linked)
    let whole: ReturnType<typeof readWhole> | null = null
    const read = async (): Promise<ReadTable['entry']> =>
      (await (whole ??= readWhole(io, source, options))).entry
    const isHiding = mayHideMoreRows(table, path, digests) && (await lacksRows(io, previous, read))
    if (isHiding) drift.push('policies hide rows of it from this user')
    if (!(await what.shapes.lets(io, linked, { drift, known, read }))) {
      if (isHiding) digests.keep(path)
      return known
    }
  }
  try {
    const cursor = cursorOf(link, table.name)
    const spelled = what.spelled && (previous ?? (await tableAt(io, what.spelled, path)))
    const from = { path, known, live, digests, unfit, spelled }
    if (cursor !== undefined) {
      const declared = declarationOf(link, table.name)
      const waitsFor = hasProperties(what, table.name)
        ? (names: readonly string[]): Promise<boolean> => isWaiting(io, what, { linked, known }, names)
        : undefined
      const asked = { ...cursor, declared, waitsFor }
      const read = await readByCursor(io, source, from, asked, { notes: what.notes, options })
      if (read?.isWhole === false) return read.entry
      return read === null || (await isWithoutProperties(io, what, { linked, known }, read.entry))
        ? known
        : read.entry
    }
    const entry = await readTable(io, source, from, options)
    return (await isWithoutProperties(io, what, { linked, known }, entry)) ? known : entry
  } catch (error) {
    if (!isVarveError(error) || !isOfTable(error, known)) throw error
    held.add(waitingTable(linked, `${error.message}${keyHint(error, link, table.name)}`))
    if (error.data['waits'] !== true) held.broken.set(table.name, error.message)
    return known
  }
}

/** With what items of an API say of themselves. */
function cursorOf({ cursor = [], http = [] }: Link, name: string): TableCursor | undefined {
  const found = cursor.find(({ table }) => table === name)
  const deletes = found?.deletes ?? http.find(({ table }) => table === name)?.deletes
  return found === undefined || deletes === undefined ? found : { ...found, deletes }
}

/** Where an API's rows lie, as far as other rows may lie elsewhere. */
function declarationOf({ http = [] }: Link, name: string): string | undefined {
  const found = http.find(({ table }) => table === name)
  if (found === undefined) return undefined
  const { path, items, body, headers } = found
  return sha256Hex(utf8(JSON.stringify([path, items, body, headers])))
}

/** Whether its columns are properties of items, as they are declared. */
function hasProperties({ link }: CaptureInput, name: string): boolean {
  return link.http?.some(({ table, columns }) => table === name && columns !== undefined) === true
}

/** Whether the table waits because of these columns, and what it would become is read already. */
async function isWaiting(
  io: Io,
  { shapes, digests }: CaptureInput,
  { linked, known }: Here,
  names: readonly string[],
): Promise<boolean> {
  if (shapes === null || known === null || !(await shapes.isPending(io, linked))) return false
  const read = (): Promise<TreeEntry> => Promise.resolve(known)
  const lets = await shapes.lets(io, linked, { drift: names.map(goneWords), known, read })
  if (!lets) digests.keep(linked.path)
  return !lets
}

/** Whether the table waits because an API's items have a declared property no more. */
async function isWithoutProperties(
  io: Io,
  what: CaptureInput,
  { linked, known }: Here,
  entry: TreeEntry,
): Promise<boolean> {
  const { shapes, digests } = what
  const { table, path } = linked
  const isDeclared = hasProperties(what, table.name)
  if (!isDeclared || shapes === null || known?.kind !== 'table' || entry.kind !== 'table') return false
  if (known.table === entry.table) return false
  const [before, after] = [
    await loadTable(io.nodes.reader, known.table),
    await loadTable(io.nodes.reader, entry.table),
  ]
  const emptied = await emptiedColumns(io, table, { before, after })
  const drift = emptied.map(goneWords)
  const lets = await shapes.lets(io, linked, { drift, known, read: () => Promise.resolve(entry) })
  if (!lets) digests.keep(path)
  return !lets
}

async function lacksRows(
  io: Io,
  before: TableObject,
  read: () => Promise<ReadTable['entry']>,
): Promise<boolean> {
  try {
    const after = await loadTable(io.nodes.reader, (await read()).table)
    return (await countChanges(io.nodes, { before, after })).removed > 0
  } catch (error) {
    // Of rows that cannot be kept the reading itself tells.
    if (isVarveError(error, 'VARVE_RULE_VIOLATED')) return false
    throw error
  }
}

/** A hint about a file's key, which may have been guessed when the file had few rows. */
function keyHint({ data }: VarveError, { endpoint, files = [] }: Link, table: string): string {
  const isDeclared = files.some((one) => one.table === table && one.key !== undefined)
  if (data['reason'] !== 'duplicate-key' || isDeclared || !/^(folder|s3):/.test(endpoint)) return ''
  return "; if the file is right, say which columns are its key: 'files' of the link in varve.yaml"
}

async function drifted(io: Io, before: TableObject, { table }: LinkedTable): Promise<string[]> {
  const { count } = await ProllyMap.load(io.nodes, before.rows)
  return driftOf(before.schema, table, count === 0 ? 'no rows' : 'rows')
}

/** Whether an error stops only this table, which has been read before: the endpoint cannot show it, or its rows are at fault. */
function isOfTable(error: VarveError, known: TreeEntry | null): boolean {
  return known !== null && (error.data['waits'] === true || error.code === 'VARVE_RULE_VIOLATED')
}
