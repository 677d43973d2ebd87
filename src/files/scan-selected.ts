// The entries of a tree that somebody has named, in the order of their paths, without reading much else of the tree.
import { compareBytes } from '../base/bytes.ts'
import type { ReadOptions } from '../store/interface.ts'
import type { Path, PathEntry } from './interface.ts'
import { pathToBytes } from './path.ts'
import type { PathSelection } from './path-selection.ts'
import type { Tree } from './tree.ts'

/** With more the tree is read in one go. */
const startsMax = 64

export async function* scanSelected(
  tree: Tree,
  selection: PathSelection,
  options: ReadOptions = {},
): AsyncGenerator<PathEntry[]> {
  const { starts } = selection
  const parts: readonly Part[] =
    starts.length > startsMax || starts.includes('') ? [{ prefix: '' }] : partsOf(starts)
  for (const part of parts) {
    for await (const batch of scanPart(tree, part, options)) {
      const selected = selection.everything ? batch : batch.filter(({ path }) => selection.has(path))
      if (selected.length > 0) yield selected
    }
  }
}

/** One path alone, or all that is at or below one. */
type Part = { readonly only: Path } | { readonly prefix: Path }

/** Between 'a' and 'a/x' lie 'a-b' and others: what is called so and what is below it are parts of their own. */
function partsOf(starts: readonly Path[]): Part[] {
  const keyed = starts.flatMap((start) => [
    { key: pathToBytes(start), part: { only: start } },
    { key: pathToBytes(`${start}/`), part: { prefix: start } },
  ])
  return keyed.sort((a, b) => compareBytes(a.key, b.key)).map(({ part }) => part)
}

async function* scanPart(tree: Tree, part: Part, options: ReadOptions): AsyncGenerator<PathEntry[]> {
  if ('prefix' in part) {
    for await (const batch of tree.scan({ prefix: part.prefix, ...options }))
      yield batch.filter(({ path }) => part.prefix === '' || path !== part.prefix)
    return
  }
  const entry = await tree.get(part.only, options)
  if (entry !== null) yield [{ path: part.only, entry }]
}
