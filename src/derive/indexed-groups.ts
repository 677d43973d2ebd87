// Some groups with their rows, found by the inputs' indexes: where few of the rows are theirs, the others are not read.
import { throwIfAborted } from '../base/errors.ts'
import { hashOfGroup } from './group-index.ts'
import type { GroupedInput } from './grouped-input.ts'
import { GroupLists } from './group-lists.ts'
import { listedGroups, rowsAtOnce } from './groups.ts'
import type { RowGroup } from './interface.ts'

/**
 * Each row that lies by itself takes unpacking a leaf: if more than one row in this many is wanted, reading all is
 * faster.
 */
const rowsPerFound = 32
const alwaysFound = 1000
const foundMax = 250_000
const hashesAtOnce = 100

/** Hashes of groups that have few enough rows to be found one by one. */
export type GroupHashes = readonly number[]

/** The hashes of the groups; null when reading all rows is better, or when an input has no index. */
export async function fewGroups(
  inputs: readonly GroupedInput[],
  groups: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<GroupHashes | null> {
  const all = inputs.reduce((sum, { table }) => sum + table.count, 0)
  const max = Math.min(foundMax, Math.max(alwaysFound, all / rowsPerFound))
  const hashes = [...new Set([...groups].map(hashOfGroup))]
  if (hashes.length > max || inputs.some(({ index }) => index === null)) return null
  let count = 0
  for (let at = 0; at < hashes.length; at += hashesAtOnce) {
    throwIfAborted(signal)
    const some = hashes.slice(at, at + hashesAtOnce)
    const counts = some.flatMap((hash) => inputs.map(({ index }) => index!.countOf(hash)))
    for (const one of await Promise.all(counts)) count += one
    if (count > max) return null
  }
  return hashes
}

/** Those of the groups that have rows, some groups at a time. */
export async function* indexedGroups(
  inputs: readonly GroupedInput[],
  hashes: GroupHashes,
  groups: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): AsyncGenerator<RowGroup[]> {
  let keys = inputs.map((): Uint8Array[] => [])
  for (const [n, hash] of hashes.entries()) {
    const lists = await Promise.all(inputs.map(({ index }) => index!.keysOf(hash)))
    for (const [i, list] of lists.entries()) for (const key of list) keys[i]!.push(key)
    const count = keys.reduce((sum, list) => sum + list.length, 0)
    if (count < rowsAtOnce && n < hashes.length - 1) continue
    throwIfAborted(signal)
    yield* listedGroups(inputs, await listed(inputs, keys, groups), signal)
    keys = inputs.map(() => [])
  }
}

async function listed(
  inputs: readonly GroupedInput[],
  keys: readonly (readonly Uint8Array[])[],
  wanted: ReadonlySet<string>,
): Promise<GroupLists> {
  const lists = new GroupLists(inputs.length)
  for (const [i, input] of inputs.entries()) {
    const rows = (await input.table.map.getMany(keys[i]!)).filter((row) => row !== null)
    for (const [at, group] of (await input.groupsOf(rows)).entries())
      if (group !== null && wanted.has(group)) lists.add(i, group, rows[at]!)
  }
  return lists
}
