// The keys under which the endpoint has rows that are held back, where these are not the branch's. They are kept with the
// row, so that whoever settles it finds both versions, with the endpoint out of reach.
import { fromHex, toHex } from '../../base/bytes.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import { writeTable } from '../../table/table-object.ts'
import type { HeldBack } from '../interface.ts'
import { type LinkedTable, tableAt } from '../tables/link-tables.ts'
import { type Move, movedRows } from './move-rows.ts'
import { keyColumnsOf } from './respell.ts'
import { spelledKeys } from './spelled-keys.ts'
import { hasSpellings } from './spellings.ts'

/** The endpoint under the keys that the branch has, and under its own. */
export interface BothKeys {
  readonly captured: Tree
  readonly stored: Tree
}

export async function withKeysThere(
  io: Io,
  tables: readonly LinkedTable[],
  rows: readonly HeldBack[],
  { captured, stored }: BothKeys,
): Promise<HeldBack[]> {
  const keys = new Map<HeldBack, string>()
  for (const { table, path } of tables) {
    const [here, there] = [await tableAt(io, captured, path), await tableAt(io, stored, path)]
    const columns = keyColumnsOf(table)
    if (here === null || there === null || here.rows === there.rows || !columns.some(hasSpellings)) continue
    const [known, own] = [
      await ProllyMap.load(io.nodes, here.rows),
      await ProllyMap.load(io.nodes, there.rows),
    ]
    for (const row of rows) {
      if (row.path !== path || row.keyHex === '') continue
      const spelled = spelledKeys(here.schema, columns, fromHex(row.keyHex))
      const [mine, theirs] = [await known.getMany(spelled), await own.getMany(spelled)]
      const key = spelled.find((_, i) => mine[i] === null && theirs[i] !== null)
      if (key !== undefined && toHex(key) !== row.keyHex) keys.set(row, toHex(key))
    }
  }
  return rows.map((row) => (keys.has(row) ? { ...row, keyHexThere: keys.get(row)! } : row))
}

/** The endpoint as it was read last, with rows that are held back under the keys that the branch has for them. */
export async function underKeysHere(io: Io, live: Tree, rows: readonly HeldBack[]): Promise<Tree> {
  const moves = new Map<Path, Move[]>()
  for (const { path, keyHex, keyHexThere } of rows) {
    if (keyHexThere === undefined) continue
    moves.set(path, [...(moves.get(path) ?? []), { from: fromHex(keyHexThere), to: fromHex(keyHex) }])
  }
  const entries = new Map<Path, TreeEntry>()
  for (const [path, some] of moves) {
    const table = await tableAt(io, live, path)
    if (table === null) continue
    const { map } = await movedRows(io, await ProllyMap.load(io.nodes, table.rows), some)
    entries.set(path, {
      kind: 'table',
      executable: false,
      table: writeTable(io.writer, { ...table, rows: map.cid }),
    })
  }
  return entries.size === 0 ? live : live.update(io.writer, entries)
}
