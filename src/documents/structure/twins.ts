// Values that have the same text at the same place in another version that was parsed before: they need not be parsed
// again, their nodes are copied. A place is found by walking both trees at once, by key in objects and by content in
// arrays; equality is found by comparing texts, whole runs of them at once. A value that is missed only costs time.
import { none, type NodeIndex, type NodeKind, type Tree } from './tree.ts'
import type { ValueId } from './values.ts'

/** How many members ahead an equal one is looked for, and after how many in vain no more is. */
const aheadMax = 32
const missesMax = 4096
const strideLength = 512

/** The other version's members in the collection that is being read. */
interface Place {
  /** The first that is not passed, and where they end. */
  low: NodeIndex
  readonly end: NodeIndex
  /** Elements since then that were found nowhere. */
  tries: number
}

/** What of a node has to be the same, so that it reads the same whatever else there is. */
export interface TwinForm {
  begin(like: Tree, node: NodeIndex): number
  /** The last character that may matter; Infinity when that is not known. */
  last(like: Tree, node: NodeIndex, end: NodeIndex): number
  /** Whether a container's members may be looked for one by one. */
  isOpen(node: NodeIndex): boolean
}

export class TwinFinder {
  readonly like: Tree
  readonly #form: TwinForm
  /** From a place in the other text to the equal one in this. */
  shift = 0
  readonly #text: string
  readonly #open: Place[]
  /** This text from #runStart to #runEnd is the other's, moved by `shift`. */
  #runStart = 0
  #runEnd = -1
  #misses = 0
  /** The container that stands at the place of the value that was asked for last; at first, the outermost. */
  #counterpart: NodeIndex = 0

  constructor(text: string, like: Tree, form: TwinForm) {
    this.#text = text
    this.like = like
    this.#form = form
    this.#open = [{ low: 0, end: like.size, tries: 0 }]
  }

  /** The other version's value that is the one at `at`; -1 where none is known. `key`: -1 where it does not matter. */
  at(at: number, key: ValueId): NodeIndex {
    const place = this.#open.at(-1)!
    this.#counterpart = none
    if (place.low >= place.end) return none
    return key === none ? this.#element(place, at) : this.#member(place, at, key)
  }

  /** The last of the values behind `first` that are in this text as well, one behind the other. */
  lastBehind(first: NodeIndex): NodeIndex {
    const place = this.#open.at(-1)!
    let last = first
    for (let next = this.like.next(first); next < place.end; next = this.like.next(next)) {
      if (this.#form.last(this.like, next, place.end) + this.shift >= this.#runEnd) break
      last = next
    }
    place.low = this.like.next(last)
    place.tries = 0
    return last
  }

  /** The container that was asked for last is read itself: what is in its counterpart is looked for in it. */
  enter(kind: NodeKind): void {
    const container = this.#counterpart
    const isLike = container !== none && this.like.kind(container) === kind && this.#form.isOpen(container)
    this.#open.push({ low: container + 1, end: isLike ? this.like.next(container) : 0, tries: 0 })
  }

  leave(): void {
    this.#open.pop()
  }

  #member(place: Place, at: number, key: ValueId): NodeIndex {
    let child = place.low
    for (let seen = 0; seen < aheadMax && child < place.end; seen++, child = this.like.next(child)) {
      if (this.like.key(child) !== key) continue
      place.low = this.like.next(child)
      if (this.#isHere(place, child, at)) return child
      this.#counterpart = child
      return none
    }
    return none
  }

  #element(place: Place, at: number): NodeIndex {
    if (this.#misses > missesMax) return none
    let child = place.low
    for (let seen = 0; seen < aheadMax + place.tries && child < place.end; seen++) {
      if (this.#isHere(place, child, at)) return child
      if (seen === place.tries) this.#counterpart = child
      child = this.like.next(child)
    }
    this.#misses++
    if (place.tries < aheadMax) place.tries++
    return none
  }

  #isHere({ end }: Place, node: NodeIndex, at: number): boolean {
    const start = this.#form.begin(this.like, node)
    const shift = at - start
    if (shift !== this.shift || at < this.#runStart || at > this.#runEnd) {
      if (this.#text.charCodeAt(at) !== this.like.text.charCodeAt(start)) return false
      this.shift = shift
      this.#runStart = at
      this.#runEnd = at + commonLength(this.like.text, start, this.#text, at)
    }
    if (this.#form.last(this.like, node, end) + shift >= this.#runEnd) return false
    this.#misses = 0
    return true
  }
}

/** How many characters are the same from aStart and bStart on. */
function commonLength(a: string, aStart: number, b: string, bStart: number): number {
  const most = Math.min(a.length - aStart, b.length - bStart)
  let length = 0
  while (length < strideLength && length < most) {
    if (a.charCodeAt(aStart + length) !== b.charCodeAt(bStart + length)) return length
    length++
  }
  for (let next = length + strideLength; next <= most; next += strideLength) {
    if (a.slice(aStart + length, aStart + next) !== b.slice(bStart + length, bStart + next)) break
    length = next
  }
  while (length < most && a.charCodeAt(aStart + length) === b.charCodeAt(bStart + length)) length++
  return length
}
