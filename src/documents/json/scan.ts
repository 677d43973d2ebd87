// Reads JSON strictly (RFC 8259) into a tree that knows where everything stands. It keeps its own stack, so that no
// depth crashes it, and refuses what has no one meaning: a key twice in one object, comments, NaN, a second value.
// Numbers never become JavaScript's: 1.0 and 1.00 are one value, 0.1 and 0.10000000000000001 are two.
import { NotFit, none, Tree, type NodeIndex } from '../structure/tree.ts'
import type { ValueId, ValueTable } from '../structure/values.ts'

/** Deeper than any data file that people made; merging goes down by recursion. */
const depthMax = 500

const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const plainNumber = /^-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/
/** A backslash, or what stands before the space. */
const escapedOrControl = /[^\u0020-\u005b\u005d-\uffff]/

/** A container whose end is still to come. Its keys and values lie on the scanner's stacks from `first` on. */
interface OpenContainer {
  readonly node: NodeIndex
  readonly isObject: boolean
  readonly key: ValueId
  readonly first: number
}

/** @throws NotFit */
export function scanJson(text: string, values: ValueTable): Tree {
  const start = text.charCodeAt(0) === 0xfeff ? 1 : 0
  const scanner = new Scanner(text, values, new Tree(text))
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
  readonly #keys: ValueId[] = []
  readonly #elements: ValueId[] = []

  constructor(text: string, values: ValueTable, tree: Tree) {
    this.#text = text
    this.#values = values
    this.tree = tree
  }

  /** Adds the one value that begins at or behind `start`, and leaves `at` at its end. */
  value(start: number): NodeIndex {
    const text = this.#text
    const stack: OpenContainer[] = []
    let key = none
    let from = none
    let first: NodeIndex = none
    this.at = skipSpace(text, start)
    for (;;) {
      // A value is due.
      const at = this.at
      const code = text.charCodeAt(at)
      let node: NodeIndex
      if (code === 0x7b || code === 0x5b) {
        const isObject = code === 0x7b
        node = this.tree.open(isObject ? 'object' : 'array', from === none ? at : from, at, key)
        if (first === none) first = node
        this.at = skipSpace(text, at + 1)
        stack.push({ node, isObject, key, first: this.#elements.length })
        if (stack.length > depthMax) throw new NotFit(`it is nested deeper than ${depthMax} levels`)
        if (text.charCodeAt(this.at) !== (isObject ? 0x7d : 0x5d)) {
          ;[key, from] = isObject ? this.#key() : [none, none]
          continue
        }
      } else {
        node = this.tree.open('scalar', from === none ? at : from, at, key)
        if (first === none) first = node
        const value = this.#scalar(code)
        this.tree.close(node, this.at, this.at, value)
        if (stack.length === 0) return first
        this.#keys.push(key)
        this.#elements.push(value)
        this.at = skipSpace(text, this.at)
      }
      // After a value, or at the end of an empty container: close what closes here.
      for (;;) {
        const open = stack.at(-1)!
        const after = text.charCodeAt(this.at)
        if (after === 0x2c) {
          this.at = skipSpace(text, this.at + 1)
          ;[key, from] = open.isObject ? this.#key() : [none, none]
          break
        }
        if (after !== (open.isObject ? 0x7d : 0x5d)) throw this.fault(`no ',' and no end`, this.at)
        this.#close(stack)
        if (stack.length === 0) return first
        this.at = skipSpace(text, this.at)
      }
    }
  }

  #close(stack: OpenContainer[]): void {
    const { node, isObject, key, first } = stack.pop()!
    this.at++
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

  #key(): [ValueId, number] {
    const from = this.at
    if (this.#text.charCodeAt(from) !== 0x22) throw this.fault('no key', from)
    const key = this.#string()
    this.at = skipSpace(this.#text, this.at)
    if (this.#text.charCodeAt(this.at) !== 0x3a) throw this.fault(`no ':' after a key`, this.at)
    this.at = skipSpace(this.#text, this.at + 1)
    return [key, from]
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
    let end = text.indexOf('"', start)
    for (; end !== -1 && isEscaped(text, end, start); end = text.indexOf('"', end + 1));
    if (end === -1) throw this.fault('a string without an end', this.at)
    this.at = end + 1
    const raw = text.slice(start, end)
    return this.#values.string(escapedOrControl.test(raw) ? this.#unescaped(start - 1, end + 1) : raw)
  }

  #unescaped(start: number, end: number): string {
    try {
      return JSON.parse(this.#text.slice(start, end)) as string
    } catch {
      throw this.fault('a string with a control character or a wrong escape', start)
    }
  }

  #number(): ValueId {
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
    return new NotFit(`it is no JSON: ${what} in line ${before.split('\n').length}`)
  }
}

function isEscaped(text: string, quote: number, start: number): boolean {
  let at = quote
  while (at > start && text.charCodeAt(at - 1) === 0x5c) at--
  return ((quote - at) & 1) === 1
}

export function skipSpace(text: string, start: number): number {
  let at = start
  for (;;) {
    const code = text.charCodeAt(at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at
    at++
  }
}

/** One spelling for all spellings of a decimal number. */
export function canonicalNumber(raw: string): string {
  if (plainNumber.test(raw)) return raw
  const [, sign, whole, fraction = '', power = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(raw)!
  if (power.length > 9) return raw
  const digits = (whole! + fraction).replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return `${sign}0`
  const exponent = Number(power) - fraction.length + digits.length - significant.length
  if (exponent >= 0 && exponent <= 40) return sign + significant + '0'.repeat(exponent)
  if (exponent < 0 && exponent >= -40) {
    const padded = significant.padStart(1 - exponent, '0')
    return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`
  }
  return `${sign}${significant}e${exponent}`
}
