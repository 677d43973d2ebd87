// Rows of inputs, collected by group. What is too much for memory is collected in several passes over the inputs, each of
// which takes the groups that a hash gives to it.
import { VarveError, throwIfAborted } from '../base/errors.ts'
import type { Row } from '../table/interface.ts'
import { type GroupedInput, entriesOf } from './grouped-input.ts'
import type { RowGroup } from './interface.ts'
import { PackedEntries } from './packed-entries.ts'

const rowsPerPass = 250_000
/** Beyond it, groups are so large that no number of passes helps. */
const rowsMax = 2_000_000
/** Rows that are taken apart at once, of whole groups. */
const rowsAtOnce = 2000

export function passes(rowCount: number): number {
  return Math.max(1, Math.ceil(rowCount / rowsPerPass))
}

export function passOf(group: string, count: number): number {
  let hash = 0
  for (let i = 0; i < group.length; i++) hash = (Math.imul(hash, 31) + group.charCodeAt(i)) | 0
  return (hash >>> 0) % count
}

/** Gives the wanted groups with their rows, some at a time. */
export async function* groupsOf(
  inputs: readonly GroupedInput[],
  isWanted: (group: string) => boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<RowGroup[]> {
  const entries = inputs.map(() => new PackedEntries())
  const groups = await collected(inputs, entries, isWanted, signal)
  let some: number[][][] = []
  let rowCount = 0
  for (const lists of groups.values()) {
    some.push(lists)
    rowCount += lists.reduce((sum, list) => sum + list.length, 0)
    if (rowCount < rowsAtOnce) continue
    throwIfAborted(signal)
    yield await withRows(inputs, entries, some)
    some = []
    rowCount = 0
  }
  if (some.length > 0) yield await withRows(inputs, entries, some)
}

/** By group: of each input, the numbers of its entries, in the order of their keys. */
async function collected(
  inputs: readonly GroupedInput[],
  kept: readonly PackedEntries[],
  isWanted: (group: string) => boolean,
  signal: AbortSignal | undefined,
): Promise<Map<string, number[][]>> {
  const groups = new Map<string, number[][]>()
  let rowCount = 0
  for (const [i, input] of inputs.entries()) {
    for await (const batch of input.scan(signal)) {
      throwIfAborted(signal)
      const entries = entriesOf(batch)
      for (const [at, group] of (await input.groupsOf(entries)).entries()) {
        if (!isWanted(group)) continue
        if (++rowCount > rowsMax) throw tooLarge(input)
        let lists = groups.get(group)
        if (lists === undefined) groups.set(group, (lists = inputs.map((): number[] => [])))
        lists[i]!.push(kept[i]!.add(entries[at]!))
      }
    }
  }
  return groups
}

async function withRows(
  inputs: readonly GroupedInput[],
  entries: readonly PackedEntries[],
  groups: readonly (readonly number[][])[],
): Promise<RowGroup[]> {
  const rows: IterableIterator<Row>[] = []
  for (const [i, input] of inputs.entries()) {
    const numbers = groups.flatMap((lists) => lists[i]!)
    rows.push((await rowsOf(input, entries[i]!, numbers)).values())
  }
  return groups.map((lists) => {
    const own = lists.map((list, i) => list.map(() => rows[i]!.next().value!))
    const first = own.findIndex((list) => list.length > 0)
    return {
      by: inputs[first]!.values(own[first]![0]!),
      rows: Object.fromEntries(inputs.map(({ name }, i) => [name, own[i]!])),
    }
  })
}

/** Some at a time: on the way from bytes to rows there is more of them than in the end. */
async function rowsOf(
  input: GroupedInput,
  entries: PackedEntries,
  numbers: readonly number[],
): Promise<Row[]> {
  const rows: Row[] = []
  for (let at = 0; at < numbers.length; at += rowsAtOnce) {
    const some = numbers.slice(at, at + rowsAtOnce).map((number) => entries.get(number))
    for (const row of await input.rowsOf(some)) rows.push(row)
  }
  return rows
}

function tooLarge({ name }: GroupedInput): VarveError {
  return new VarveError(
    'VARVE_NOT_POSSIBLE',
    `the groups of '${name}' are too large for a function: they hold more than ${rowsMax} rows`,
    { hint: 'make smaller groups, or write it in SQL' },
  )
}
