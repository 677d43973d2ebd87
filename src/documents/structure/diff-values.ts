// What differs between two versions of a document, value by value: members of objects by their keys, elements of arrays
// by what a merge would tell them apart by, and else by their order. Equal values are equal numbers, so that it costs what
// changed, and a look at each member of what holds a change.
import { diffLines } from '../line-diff.ts'
import { identityOf } from './identity.ts'
import { pairedElements } from './pairs.ts'
import { identityStep, keyStep, nameOf, root, type Path } from './path.ts'
import { none, type NodeIndex, type Tree } from './tree.ts'
import type { ValueId, ValueTable } from './values.ts'

export interface ValueChange {
  /** 'reordered': elements that both versions have stand in another order. */
  readonly kind: 'added' | 'removed' | 'changed' | 'reordered'
  /** '$.features[id=12].properties.name', as conflicts are called too. */
  readonly path: string
  /** As it is spelled in its version; null where that one does not have it, or nothing but an order changed. */
  readonly before: string | null
  readonly after: string | null
}

export interface ValueDifference {
  readonly changes: readonly ValueChange[]
  /** Whether something is also spelled or laid out differently, which is no change of a value. */
  readonly isRespelled: boolean
  /** What elements of arrays were told apart by: 'id', 'value', 'position'. */
  readonly told: readonly string[]
}

/** More changes within an array of numbers, or of such arrays, are one: a line that was drawn anew. */
const plainChangesMax = 8

export function diffValues(before: Tree, after: Tree, values: ValueTable): ValueDifference {
  const differ = new Differ(before, after, values)
  differ.pair(0, 0, root)
  return { changes: differ.changes, isRespelled: differ.isRespelled, told: [...differ.told] }
}

/** The same thing in both versions; -1 where one does not have it. */
interface Pair {
  readonly before: NodeIndex
  readonly after: NodeIndex
  readonly step: () => string
}

class Differ {
  readonly changes: ValueChange[] = []
  readonly told: Set<string> = new Set()
  isRespelled = false
  readonly #before: Tree
  readonly #after: Tree
  readonly #values: ValueTable

  constructor(before: Tree, after: Tree, values: ValueTable) {
    this.#before = before
    this.#after = after
    this.#values = values
  }

  pair(x: NodeIndex, y: NodeIndex, path: Path): void {
    const [a, b] = [this.#before, this.#after]
    if (a.value(x) === b.value(y)) {
      this.isRespelled ||= a.spelling(x) !== b.spelling(y) || keyOf(a, x) !== keyOf(b, y)
      return
    }
    const kind = a.kind(x)
    const pairs = kind === 'scalar' || kind !== b.kind(y) ? null : this.#pairs(kind, x, y, path)
    if (pairs === null) return this.#add('changed', x, y, path)
    const first = this.changes.length
    for (const { before, after, step } of pairs) {
      const place = { parent: path, step }
      if (before === none) this.#add('added', before, after, place)
      else if (after === none) this.#add('removed', before, after, place)
      else this.pair(before, after, place)
    }
    if (this.changes.length - first <= plainChangesMax || !isPlain(a, x) || !isPlain(b, y)) return
    this.changes.length = first
    this.#add('changed', x, y, path)
  }

  #pairs(kind: 'object' | 'array', x: NodeIndex, y: NodeIndex, path: Path): Pair[] | null {
    const [before, after] = [this.#before.children(x), this.#after.children(y)]
    if (kind === 'object') {
      const keys = [before.map((node) => this.#before.key(node)), after.map((node) => this.#after.key(node))]
      return this.#named(before, after, keys, path, (id) => keyStep(this.#values.text(id)))
    }
    const trees = [this.#before, this.#after, this.#after] as const
    const identity = identityOf([before, after, after], trees, this.#values)
    if (identity === null) return this.#inOrder(before, after)
    const { name, sides } = identity
    this.told.add(name ?? 'value')
    const ids = [sides[0].ids, sides[1].ids]
    return this.#named(before, after, ids, path, (id) => identityStep(this.#values, name, id))
  }

  /** In the order of the newer version; what it does not have stands before what it stood before. */
  #named(
    before: readonly NodeIndex[],
    after: readonly NodeIndex[],
    [oldIds, newIds]: readonly (readonly ValueId[])[],
    path: Path,
    step: (id: ValueId) => string,
  ): Pair[] {
    const old = new Map(oldIds!.map((id, i) => [id, i]))
    const kept = new Set(newIds)
    const pairs: Pair[] = []
    let next = 0
    let isInOrder = true
    const removedUntil = (end: number): void => {
      for (; next < end; next++) {
        const id = oldIds![next]!
        if (!kept.has(id)) pairs.push({ before: before[next]!, after: none, step: () => step(id) })
      }
    }
    for (const [j, id] of newIds!.entries()) {
      const i = old.get(id)
      if (i !== undefined && i < next) isInOrder = false
      removedUntil(i === undefined ? next : i + 1)
      pairs.push({ before: i === undefined ? none : before[i]!, after: after[j]!, step: () => step(id) })
    }
    removedUntil(before.length)
    if (isInOrder) return pairs
    // The order of an object's members says nothing.
    if (this.#after.key(after[0]!) !== none) this.isRespelled = true
    else this.changes.push({ kind: 'reordered', path: nameOf(path), before: null, after: null })
    return pairs
  }

  /** Pairs equal elements in order; null when the two sides have too little in common. */
  #inOrder(before: readonly NodeIndex[], after: readonly NodeIndex[]): Pair[] | null {
    const [a, b] = [this.#before, this.#after]
    const hunks = diffLines(
      before.map((node) => a.value(node)),
      after.map((node) => b.value(node)),
    )
    if (hunks === null) return null
    this.told.add('position')
    const pairs: Pair[] = []
    const add = (i: number, j: number): void => {
      const at = j === none ? i : j
      const nodes = { before: i === none ? none : before[i]!, after: j === none ? none : after[j]! }
      pairs.push({ ...nodes, step: () => `[${at}]` })
    }
    let [i, j] = [0, 0]
    for (const { aStart, aEnd, bStart, bEnd } of [...hunks, endOf(before, after)]) {
      while (i < aStart) add(i++, j++)
      const match = pairedElements(a, before.slice(aStart, aEnd), b, after.slice(bStart, bEnd)) ?? []
      for (; i < aEnd; i++) {
        const other = match[i - aStart] ?? none
        while (other !== none && j < bStart + other) add(none, j++)
        if (other === none) add(i, none)
        else add(i, j++)
      }
      while (j < bEnd) add(none, j++)
    }
    return pairs
  }

  #add(kind: ValueChange['kind'], x: NodeIndex, y: NodeIndex, path: Path): void {
    const before = x === none ? null : this.#before.spelling(x)
    const after = y === none ? null : this.#after.spelling(y)
    this.changes.push({ kind, path: nameOf(path), before, after })
  }
}

function endOf(before: readonly unknown[], after: readonly unknown[]) {
  return { aStart: before.length, aEnd: before.length, bStart: after.length, bEnd: after.length }
}

/** A member's key and what stands between it and the value, as they are spelled. */
function keyOf(tree: Tree, node: NodeIndex): string {
  return tree.text.slice(tree.from(node), tree.start(node))
}

/** Whether an array holds no objects, at any depth. */
function isPlain(tree: Tree, node: NodeIndex): boolean {
  for (let at = node; at < tree.next(node); at++) if (tree.kind(at) === 'object') return false
  return true
}
