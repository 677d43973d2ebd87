// A document as a tree whose nodes know where they stand in the text. Nodes are rows of columns in preorder, because
// a file of 20 MB has millions of them: a node's first child is the next row, its next sibling is row `next`.
//
//   { "name": "Oslo" }          from      where the member begins: its key, or the value where there is no key
//     ^from   ^start ^end       start,end the value
//                               to        where the member ends; in JSON that is `end`
import { doubled, type ValueId } from './values.ts'

export type NodeKind = 'scalar' | 'object' | 'array'

/** A row of a tree; -1 stands for none. */
export type NodeIndex = number

export const none: NodeIndex = -1

const kinds: readonly NodeKind[] = ['scalar', 'object', 'array']
const kindNumbers: Readonly<Record<NodeKind, number>> = { scalar: 0, object: 1, array: 2 }

export class Tree {
  readonly text: string
  size = 0
  #kinds: Int32Array = new Int32Array(64)
  #from: Int32Array = new Int32Array(64)
  #start: Int32Array = new Int32Array(64)
  #end: Int32Array = new Int32Array(64)
  #to: Int32Array = new Int32Array(64)
  #next: Int32Array = new Int32Array(64)
  #values: Int32Array = new Int32Array(64)
  #keys: Int32Array = new Int32Array(64)

  constructor(text: string) {
    this.text = text
  }

  /** A node whose end, and for containers the children, are still to come. `key` is -1 where there is none. */
  open(kind: NodeKind, from: number, start: number, key: ValueId): NodeIndex {
    const node = this.size++
    if (node === this.#kinds.length) this.#grow()
    this.#kinds[node] = kindNumbers[kind]
    this.#from[node] = from
    this.#start[node] = start
    this.#keys[node] = key
    return node
  }

  close(node: NodeIndex, end: number, to: number, value: ValueId): void {
    this.#end[node] = end
    this.#to[node] = to
    this.#next[node] = this.size
    this.#values[node] = value
  }

  /** Adds the nodes of another tree from one to its sibling `last`, and all below them, moved by `shift` in the text. */
  append(other: Tree, first: NodeIndex, last: NodeIndex, shift: number): NodeIndex {
    const added = this.size
    const rows = added - first
    const end = other.#next[last]!
    this.size = end + rows
    while (this.size > this.#kinds.length) this.#grow()
    this.#kinds.set(other.#kinds.subarray(first, end), added)
    this.#values.set(other.#values.subarray(first, end), added)
    this.#keys.set(other.#keys.subarray(first, end), added)
    copyMoved(other.#from, first, end, this.#from, added, shift)
    copyMoved(other.#start, first, end, this.#start, added, shift)
    copyMoved(other.#end, first, end, this.#end, added, shift)
    copyMoved(other.#to, first, end, this.#to, added, shift)
    copyMoved(other.#next, first, end, this.#next, added, rows)
    return added
  }

  /** Where a member begins and ends, for those who know it only after they closed it. */
  place(node: NodeIndex, from: number, to: number): void {
    this.#from[node] = from
    this.#to[node] = to
  }

  /** Sets the key of an appended node. */
  name(node: NodeIndex, key: ValueId): void {
    this.#keys[node] = key
  }

  kind(node: NodeIndex): NodeKind {
    return kinds[this.#kinds[node]!]!
  }

  from(node: NodeIndex): number {
    return this.#from[node]!
  }

  start(node: NodeIndex): number {
    return this.#start[node]!
  }

  end(node: NodeIndex): number {
    return this.#end[node]!
  }

  to(node: NodeIndex): number {
    return this.#to[node]!
  }

  value(node: NodeIndex): ValueId {
    return this.#values[node]!
  }

  key(node: NodeIndex): ValueId {
    return this.#keys[node]!
  }

  /** The row behind all that is in the node: that of its next sibling, where it has one. */
  next(node: NodeIndex): NodeIndex {
    return this.#next[node]!
  }

  children(node: NodeIndex): NodeIndex[] {
    const children: NodeIndex[] = []
    const end = this.#next[node]!
    for (let child = node + 1; child < end; child = this.#next[child]!) children.push(child)
    return children
  }

  child(node: NodeIndex, key: ValueId): NodeIndex {
    const end = this.#next[node]!
    for (let child = node + 1; child < end; child = this.#next[child]!) {
      if (this.#keys[child] === key) return child
    }
    return none
  }

  /** The value as it is spelled. */
  spelling(node: NodeIndex): string {
    return this.text.slice(this.#start[node], this.#end[node])
  }

  #grow(): void {
    this.#kinds = doubled(this.#kinds)
    this.#from = doubled(this.#from)
    this.#start = doubled(this.#start)
    this.#end = doubled(this.#end)
    this.#to = doubled(this.#to)
    this.#next = doubled(this.#next)
    this.#values = doubled(this.#values)
    this.#keys = doubled(this.#keys)
  }
}

/** Copies from[start, end) to `to` from `at` on, and adds `shift` to each number. */
export function copyMoved(
  from: Int32Array,
  start: number,
  end: number,
  to: Int32Array,
  at: number,
  shift: number,
): void {
  if (shift === 0) to.set(from.subarray(start, end), at)
  else for (let i = start; i < end; i++) to[at + i - start] = from[i]! + shift
}

/** These documents cannot be merged by structure; thrown from the depth of a parser, caught by the merger. */
export class NotFit extends Error {
  override readonly name: string = 'NotFit'
}

/** They cannot be read in the form that was tried, but perhaps in another. */
export class OtherForm extends NotFit {
  override readonly name = 'OtherForm'
}
