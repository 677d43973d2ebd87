// Rows under the keys of another spelling. A database that keeps 1.5 as 1.50 has the same row as the branch, though the two
// keys differ, byte for byte. So what was read is merged under the keys that the branch has, and what was written is noted
// under those that the endpoint has:
//
//   read:    1.50 ──> 1.5, which the branch has        written:    2.5 ──> 2.50, as the endpoint shows it
//
// A key is only ever moved to one that no row has. The cost follows the rows whose keys only one of the two has.
import { compareBytes, toHex } from '../../base/bytes.ts'
import type { EndpointColumn, EndpointTable } from '../../connectors/interface.ts'
import type { Cid } from '../../encoding/cid.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import { diffMaps } from '../../prolly/diff.ts'
import type { Entry } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import { keyNames } from '../../table/key.ts'
import { writeTable } from '../../table/table-object.ts'
import { type LinkedTable, tableAt } from '../tables/link-tables.ts'
import { otherKey } from '../tables/other-key.ts'
import { hasSpellings } from './spellings.ts'
import { type Move, movedRows } from './move-rows.ts'
import { spelledKeys } from './spelled-keys.ts'

const keysMax = 4096

/**
 * What was read of the endpoint, with its rows under the keys of those trees that have keys which mean the same rows: the
 * branch, and the base for rows that the branch has deleted.
 */
export async function inKeysOf(
  io: Io,
  tables: readonly LinkedTable[],
  read: Tree,
  known: readonly (Tree | null)[],
): Promise<Tree> {
  let tree = read
  for (const one of known) if (one !== null) tree = await respelled(io, tables, tree, one, movesToKnown)
  return tree
}

/** Whether all the tables have the same rows in both. */
export async function haveSameRows(
  io: Io,
  tables: readonly LinkedTable[],
  one: Tree | null,
  other: Tree | null,
): Promise<boolean> {
  const rowsIn = async (tree: Tree | null, path: Path): Promise<Cid | null> =>
    (tree && (await tableAt(io, tree, path)))?.rows ?? null
  for (const { path } of tables) if ((await rowsIn(one, path)) !== (await rowsIn(other, path))) return false
  return true
}

/** The endpoint as it was written: with its rows under the keys that it had for them, or shows for new ones. */
export function inKeysThere(
  io: Io,
  tables: readonly LinkedTable[],
  written: Tree,
  stored: Tree,
): Promise<Tree> {
  return respelled(io, tables, written, stored, movesToThere)
}

type Moves = (map: ProllyMap, model: ProllyMap, how: Spelled) => AsyncIterable<readonly Move[]>

/** The spellings that the endpoint may have for a key. */
type Spelled = (key: Uint8Array) => readonly Uint8Array[]

async function respelled(
  io: Io,
  tables: readonly LinkedTable[],
  tree: Tree,
  other: Tree,
  moves: Moves,
): Promise<Tree> {
  const entries = new Map<Path, TreeEntry>()
  for (const { table, path } of tables) {
    const columns = keyColumnsOf(table)
    if (!columns.some(hasSpellings)) continue
    const [here, model] = [await tableAt(io, tree, path), await tableAt(io, other, path)]
    if (here === null || model === null || here.rows === model.rows) continue
    if (otherKey(here, model, path) !== null || keyNames(here.schema).length !== columns.length) continue
    const [map, known] = [
      await ProllyMap.load(io.nodes, here.rows),
      await ProllyMap.load(io.nodes, model.rows),
    ]
    if (map.count === 0) continue
    const how = (key: Uint8Array): readonly Uint8Array[] => spelledKeys(here.schema, columns, key)
    const rows = (await movedRows(io, map, moves(map, known, how))).cid
    if (rows === here.rows) continue
    entries.set(path, { kind: 'table', executable: false, table: writeTable(io.writer, { ...here, rows }) })
  }
  return entries.size === 0 ? tree : tree.update(io.writer, entries)
}

/** The columns of the key, in its order. */
export function keyColumnsOf({ key, columns }: EndpointTable): EndpointColumn[] {
  return key.map((name) => columns.find((column) => column.name === name)!)
}

async function* movesToKnown(read: ProllyMap, known: ProllyMap, how: Spelled): AsyncGenerator<Move[]> {
  for await (const keys of keysOnlyIn(known, read)) {
    const [spellings, isThere, isKnown] = await lookUp(keys, how, read, known)
    yield keys.flatMap((key, i): Move[] => {
      const from = spellings[i]!.find((one) => isThere(one) && !isKnown(one))
      return from === undefined ? [] : [[from, key]]
    })
  }
}

async function* movesToThere(written: ProllyMap, stored: ProllyMap, how: Spelled): AsyncGenerator<Move[]> {
  for await (const keys of keysOnlyIn(written, stored)) {
    const [spellings, isStored, isWritten] = await lookUp(keys, how, stored, written)
    yield keys.flatMap((key, i): Move[] => {
      const known = spellings[i]!.find((one) => isStored(one) && !isWritten(one))
      const to = known ?? spellings[i]![0]
      return to === undefined || compareBytes(to, key) === 0 ? [] : [[key, to]]
    })
  }
}

/** Keys of `one` that `other` does not have. */
async function* keysOnlyIn(one: ProllyMap, other: ProllyMap): AsyncGenerator<Uint8Array[]> {
  let keys: Uint8Array[] = []
  for await (const differences of diffMaps(other, one)) {
    for (const { key, before } of differences) if (before === null) keys.push(key.slice())
    if (keys.length < keysMax) continue
    yield keys
    keys = []
  }
  if (keys.length > 0) yield keys
}

type Has = (key: Uint8Array) => boolean

async function lookUp(
  keys: readonly Uint8Array[],
  how: Spelled,
  one: ProllyMap,
  other: ProllyMap,
): Promise<[(readonly Uint8Array[])[], Has, Has]> {
  const spellings = keys.map(how)
  const all = spellings.flat()
  const has = async (map: ProllyMap): Promise<Has> => {
    const found = new Set(keysOf(await map.getMany(all)))
    return (key) => found.has(toHex(key))
  }
  return [spellings, await has(one), await has(other)]
}

function keysOf(entries: readonly (Entry | null)[]): string[] {
  return entries.flatMap((entry) => (entry === null ? [] : [toHex(entry.key)]))
}
