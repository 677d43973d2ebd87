// Turns edits by key into splices by position: what an edit removes is found in the old tree, and an edit that
// changes nothing makes no splice, so it costs no write.
import { compareBytes } from '../base/bytes.ts'
import { VarveError } from '../base/errors.ts'
import type { AnyIterable } from '../base/iterables.ts'
import { equalBytes } from '../base/bytes.ts'
import type { ReadOptions } from '../store/interface.ts'
import { type Place, descend } from './descent.ts'
import { compareKeyAt, linksAt, lowerBound, sameLinks, valueAt } from './entry-batch.ts'
import type { Edit } from './interface.ts'
import type { NodeStore } from './node-store.ts'
import { type Shape, checkEntry, entrySize } from './rule.ts'
import { type Splice, spliceWindow } from './splice.ts'

/** The leaves in which the keys are, or would be. */
export function leavesOfKeys(
  nodes: NodeStore,
  root: Place,
  keys: readonly Uint8Array[],
  options: ReadOptions = {},
): Promise<Place[]> {
  const pick = ({ node }: Place, i: number): number => Math.min(lowerBound(node, keys[i]!), node.count - 1)
  return descend(nodes, root, 0, keys.length, pick, options)
}

export async function* splicesOfEdits(
  nodes: NodeStore,
  root: Place,
  edits: AnyIterable<readonly Edit[]>,
  options: ReadOptions = {},
): AsyncGenerator<Splice[]> {
  let before: Uint8Array | null = null
  let index = 0
  for await (const batch of edits) {
    for (let at = 0; at < batch.length; at += spliceWindow) {
      const window = batch.slice(at, at + spliceWindow)
      before = checkEdits(root.node.shape, window, before, index)
      index += window.length
      const keys = window.map((edit) => edit.key)
      const places = await leavesOfKeys(nodes, root, keys, options)
      yield window.flatMap((edit, i) => spliceOfEdit(edit, places[i]!))
    }
  }
}

/** Checks edits and their order; returns the last key. */
function checkEdits(
  shape: Shape,
  edits: readonly Edit[],
  before: Uint8Array | null,
  first: number,
): Uint8Array | null {
  let last = before
  for (const [i, { key, value, links }] of edits.entries()) {
    if (last !== null && compareBytes(last, key) >= 0) throw unsorted(first + i)
    if (value !== null)
      checkEntry(shape, key.length, entrySize(key.length, value.length, links?.length ?? 0), first + i)
    last = key
  }
  return last
}

export function unsorted(index: number): VarveError {
  return new VarveError('VARVE_RULE_VIOLATED', `key ${index} is not above the one before it`, {
    data: { index },
    hint: 'sort by key, and give each key once',
  })
}

function spliceOfEdit(edit: Edit, { ref, node }: Place): Splice[] {
  const { key, value, links = [] } = edit
  const i = lowerBound(node, key)
  const found = i < node.count && compareKeyAt(node, i, key) === 0
  const at = ref.start + i
  if (value === null) return found ? [{ at, remove: 1, entries: [] }] : []
  if (found && equalBytes(valueAt(node, i), value) && sameLinks(linksAt(node, i), links)) return []
  return [{ at, remove: found ? 1 : 0, entries: [{ key, value, links }] }]
}
