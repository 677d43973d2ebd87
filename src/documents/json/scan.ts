// Reads JSON strictly (RFC 8259) into a tree that knows where everything stands. It keeps its own stack, so that no
// depth crashes it, and refuses what has no one meaning: a key twice in one object, comments, NaN, a second value.
// Numbers never become JavaScript's: 1.0 and 1.00 are one value, 0.1 and 0.10000000000000001 are two.
import { canonicalNumber } from '../../base/decimal.ts'
import { NotFit, none, Tree, type NodeIndex } from '../structure/tree.ts'
import { TwinFinder, type TwinForm } from '../structure/twins.ts'
import { integersMax, type ValueId, type ValueTable } from '../structure/values.ts'

/** Deeper than any data file that people made; merging goes down by recursion. */
const depthMax = 500

const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
/** What stands behind a number may belong to it. */
const twinValues: TwinForm = {
  begin: (like, node) => like.start(node),
  last: (like, node) => like.end(node),
  isOpen: () => true,
}

/** A container whose end is still to come. Its keys and values lie on the scanner's stacks from `first` on. */
interface OpenContainer {
  readonly node: NodeIndex
  readonly isObject: boolean
  readonly key: ValueId
  readonly first: number
}

/**
 * `like`: a tree of the same values whose text may have much of this one.
 * @throws NotFit
 */
export function scanJson(text: string, values: ValueTable, like: Tree | null = null): Tree {
  const start = text.charCodeAt(0) === 0xfeff ? 1 : 0
  const twins = like === null ? null : new TwinFinder(text, like, twinValues)
  const scanner = new Scanner(text, values, new Tree(text), twins)
  scanner.value(start)
  const end = skipSpace(text, scanner.at)
  if (end < text.length) throw scanner.fault('text after the value', end)
  return scanner.tree
}

export class Scanner {
  readonly tree: Tree
  at = 0
  readonly #text: string
  readonly #values: ValueTable
  readonly #twins: TwinFinder | null
  readonly #keys: ValueId[] = []
  readonly #elements: ValueId[] = []
  /** Where the member begins whose value is due. */
  #from = 0

  constructor(text: string, values: ValueTable, tree: Tree, twins: TwinFinder | null) {
    this.#text = text
    this.#values = values
    this.#twins = twins
    this.tree = tree
  }

