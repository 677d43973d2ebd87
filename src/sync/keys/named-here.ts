// The names that the rows of an endpoint have here: those that they had, and for new rows, and rows whose key has changed here,
// the keys that the branch has, or the base.
import { compareBytes, equalBytes } from '../../base/bytes.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import { type MapChange, differencesOf, followed } from './followed.ts'
import { type Move, movedRows } from './move-rows.ts'
import { type Spelled, type TwoKeys, keysHere, keysThere, spellingsWith } from './two-keys.ts'

/** From one name here to another. */
interface Renaming extends Move {
  /** The key there. */
  readonly there: Uint8Array
}

/** `known`: the branch's rows, and the base's. `last`: the names that were found before. */
export async function namedHere(
  io: Io,
  there: ProllyMap,
  known: readonly ProllyMap[],
  how: Spelled,
  last: TwoKeys | null,
): Promise<TwoKeys> {
  const begun = last && (await carriedOver(io, last, there))
  let found = begun
    ? await withoutOthers(io, known, how, begun)
    : { there, here: there, names: ProllyMap.empty(io.nodes, io.writer) }
  for (const one of known) {
    const change = { before: found.here, after: one }
    if (!(await hasOthers(change))) continue
    for await (const differences of differencesOf(change, ({ before }) => before === null)) {
      const keys = differences.map(({ key }) => key)
      const mayRename = one === known[0]
      found = await renamed(io, found, await movesTo(keys, how, { found, one, mayRename }))
    }
  }
  return found
}

/** Whether there are rows that are not known under their name: only these can get another one. */
async function hasOthers(change: MapChange): Promise<boolean> {
  if (change.before.count === 0) return false
  for await (const _ of differencesOf(change, ({ after }) => after === null)) return true
  return false
}

/** null where a new row has the key under which another one is known here. */
async function carriedOver(io: Io, last: TwoKeys, there: ProllyMap): Promise<TwoKeys | null> {
  const change = { before: last.there, after: there }
  const here = await followed(io, last.here, change, async (keys, step, map) => {
    if (step === 'known') return keysHere(last.names, keys)
    const taken = await map.getMany(keys)
    return keys.map((key, i) => (taken[i] === null ? key : null))
  })
  if (here === null) return null
  let { names } = last
  for await (const gone of differencesOf(change, ({ after }) => after === null))
    names = await names.mutate(
      io.writer,
      gone.map(({ key }) => ({ key, value: null })),
    )
  return { there, here, names }
}

/** Rows whose name nobody has any more are under their own key again. */
async function withoutOthers(
  io: Io,
  [first, ...others]: readonly ProllyMap[],
  how: Spelled,
  begun: TwoKeys,
): Promise<TwoKeys> {
  let found = begun
  const change = { before: first!, after: begun.here }
  for await (const differences of differencesOf(change, ({ before }) => before === null)) {
    let keys = differences.map(({ key }) => key)
    for (const other of others) {
      const isKnown = await other.getMany(keys)
      keys = keys.filter((_, i) => isKnown[i] === null)
    }
    const there = await keysThere(found, how, keys)
    const moves = keys.flatMap((key, i): Renaming[] => {
      const own = there[i]!
      return own === null || equalBytes(key, own) ? [] : [{ from: key, to: own, there: own }]
    })
    found = await renamed(io, found, moves)
  }
  return found
}

interface Naming {
  readonly found: TwoKeys
  /** Whose keys they are. */
  readonly one: ProllyMap
  /** Whether rows that have a name already may get another. */
  readonly mayRename: boolean
}

async function movesTo(
  keys: readonly Uint8Array[],
  how: Spelled,
  { found, one, mayRename }: Naming,
): Promise<Renaming[]> {
  const spellings = await spellingsWith(keys, how, async (all) => {
    const [rows, here] = [await found.there.getMany(all), await keysHere(found.names, all)]
    const isKnown = await one.getMany(here)
    return all.map((key, i) => {
      const isFree = rows[i] !== null && isKnown[i] === null && (mayRename || equalBytes(here[i]!, key))
      return isFree ? here[i]! : null
    })
  })
  return spellings.flatMap((some, i): Renaming[] => {
    const free = some.find(({ is }) => is !== null)
    return free === undefined ? [] : [{ from: free.is!, to: keys[i]!, there: free.key }]
  })
}

async function renamed(
  io: Io,
  { there, here, names }: TwoKeys,
  moves: readonly Renaming[],
): Promise<TwoKeys> {
  const { map, moved } = await movedRows(io, here, moves)
  const edits = moved.map(({ to, there: key }) => ({ key, value: equalBytes(to, key) ? null : to }))
  const after = await names.mutate(
    io.writer,
    edits.sort((a, b) => compareBytes(a.key, b.key)),
  )
  return { there, here: map, names: after }
}
