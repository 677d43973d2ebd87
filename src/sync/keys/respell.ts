// Rows under the keys of another spelling. A database that keeps 1.5 as 1.50 has the same row as the branch, though the two
// keys differ, byte for byte. So what was read is merged under the keys that the branch has, and what was written is noted
// under those that the endpoint has (respell-there.ts):
//
//   read:    1.50 ──> 1.5, which the branch has        written:    2.5 ──> 2.50, as the endpoint shows it
//
// A key is only ever moved to one that no row has. The cost follows the rows that have changed since the names of the
// others were found, and the keys that only one of the sides has.
import type { EndpointColumn, EndpointTable } from '../../connectors/interface.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import { keyNames } from '../../table/key.ts'
import { writeTable } from '../../table/table-object.ts'
import { type LinkedTable, tableAt } from '../tables/link-tables.ts'
import { otherKey } from '../tables/other-key.ts'
import { type KeyNames, type TableNames, noNames } from './key-names.ts'
import { namedHere } from './named-here.ts'
import { spelledKeys } from './spelled-keys.ts'
import { hasSpellings } from './spellings.ts'
import type { Spelled, TwoKeys } from './two-keys.ts'

export interface Respelled {
  readonly tree: Tree
  readonly names: KeyNames
}

/**
 * What was read of the endpoint, with its rows under the keys of those trees that have keys which mean the same rows: the
 * branch, and the base for rows that the branch has deleted. `kept`: what is known of names.
 */
export async function inKeysOf(
  io: Io,
  tables: readonly LinkedTable[],
  read: Tree,
  models: readonly (Tree | null)[],
  kept: KeyNames = noNames,
): Promise<Respelled> {
  const entries = new Map<Path, TreeEntry>()
  const names = new Map<Path, TableNames>()
  for (const { table, path } of tables) {
    const there = await tableAt(io, read, path)
    const how = there && spellingsIn(table, there)
    if (there === null || how === null) continue
    const known = await rowsIn(io, models, path, there)
    const columns = columnsText(table)
    const last = kept.get(path)
    if (known.length === 0) continue
    const begun = last?.columns === columns ? await loadKeys(io, last) : null
    const found = await namedHere(io, await ProllyMap.load(io.nodes, there.rows), known, how, begun)
    if (found.names.count > 0) names.set(path, namesOf(found, columns))
    const rows = found.here.cid
    if (rows === there.rows) continue
    entries.set(path, { kind: 'table', executable: false, table: writeTable(io.writer, { ...there, rows }) })
  }
  return { tree: entries.size === 0 ? read : await read.update(io.writer, entries), names }
}

/** Whether all the tables have the same rows in both. */
export async function haveSameRows(
  io: Io,
  tables: readonly LinkedTable[],
  one: Tree | null,
  other: Tree | null,
): Promise<boolean> {
  const rootIn = async (tree: Tree | null, path: Path): Promise<Cid | null> =>
    (tree && (await tableAt(io, tree, path)))?.rows ?? null
  for (const { path } of tables) if ((await rootIn(one, path)) !== (await rootIn(other, path))) return false
  return true
}

/** The columns of the key, in its order. */
export function keyColumnsOf({ key, columns }: EndpointTable): EndpointColumn[] {
  return key.map((name) => columns.find((column) => column.name === name)!)
}

/** null where the endpoint has one spelling alone for each key. */
export function spellingsIn(table: EndpointTable, { schema }: TableObject): Spelled | null {
  const columns = keyColumnsOf(table)
  if (!columns.some(hasSpellings) || keyNames(schema).length !== columns.length) return null
  return (key) => spelledKeys(schema, columns, key)
}

export function columnsText(table: EndpointTable): string {
  return JSON.stringify(keyColumnsOf(table).map(({ name, type, nativeType }) => [name, type, nativeType]))
}

export function namesOf({ there, here, names }: TwoKeys, columns: string): TableNames {
  return { there: there.cid, here: here.cid, names: names.cid, columns }
}

export async function loadKeys(io: Io, { there, here, names }: TableNames): Promise<TwoKeys> {
  const load = (root: Cid): Promise<ProllyMap> => ProllyMap.load(io.nodes, root)
  return { there: await load(there), here: await load(here), names: await load(names) }
}

async function rowsIn(
  io: Io,
  trees: readonly (Tree | null)[],
  path: Path,
  there: TableObject,
): Promise<ProllyMap[]> {
  const found: ProllyMap[] = []
  for (const tree of trees) {
    const table = tree && (await tableAt(io, tree, path))
    if (table === null || otherKey(there, table, path) !== null) continue
    found.push(await ProllyMap.load(io.nodes, table.rows))
  }
  return found
}