  /** Adds the one value that begins at or behind `start`, and leaves `at` at its end. */
  value(start: number): NodeIndex {
    const text = this.#text
    const stack: OpenContainer[] = []
    const first = this.tree.size
    let key = none
    this.at = skipSpace(text, start)
    this.#from = this.at
    for (;;) {
      // A value is due.
      const code = text.charCodeAt(this.at)
      if (this.#twins !== null && this.#isCopied(key)) {
        if (stack.length === 0) return first
      } else if (code === 0x7b || code === 0x5b) {
        const isObject = code === 0x7b
        this.#open(stack, isObject, key)
        if (text.charCodeAt(this.at) !== (isObject ? 0x7d : 0x5d)) {
          key = this.#nextKey(isObject)
          continue
        }
      } else {
        const node = this.tree.open('scalar', this.#from, this.at, key)
        const value = this.#scalar(code)
        this.tree.close(node, this.at, this.at, value)
        if (stack.length === 0) return first
        this.#keys.push(key)
        this.#elements.push(value)
        this.at = skipSpace(text, this.at)
      }
      // After a value, or at the end of an empty container: close what closes here.
      for (;;) {
        const { isObject } = stack[stack.length - 1]!
        const after = text.charCodeAt(this.at)
        if (after === 0x2c) {
          this.at = skipSpace(text, this.at + 1)
          key = this.#nextKey(isObject)
          break
        }
        if (after !== (isObject ? 0x7d : 0x5d)) throw this.fault(`no ',' and no end`, this.at)
        this.#close(stack)
        if (stack.length === 0) return first
        this.at = skipSpace(text, this.at)
      }
    }
  }

  /** Takes over the value that is due, and the ones behind it, where the other version has them too. */
  #isCopied(key: ValueId): boolean {
    const twins = this.#twins!
    const { like } = twins
    const first = twins.at(this.at, key)
    if (first === none) return false
    const last = twins.lastBehind(first)
    const added = this.tree.append(like, first, last, twins.shift)
    this.tree.place(added, this.#from, this.tree.to(added))
    for (let node = first; node <= last; node = like.next(node)) {
      this.#keys.push(like.key(node))
      this.#elements.push(like.value(node))
    }
    this.at = skipSpace(this.#text, like.end(last) + twins.shift)
    return true
  }

  #open(stack: OpenContainer[], isObject: boolean, key: ValueId): void {
    const kind = isObject ? 'object' : 'array'
    const node = this.tree.open(kind, this.#from, this.at, key)
    this.at = skipSpace(this.#text, this.at + 1)
    stack.push({ node, isObject, key, first: this.#elements.length })
    if (stack.length > depthMax) throw new NotFit(`it is nested deeper than ${depthMax} levels`)
    this.#twins?.enter(kind)
  }

  #close(stack: OpenContainer[]): void {
    const { node, isObject, key, first } = stack.pop()!
    this.at++
    this.#twins?.leave()
    const value = isObject
      ? this.#values.object(this.#keys, this.#elements, first)
      : this.#values.array(this.#elements, first)
    if (value === null) throw this.fault('a key that stands twice in an object', this.tree.start(node))
    this.tree.close(node, this.at, this.at, value)
    this.#elements.length = first
    this.#keys.length = first
    if (stack.length === 0) return
    this.#keys.push(key)
    this.#elements.push(value)
  }

  /** The key of the member that begins here, -1 in an array; its value comes next. */
  #nextKey(isObject: boolean): ValueId {
    this.#from = this.at
    if (!isObject) return none
    if (this.#text.charCodeAt(this.at) !== 0x22) throw this.fault('no key', this.at)
    const key = this.#string()
    this.at = skipSpace(this.#text, this.at)
    if (this.#text.charCodeAt(this.at) !== 0x3a) throw this.fault(`no ':' after a key`, this.at)
    this.at = skipSpace(this.#text, this.at + 1)
    return key
  }

  #scalar(code: number): ValueId {
    if (code === 0x22) return this.#string()
    if (code === 0x2d || (code >= 0x30 && code <= 0x39)) return this.#number()
    for (const word of ['true', 'false', 'null']) {
      if (!this.#text.startsWith(word, this.at)) continue
      this.at += word.length
      return this.#values.other(word)
    }
    throw this.fault(this.at < this.#text.length ? 'no value' : 'its end in the middle', this.at)
  }

  #string(): ValueId {
    const text = this.#text
    const start = this.at + 1
    let isPlain = true
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === 0x22) {
        this.at = at + 1
        return this.#values.string(isPlain ? text.slice(start, at) : this.#unescaped(start - 1, at + 1))
      }
      if (code === 0x5c) at++
      if (code === 0x5c || code < 0x20) isPlain = false
    }
    throw this.fault('a string without an end', this.at)
  }

  #unescaped(start: number, end: number): string {
    try {
      return JSON.parse(this.#text.slice(start, end)) as string
    } catch {
      throw this.fault('a string with a control character or a wrong escape', start)
    }
  }

  #number(): ValueId {
    const text = this.#text
    const start = this.at
    let at = start + (text.charCodeAt(start) === 0x2d ? 1 : 0)
    const first = text.charCodeAt(at)
    let next = first
    let integer = 0
    while (next >= 0x30 && next <= 0x39) {
      integer = integer * 10 + next - 0x30
      next = text.charCodeAt(++at)
    }
    if (next === 0x2e || next === 0x65 || next === 0x45) return this.#fractional()
    const length = at - start
    const isSigned = text.charCodeAt(start) === 0x2d
    if (length === Number(isSigned) || (first === 0x30 && length > Number(isSigned) + 1)) {
      throw this.fault('a wrong number', start)
    }
    this.at = at
    if (!isSigned && integer < integersMax) return this.#values.integer(integer)
    return this.#values.other(text.slice(start, at))
  }

  #fractional(): ValueId {
    numberPattern.lastIndex = this.at
    const raw = numberPattern.exec(this.#text)?.[0]
    if (raw === undefined) throw this.fault('a wrong number', this.at)
    const next = this.#text.charCodeAt(this.at + raw.length)
    // A digit here follows a leading zero; a point or letter belongs to no JSON number.
    if ((next >= 0x30 && next <= 0x39) || next === 0x2e || next === 0x65 || next === 0x45) {
      throw this.fault('a wrong number', this.at)
    }
    this.at += raw.length
    return this.#values.other(canonicalNumber(raw))
  }

  fault(what: string, at: number): NotFit {
    const before = this.#text.slice(0, at)
    return new NotFit(`it is not JSON: ${what} in line ${before.split('\n').length}`)
  }
}

function skipSpace(text: string, start: number): number {
  let at = start
  for (;;) {
    const code = text.charCodeAt(at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at
    at++
  }
}
