// Reads one piece of YAML, a member of the outermost collection, into rows of a tree. The package `yaml` says what the
// text means; here is kept where everything stands. Block collections are objects and arrays. Flow collections, block
// scalars and aliases are scalars, merged whole, though a flow collection has the value of what is in it.
//
//   # lead                  from   where the lead begins: comments and blank lines before the member
//   name: value # trail     start  the value; of a block collection, its first line behind that of the key
//   next: …                 end    the end of the value, to: the end of its last line
import {
  Composer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Parser,
  type CST,
  type Document,
  type Pair,
  type Scalar,
} from 'yaml'
import { canonicalNumber } from '../../base/decimal.ts'
import { NotFit, none, Tree } from '../structure/tree.ts'
import type { ValueId, ValueTable } from '../structure/values.ts'
import { remarksOf } from './remarks.ts'

export interface Chunk {
  /** Row 0 is the collection, and has one member. */
  readonly tree: Tree
  readonly remarks: readonly string[]
}

const options = {
  keepSourceTokens: true,
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent',
  schema: 'core',
} as const

const plainNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** Deeper than any data file that people made; merging goes down by recursion, and so does the package. */
const depthMax = 100

/** @throws NotFit where it is no valid YAML, or has anything that is not merged by structure. */
export function readChunk(text: string, values: ValueTable): Chunk {
  if (isDeep(text)) throw new NotFit(`it is nested deeper than ${depthMax} levels`)
  const tokens = [...new Parser().parse(text)]
  const documents = [...new Composer(options).compose(tokens)]
  const document = documents[0]
  if (document === undefined || documents.length !== 1) throw new NotFit('it is not one YAML document')
  const error = document.errors[0]
  if (error !== undefined) throw new NotFit(`it is not YAML: ${error.message.split('\n')[0]}`)
  const reader = new ChunkReader(text, values)
  reader.root(document)
  return { tree: reader.tree, remarks: remarksOf(text, tokens) }
}

/** A bound on the nesting, found before anything recursive looks at the text. */
function isDeep(text: string): boolean {
  let flow = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x5b || code === 0x7b) {
      if (++flow > depthMax) return true
    } else if ((code === 0x5d || code === 0x7d) && flow > 0) flow--
  }
  for (const line of text.matchAll(/^[ ]*(?:[-?] +)*/gm)) if (line[0].length > 8 * depthMax) return true
  return false
}

class ChunkReader {
  readonly tree: Tree
  readonly #text: string
  readonly #values: ValueTable

  constructor(text: string, values: ValueTable) {
    this.#text = text
    this.#values = values
    this.tree = new Tree(text)
  }

  root(document: Document): void {
    const contents: unknown = document.contents
    if (!isBlock(contents)) throw new NotFit('its outermost value is not a block of keys or elements')
    this.#collection(contents, 0, 0, none)
  }

