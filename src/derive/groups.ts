// Rows of inputs, collected by group. What is too much for memory is collected in several passes over the inputs, each of
// which takes the groups that a hash gives to it.
import { VarveError, throwIfAborted } from '../base/errors.ts'
import type { Row } from '../table/interface.ts'
import { type GroupedInput, entriesOf } from './grouped-input.ts'

/** Of each input, the group's rows in the order of their keys. */
export type CollectedGroups = Map<string, Row[][]>

const rowsPerPass = 200_000
/** Beyond it, groups are so large that no number of passes helps. */
const rowsMax = 2_000_000

export function passes(rowCount: number): number {
  return Math.max(1, Math.ceil(rowCount / rowsPerPass))
}

export function passOf(group: string, count: number): number {
  let hash = 0
  for (let i = 0; i < group.length; i++) hash = (Math.imul(hash, 31) + group.charCodeAt(i)) | 0
  return (hash >>> 0) % count
}

export async function collectGroups(
  inputs: readonly GroupedInput[],
  isWanted: (group: string) => boolean,
  signal: AbortSignal | undefined,
): Promise<CollectedGroups> {
  const groups: CollectedGroups = new Map()
  let rowCount = 0
  for (const [i, input] of inputs.entries()) {
    for await (const batch of input.scan(signal)) {
      throwIfAborted(signal)
      const entries = entriesOf(batch)
      const names = await input.groupsOf(entries)
      const wanted = names.flatMap((group, at) => (isWanted(group) ? [at] : []))
      if (wanted.length === 0) continue
      rowCount += wanted.length
      if (rowCount > rowsMax) throw tooLarge(input)
      const rows = await input.rowsOf(wanted.map((at) => entries[at]!))
      for (const [n, at] of wanted.entries()) {
        const lists = groups.get(names[at]!) ?? inputs.map((): Row[] => [])
        groups.set(names[at]!, lists)
        lists[i]!.push(rows[n]!)
      }
    }
  }
  return groups
}

function tooLarge({ name }: GroupedInput): VarveError {
  return new VarveError(
    'VARVE_NOT_POSSIBLE',
    `the groups of '${name}' are too large for a function: they hold more than ${rowsMax} rows`,
    { hint: 'make smaller groups, or write it in SQL' },
  )
}
