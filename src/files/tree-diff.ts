// What differs between trees, path by path. The cost follows the difference: subtrees that are equal are not read.
import { compareBytes } from '../base/bytes.ts'
import { diffMaps, diffThreeWay } from '../prolly/diff.ts'
import type { Entry } from '../prolly/interface.ts'
import { decodeEntry } from './entry.ts'
import type { PrefixOptions, TreeDifference, TreeEntry, TreeThreeWayDifference } from './interface.ts'
import { pathFromBytes, pathToBytes } from './path.ts'
import type { PathSelection } from './path-selection.ts'
import { prefixRange } from './prefix.ts'
import type { ReadOptions } from '../store/interface.ts'
import type { Tree } from './tree.ts'

/** The differences in batches, in the order of the paths' bytes. */
export async function* diffTrees(
  before: Tree,
  after: Tree,
  options: PrefixOptions = {},
): AsyncGenerator<TreeDifference[]> {
  const { contains, ...range } = prefixRange(options.prefix)
  for await (const batch of diffMaps(before.map, after.map, { ...range, signal: options.signal })) {
    const differences: TreeDifference[] = []
    for (const difference of batch) {
      if (!contains(difference.key)) continue
      const path = pathFromBytes(difference.key)
      differences.push({ path, before: decoded(difference.before), after: decoded(difference.after) })
    }
    if (differences.length > 0) yield differences
  }
}

/** All differences of what is selected, in the same order. */
export async function selectedDifferences(
  before: Tree,
  after: Tree,
  selection: PathSelection,
  options: ReadOptions = {},
): Promise<TreeDifference[]> {
  const differences: TreeDifference[] = []
  for await (const batch of eachStart(before, after, selection, options)) differences.push(...batch)
  if (selection.starts.length < 2) return differences
  const keyed = differences.map((one) => ({ one, key: pathToBytes(one.path) }))
  return keyed.sort((a, b) => compareBytes(a.key, b.key)).map(({ one }) => one)
}

/** Whether anything differs of what is selected. */
export async function selectedDiffers(
  before: Tree,
  after: Tree,
  selection: PathSelection,
  options: ReadOptions = {},
): Promise<boolean> {
  for await (const batch of eachStart(before, after, selection, options)) if (batch.length > 0) return true
  return false
}

/** Not in the order of paths. */
async function* eachStart(
  before: Tree,
  after: Tree,
  selection: PathSelection,
  { signal }: ReadOptions,
): AsyncGenerator<TreeDifference[]> {
  for (const prefix of selection.starts)
    for await (const batch of diffTrees(before, after, { prefix, signal }))
      yield selection.isPlain ? batch : batch.filter(({ path }) => selection.has(path))
}

export async function* diffTreesThreeWay(
  base: Tree,
  ours: Tree,
  theirs: Tree,
  options: PrefixOptions = {},
): AsyncGenerator<TreeThreeWayDifference[]> {
  const { contains, ...range } = prefixRange(options.prefix)
  const maps = diffThreeWay(base.map, ours.map, theirs.map, { ...range, signal: options.signal })
  for await (const batch of maps) {
    const differences: TreeThreeWayDifference[] = []
    for (const difference of batch) {
      if (!contains(difference.key)) continue
      const before = decoded(difference.base)
      differences.push({
        path: pathFromBytes(difference.key),
        base: before,
        ours: difference.ours === difference.base ? before : decoded(difference.ours),
        theirs: difference.theirs === difference.base ? before : decoded(difference.theirs),
      })
    }
    if (differences.length > 0) yield differences
  }
}

function decoded(entry: Entry | null): TreeEntry | null {
  return entry === null ? null : decodeEntry(entry)
}