  /** Adds a collection; returns the end of its last line. */
  #collection(node: Block, from: number, start: number, key: ValueId): number {
    const row = this.tree.open(isMap(node) ? 'object' : 'array', from, start, key)
    const source = node.srcToken as CST.BlockMap | CST.BlockSequence | undefined
    const keys: ValueId[] = []
    const elements: ValueId[] = []
    let to = start
    for (const [i, item] of (node.items as unknown[]).entries()) {
      const token = source?.items[i]
      if (token === undefined) throw new NotFit('it has a collection without a source')
      if (token.start.some(({ type }) => type === 'explicit-key-ind')) {
        throw new NotFit('it has a key of a form that is not merged')
      }
      const child = this.tree.size
      if (isMap(node)) {
        const pair = item as Pair
        const childKey = this.#key(pair.key)
        to = this.#value(pair.value, to, childKey, endOfSign(token.sep, 'map-value-ind'))
        keys.push(childKey)
      } else to = this.#value(item, to, none, endOfSign(token.start, 'seq-item-ind'))
      elements.push(this.tree.value(child))
    }
    const value = isMap(node) ? this.#values.object(keys, elements) : this.#values.array(elements)
    if (value === null) throw new NotFit('it has a key that stands twice in a map')
    this.tree.close(row, to, to, value)
    return to
  }

  #key(key: unknown): ValueId {
    if (!isScalar(key) || key.tag !== undefined || key.anchor !== undefined) {
      throw new NotFit('it has a key that is not a plain scalar')
    }
    return this.#scalar(key)
  }

  /** A member's value, which stands behind `head`: the end of ':' or '-'. */
  #value(node: unknown, from: number, key: ValueId, head: number): number {
    if (isBlock(node)) {
      const first = firstOf(node)
      const line = this.#text.lastIndexOf('\n', first - 1) + 1
      const isCompact = line <= head
      return this.#collection(node, from, isCompact ? first : this.#text.indexOf('\n', head) + 1, key)
    }
    const range = (node as { range?: [number, number, number] } | null)?.range
    const isEmpty = range === undefined || range[1] <= range[0]
    let start = isEmpty ? head : range[0]
    const between = this.#text.slice(head, start)
    // A tag or an anchor before the value is spelled with it.
    if (between.trim() !== '' && !/[#\n]/.test(between)) start = head + between.search(/\S/)
    const end = isEmpty ? head : range[1]
    const newline = this.#text.indexOf('\n', end)
    const isEnded = end > start && this.#text.charCodeAt(end - 1) === 0x0a
    const to = isEnded ? end : newline === -1 ? this.#text.length : newline + 1
    if (!/^(#.*)?$/.test(this.#text.slice(end, to).trim())) throw new NotFit('it has two values in one line')
    const row = this.tree.open('scalar', from, start, key)
    this.tree.close(row, end, to, this.#valueOf(node))
    return to
  }

  #valueOf(node: unknown): ValueId {
    const values = this.#values
    if (node === null || node === undefined) return values.other('null')
    if (isScalar(node)) return this.#scalar(node)
    if (isAlias(node)) return values.other(`*${node.source}`)
    if (isSeq(node)) return values.array(node.items.map((item) => this.#valueOf(item)))
    if (!isMap(node)) throw new NotFit('it has a value of a kind that is not known')
    const pairs = node.items
    const value = values.object(
      pairs.map(({ key }) => this.#key(key)),
      pairs.map((pair) => this.#valueOf(pair.value)),
    )
    if (value === null) throw new NotFit('it has a key that stands twice in a map')
    return value
  }

  /** The value of a scalar. Numbers are told apart by their spelling, not by JavaScript's value of them. */
  #scalar(scalar: Scalar): ValueId {
    const { value, source, tag } = scalar
    if (tag !== undefined) return this.#values.other(`${tag} ${source ?? String(value)}`)
    if (typeof value === 'string') return this.#values.string(value)
    if (typeof value === 'number' && source !== undefined) {
      return this.#values.other(plainNumber.test(source) ? canonicalNumber(source) : source)
    }
    return this.#values.other(String(value))
  }
}

type Block = { readonly items: readonly unknown[]; readonly srcToken?: unknown }

function isBlock(node: unknown): node is Block {
  return (isMap(node) || isSeq(node)) && node.flow !== true && node.items.length > 0
}

/** Where the first member's key, or its dash, begins. */
function firstOf(node: Block): number {
  const item = (node.srcToken as CST.BlockMap | CST.BlockSequence | undefined)?.items[0]
  const sign = item?.start.find(({ type }) => type !== 'space' && type !== 'comment' && type !== 'newline')
  const first = sign?.offset ?? item?.key?.offset
  if (first === undefined) throw new NotFit('it has a collection without a source')
  return first
}

/** The offset after the ':' of a key or the '-' of an element. */
function endOfSign(tokens: readonly CST.SourceToken[] | undefined, type: CST.SourceToken['type']): number {
  const sign = tokens?.find((token) => token.type === type)
  if (sign === undefined) throw new NotFit('it has a key of a form that is not merged')
  return sign.offset + 1
}
