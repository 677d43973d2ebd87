// Rows of inputs, collected by group. What is too much for memory is collected in several passes over the inputs, each of
// which takes the groups that a hash gives to it.
import { VarveError, throwIfAborted } from '../base/errors.ts'
import { entryAt } from '../prolly/entry-batch.ts'
import type { Entry } from '../prolly/interface.ts'
import type { Row } from '../table/interface.ts'
import { GroupLists } from './group-lists.ts'
import type { GroupedInput } from './grouped-input.ts'
import type { RowGroup } from './interface.ts'
import type { PackedEntries } from './packed-entries.ts'

const rowsPerPass = 250_000
/** Beyond it, groups are so large that no number of passes helps. */
const rowsMax = 2_000_000
/** Rows that are taken apart at once, of whole groups. */
export const rowsAtOnce = 2000

export function passes(rowCount: number): number {
  return Math.max(1, Math.ceil(rowCount / rowsPerPass))
}

export interface CollectOptions {
  readonly isWanted: (group: string) => boolean
  readonly signal: AbortSignal | undefined
  /** Whether the nth row of an input may be wanted; other rows are not looked at. */
  readonly mayBeWanted?: ((input: number, row: number) => boolean) | undefined
  /** Gets the entries of all rows that may be wanted. */
  readonly onEntries?:
    | ((input: number, entries: readonly Entry[], groups: readonly string[]) => Promise<void>)
    | undefined
}

/** The wanted groups with their rows, some groups at a time. */
export async function* groupsOf(
  inputs: readonly GroupedInput[],
  collecting: CollectOptions,
): AsyncGenerator<RowGroup[]> {
  yield* listedGroups(inputs, await collected(inputs, collecting), collecting.signal)
}

export async function* listedGroups(
  inputs: readonly GroupedInput[],
  lists: GroupLists,
  signal: AbortSignal | undefined,
): AsyncGenerator<RowGroup[]> {
  let some: (readonly Uint32Array[])[] = []
  let rowCount = 0
  for (const group of lists.groups()) {
    some.push(group)
    rowCount += group.reduce((sum, list) => sum + list.length, 0)
    if (rowCount < rowsAtOnce) continue
    throwIfAborted(signal)
    yield await withRows(inputs, lists.entries, some)
    some = []
    rowCount = 0
  }
  if (some.length > 0) yield await withRows(inputs, lists.entries, some)
}

async function collected(inputs: readonly GroupedInput[], collecting: CollectOptions): Promise<GroupLists> {
  const { isWanted, signal, mayBeWanted, onEntries } = collecting
  const lists = new GroupLists(inputs.length)
  for (const [i, input] of inputs.entries()) {
    let row = 0
    for await (const batch of input.scan(signal)) {
      throwIfAborted(signal)
      const entries: Entry[] = []
      for (let at = 0; at < batch.count; at++, row++)
        if (mayBeWanted?.(i, row) !== false) entries.push(entryAt(batch, at))
      const names = (await input.groupsOf(entries)) as string[]
      await onEntries?.(i, entries, names)
      for (const [at, group] of names.entries()) {
        if (!isWanted(group)) continue
        lists.add(i, group, entries[at]!)
        if (lists.count > rowsMax) throw tooLarge(input)
      }
    }
  }
  return lists
}

async function withRows(
  inputs: readonly GroupedInput[],
  entries: readonly PackedEntries[],
  groups: readonly (readonly Uint32Array[])[],
): Promise<RowGroup[]> {
  const rows: Row[][] = []
  for (const [i, input] of inputs.entries())
    rows.push(
      await rowsOf(
        input,
        entries[i]!,
        groups.map((lists) => lists[i]!),
      ),
    )
  const next = inputs.map(() => 0)
  return groups.map((lists) => {
    const own = lists.map(({ length }, i) => rows[i]!.slice(next[i], (next[i]! += length)))
    const first = own.findIndex((list) => list.length > 0)
    return {
      by: inputs[first]!.values(own[first]![0]!),
      rows: Object.fromEntries(inputs.map(({ name }, i) => [name, own[i]!])),
    }
  })
}

/** The rows of all lists, some at a time, because they take more memory while they are decoded than afterwards. */
async function rowsOf(
  input: GroupedInput,
  entries: PackedEntries,
  lists: readonly Uint32Array[],
): Promise<Row[]> {
  const rows: Row[] = []
  let some: Entry[] = []
  const take = async (): Promise<void> => {
    for (const row of await input.rowsOf(some)) rows.push(row)
    some = []
  }
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      some.push(entries.get(list[i]!))
      if (some.length === rowsAtOnce) await take()
    }
  }
  await take()
  return rows
}

function tooLarge({ name }: GroupedInput): VarveError {
  return new VarveError(
    'VARVE_NOT_POSSIBLE',
    `the groups of '${name}' are too large for a function: they hold more than ${rowsMax} rows`,
    { hint: 'make smaller groups, or write it in SQL' },
  )
}
