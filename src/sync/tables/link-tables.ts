// Where an endpoint's tables lie in the dataset, and the part of a tree that a link is about: its tables and nothing
// else, so that what the rest of the dataset does is not the link's business.
import { VarveError } from '../../base/errors.ts'
import type { EndpointTable } from '../../connectors/interface.ts'
import type { Cid, TableCid } from '../../encoding/cid.ts'
import { equalEntries } from '../../files/entry.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { safePath } from '../../files/path.ts'
import { Tree } from '../../files/tree.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import type { Io } from '../../repo/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import type { HeldBack, Link } from '../interface.ts'
import { loadTable, markTable } from '../../table/table-object.ts'

export interface LinkedTable {
  readonly table: EndpointTable
  readonly path: Path
  /** Why the table is not read now: the endpoint no longer has it, or cannot show it. */
  readonly waits?: string
}

/** The endpoint's tables, without those that wait. */
export function endpointTables(tables: readonly LinkedTable[]): EndpointTable[] {
  return tables.filter(({ waits }) => waits === undefined).map(({ table }) => table)
}

/** A table may be called anything; what means something to a file system is written as %XX. */
export function linkedTables(link: Link, tables: readonly EndpointTable[]): LinkedTable[] {
  return tables.map((table) => {
    if (table.trouble !== undefined)
      throw new VarveError('VARVE_NOT_POSSIBLE', table.trouble, {
        data: { link: link.name, table: table.name },
        hint: 'mend that at the endpoint, or leave the table out of the link',
      })
    if (table.key.length === 0) {
      throw new VarveError('VARVE_RULE_VIOLATED', `table '${table.name}' has no key`, {
        data: { link: link.name, table: table.name },
        hint: 'without a key, rows cannot be kept in step; give the table a primary key, or a unique one of columns that are NOT NULL, or leave it out of the link',
      })
    }
    return { table, path: tablePath(link, table.name) }
  })
}

/** A table that waits as a whole, and why. */
export function waitingTable({ table, path }: LinkedTable, message: string): HeldBack {
  return { table: table.name, path, key: '', keyHex: '', reason: 'schema', message }
}

export function tablePath(link: Link, table: string): Path {
  const name = encodeURIComponent(table).replaceAll(/^\.|\.$/g, '%2E')
  return safePath(link.into === '' ? name : `${link.into}/${name}`)
}

/**
 * Without what the tables say of their sources (src/table/one-way.ts): whether they may be written is asked of the branch.
 * @throws VarveError VARVE_NOT_POSSIBLE where a path holds something else than a table of the link's kind
 */
export async function linkTree(io: Io, root: Cid | null, tables: readonly LinkedTable[]): Promise<Tree> {
  const empty = Tree.empty(io.nodes, io.writer)
  if (root === null) return empty
  const full = await Tree.load(io.nodes, root)
  const paths = tables.map(({ path }) => path)
  const entries = await full.getMany(paths)
  const chosen = new Map<Path, TreeEntry>()
  for (const [i, entry] of entries.entries()) {
    if (entry === null) continue
    await tableOf(io, entry, paths[i]!)
    chosen.set(paths[i]!, await unmarked(io, entry))
  }
  return empty.update(io.writer, chosen)
}

/** Those of a tree's tables that are the link's now: one that was taken out of the link is not the link's business any more. */
export async function tablesOf(io: Io, tree: Tree, tables: readonly LinkedTable[]): Promise<Tree> {
  const paths = tables.map(({ path }) => path)
  const entries = await tree.getMany(paths)
  const known = paths.flatMap((path, i) => (entries[i] === null ? [] : [[path, entries[i]!] as const]))
  return Tree.empty(io.nodes, io.writer).update(io.writer, new Map(known))
}

/** The same without what its tables say of their sources. */
export async function unmarkedTree(io: Io, tree: Tree, tables: readonly LinkedTable[]): Promise<Tree> {
  const entries = new Map<Path, TreeEntry>()
  const paths = tables.map(({ path }) => path)
  for (const [i, entry] of (await tree.getMany(paths)).entries()) {
    const path = paths[i]!
    const plain = entry === null ? null : await unmarked(io, entry)
    if (plain !== null && !equalEntries(plain, entry)) entries.set(path, plain)
  }
  return entries.size === 0 ? tree : tree.update(io.writer, entries)
}

async function unmarked(io: Io, entry: TreeEntry): Promise<TreeEntry> {
  return entry.kind === 'table'
    ? { ...entry, table: (await markTable(io, entry.table, [])) as TableCid }
    : entry
}

/** Of the trees that a round asks about: each of its steps asks for all tables, of trees that are mostly the same. */
const found = new WeakMap<NodeStore, Map<Cid, TablesFound>>()
type TablesFound = Map<Path, TableObject | null>
const treesMax = 8

export async function tableAt(io: Io, tree: Tree, path: Path): Promise<TableObject | null> {
  const known = foundIn(io, tree)
  const seen = known.get(path)
  if (seen !== undefined) return seen
  const entry = await tree.get(path)
  const table = entry === null ? null : await tableOf(io, entry, path)
  known.set(path, table)
  return table
}

function foundIn({ nodes }: Io, { cid }: Tree): TablesFound {
  const trees = found.get(nodes) ?? new Map<Cid, TablesFound>()
  const known = trees.get(cid) ?? new Map<Path, TableObject | null>()
  if (!trees.has(cid) && trees.size === treesMax) trees.delete(trees.keys().next().value!)
  found.set(nodes, trees.set(cid, known))
  return known
}

async function tableOf(io: Io, entry: TreeEntry, path: Path): Promise<TableObject> {
  const table = entry.kind === 'table' ? await loadTable(io.nodes.reader, entry.table) : null
  if (table?.layout === null) {
    if (table.schema.cells === 'typed') return table
    throw new VarveError(
      'VARVE_NOT_POSSIBLE',
      `the cells of '${path}' are all text, and a link needs values`,
      {
        data: { path },
        hint: `make it anew: 'varve export ${path} --format csv > FILE', 'varve rm ${path}', 'varve import FILE --as ${path}'`,
      },
    )
  }
  throw new VarveError(
    'VARVE_NOT_POSSIBLE',
    `'${path}' is a file, and a link needs a table without one there`,
    {
      data: { path },
      hint: `choose another folder for the link's tables ('into' in varve.yaml); rows of a file come into such a table by 'varve import FILE --as TABLE --key COLUMN'`,
    },
  )
}
