// How much of one value is in another, to tell a changed element from a new one in its place.
import { none, type NodeIndex, type Tree } from './tree.ts'

/** Elements of arrays that have no more count by what they are alike, as the rings of a polygon do. */
const fewElements = 8

/**
 * 0 to 1. A member counts whole where key and value are equal, and half where only the key is; an element of an array
 * counts where it stands at the same place. Scalars are never alike.
 */
export function similarity(a: Tree, x: NodeIndex, b: Tree, y: NodeIndex): number {
  const kind = a.kind(x)
  if (a.value(x) === b.value(y)) return 1
  if (kind === 'scalar' || b.kind(y) !== kind) return 0
  const [left, right] = [a.children(x), b.children(y)]
  const most = Math.max(left.length, right.length)
  if (most === 0) return 1
  let like = 0
  if (kind === 'array') {
    for (const [i, child] of left.entries()) {
      if (i >= right.length) break
      if (a.value(child) === b.value(right[i]!)) like++
      else if (most <= fewElements && a.kind(child) === 'array') like += similarity(a, child, b, right[i]!)
    }
    return like / most
  }
  for (const child of left) {
    const other = b.child(y, a.key(child))
    if (other !== none) like += a.value(child) === b.value(other) ? 1 : 0.5
  }
  return like / most
}

/**
 * Whether one object or array has all that the other has, and perhaps more: keys with their values, elements in their
 * order. Two sides that added such values added one thing, and one of them says more about it.
 */
export function isExtension(larger: Tree, x: NodeIndex, smaller: Tree, y: NodeIndex): boolean {
  if (larger.value(x) === smaller.value(y)) return true
  const kind = larger.kind(x)
  if (kind === 'scalar' || smaller.kind(y) !== kind) return false
  const [all, some] = [larger.children(x), smaller.children(y)]
  if (some.length === 0 || some.length > all.length) return false
  if (kind === 'object') {
    return some.every((child) => {
      const other = larger.child(x, smaller.key(child))
      return other !== none && isExtension(larger, other, smaller, child)
    })
  }
  let at = 0
  return some.every((child) => {
    while (at < all.length && !isExtension(larger, all[at]!, smaller, child)) at++
    return at++ < all.length
  })
}
