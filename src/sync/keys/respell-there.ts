// The endpoint as a write leaves it, under the keys that it has for its rows: those that it had, or shows for new ones.
import { compareBytes, equalBytes, toHex } from '../../base/bytes.ts'
import { batches } from '../../base/iterables.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import { writeTable } from '../../table/table-object.ts'
import { type LinkedTable, tableAt } from '../tables/link-tables.ts'
import { otherKey } from '../tables/other-key.ts'
import { differencesOf, followed } from './followed.ts'
import type { KeyNames, TableNames } from './key-names.ts'
import { movedRows } from './move-rows.ts'
import { type Respelled, columnsText, loadKeys, namesOf, spellingsIn } from './respell.ts'
import { type Spelled, type TwoKeys, keysThere, spellingsWith } from './two-keys.ts'

const movesMax = 4096

/** Before the write. */
export interface EndpointKeys {
  /** Under the keys that the branch has, and under those of the endpoint. */
  readonly captured: Tree
  readonly stored: Tree
  readonly names: KeyNames
}

/** `written` is what the endpoint then holds, under the keys that the branch has. */
export async function inKeysThere(
  io: Io,
  tables: readonly LinkedTable[],
  before: EndpointKeys,
  written: Tree,
): Promise<Respelled> {
  const entries = new Map<Path, TreeEntry>()
  const names = new Map<Path, TableNames>()
  for (const { table, path } of tables) {
    const [now, there] = [await tableAt(io, written, path), await tableAt(io, before.stored, path)]
    const how = now && spellingsIn(table, now)
    if (now === null || there === null || how === null || otherKey(now, there, path) !== null) continue
    const columns = columnsText(table)
    const here = await tableAt(io, before.captured, path)
    const last = await knownKeys(io, { here, there }, before.names.get(path), columns)
    const found = await keysAfter(io, last, await ProllyMap.load(io.nodes, now.rows), how)
    if (found.names.count > 0) names.set(path, namesOf(found, columns))
    const rows = found.there.cid
    if (rows === now.rows) continue
    entries.set(path, { kind: 'table', executable: false, table: writeTable(io.writer, { ...now, rows }) })
  }
  return { tree: entries.size === 0 ? written : await written.update(io.writer, entries), names }
}

/** Without any rows here where names are not known. */
async function knownKeys(
  io: Io,
  { here, there }: { readonly here: TableObject | null; readonly there: TableObject },
  kept: TableNames | undefined,
  columns: string,
): Promise<TwoKeys> {
  const isKept = kept?.columns === columns && kept.here === here?.rows && kept.there === there.rows
  if (isKept) return loadKeys(io, kept)
  const rows = await ProllyMap.load(io.nodes, there.rows)
  const none = ProllyMap.empty(io.nodes, io.writer)
  return { there: rows, here: here?.rows === there.rows ? rows : none, names: none }
}

async function keysAfter(io: Io, last: TwoKeys, here: ProllyMap, how: Spelled): Promise<TwoKeys> {
  const names = await namesAfter(io, last, here, how)
  const there = names && (await rowsAfter(io, { last, here, names }, how))
  if (there !== null) return { there, here, names: names! }
  const none = ProllyMap.empty(io.nodes, io.writer)
  const all = (await namesAfter(io, { ...last, here: none, names: none }, here, how))!
  return { there: await rowsNamed(io, here, all), here, names: all }
}

/** null where a new row has the key that the endpoint has for another one. */
async function namesAfter(io: Io, last: TwoKeys, here: ProllyMap, how: Spelled): Promise<ProllyMap | null> {
  const change = { before: last.here, after: here }
  let { names } = last
  for await (const gone of differencesOf(change, ({ after }) => after === null)) {
    const keys = await keysThere(
      last,
      how,
      gone.map(({ key }) => key),
    )
    const left = keys.filter((key) => key !== null)
    if (left.length < keys.length) return null
    names = await names.mutate(
      io.writer,
      left.sort(compareBytes).map((key) => ({ key, value: null })),
    )
  }
  for await (const added of differencesOf(change, ({ before }) => before === null)) {
    const keys = added.map(({ key }) => key)
    const chosen = await chosenKeys(keys, how, { there: last.there, here, names })
    const taken = await names.getMany(keys.filter((_, i) => chosen[i] === null))
    if (taken.some((entry) => entry !== null)) return null
    const edits = keys.flatMap((value, i) => {
      const key = chosen[i]!
      return key === null ? [] : [{ key, value }]
    })
    names = await names.mutate(
      io.writer,
      edits.sort((a, b) => compareBytes(a.key, b.key)),
    )
    await io.writer.drained()
  }
  return names
}

/** For new rows: a key that the endpoint had for a row that is gone, or the likeliest; null for their own. */
async function chosenKeys(
  keys: readonly Uint8Array[],
  how: Spelled,
  { there, here, names }: TwoKeys,
): Promise<(Uint8Array | null)[]> {
  const spellings = await spellingsWith(keys, how, async (all) => {
    const [rows, own, taken] = [await there.getMany(all), await here.getMany(all), await names.getMany(all)]
    return all.map((_, i) => ({ isThere: rows[i] !== null, isFree: own[i] === null && taken[i] === null }))
  })
  const chosen = new Set<string>()
  return spellings.map((some) => {
    const free = some.filter(({ key, is }) => is.isFree && !chosen.has(toHex(key)))
    const likeliest = free[0] === some[0] ? free[0] : undefined
    const key = (free.find(({ is }) => is.isThere) ?? likeliest)?.key ?? null
    if (key !== null) chosen.add(toHex(key))
    return key
  })
}

interface RowsAfter {
  readonly last: TwoKeys
  readonly here: ProllyMap
  readonly names: ProllyMap
}

async function rowsAfter(io: Io, { last, here, names }: RowsAfter, how: Spelled): Promise<ProllyMap | null> {
  if (names.count === 0) return here
  if (last.here.count === 0) return rowsNamed(io, here, names)
  return followed(io, last.there, { before: last.here, after: here }, (keys, step) =>
    step === 'known' ? keysThere(last, how, keys) : namedThere(names, how, keys),
  )
}

/** The rows under the keys that these names give them. */
async function rowsNamed(io: Io, here: ProllyMap, names: ProllyMap): Promise<ProllyMap> {
  let map = here
  for await (const batch of batches(names.entries(), movesMax)) {
    const moves = batch.map(({ key, value }) => ({ from: value, to: key }))
    map = (await movedRows(io, map, moves)).map
  }
  return map
}

async function namedThere(
  names: ProllyMap,
  how: Spelled,
  keys: readonly Uint8Array[],
): Promise<Uint8Array[]> {
  const spellings = await spellingsWith(keys, how, (all) => names.getMany(all))
  return keys.map(
    (key, i) => spellings[i]!.find(({ is }) => is !== null && equalBytes(is.value, key))?.key ?? key,
  )
}
