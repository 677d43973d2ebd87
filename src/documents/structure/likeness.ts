// How much of one value is still in another, to tell a changed element from a new one in its place.
import { none, type NodeIndex, type Tree } from './tree.ts'

/**
 * 0 to 1. A member counts whole where key and value are equal, and half where only the key is; an element of an array
 * counts where it stands at the same place. Scalars are never alike.
 */
export function likeness(a: Tree, x: NodeIndex, b: Tree, y: NodeIndex): number {
  const kind = a.kind(x)
  if (a.value(x) === b.value(y)) return 1
  if (kind === 'scalar' || b.kind(y) !== kind) return 0
  const [left, right] = [a.children(x), b.children(y)]
  const most = Math.max(left.length, right.length)
  if (most === 0) return 1
  let like = 0
  if (kind === 'array') {
    for (const [i, child] of left.entries()) {
      if (i < right.length && a.value(child) === b.value(right[i]!)) like++
    }
    return like / most
  }
  for (const child of left) {
    const other = b.child(y, a.key(child))
    if (other !== none) like += a.value(child) === b.value(other) ? 1 : 0.5
  }
  return like / most
}
