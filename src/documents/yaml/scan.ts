// Reads the part of YAML that data files are mostly written in, line by line: block maps and sequences, scalars in one
// line, comments. It makes the rows that chunk.ts makes, a dozen times faster. A member of any other form (flow
// collections, block scalars, anchors, tags, values over several lines) is cut out by its indent and read there, and
// what cannot even be cut is no text for this reader.
import { NotFit, none, Tree, type NodeIndex } from '../structure/tree.ts'
import { TwinFinder, type TwinForm } from '../structure/twins.ts'
import type { ValueId, ValueTable } from '../structure/values.ts'
import type { Chunk } from './chunk.ts'
import { keyAt, lineScalar, type LineContext, type PlainScalars } from './line-scalar.ts'
import { remarksBefore } from './remarks.ts'

/** Deeper than any data file that people made; merging goes down by recursion. */
const depthMax = 100

/**
 * Whole lines of members, up to where the value of the next one begins: what stands behind a member tells where it ends.
 * Members that begin in the line of a dash are none, and a piece that was cut out is taken whole.
 */
function twinMembers(pieces: ReadonlySet<NodeIndex>): TwinForm {
  return {
    begin: (like, node) => like.from(node),
    last(like, node, end) {
      const next = like.next(node)
      return next < end && isLineStart(like.text, like.from(node)) ? like.start(next) : Infinity
    },
    isOpen: (node) => !pieces.has(node),
  }
}

function isLineStart(text: string, at: number): boolean {
  return at === 0 || text.charCodeAt(at - 1) === 0x0a
}

/** The next line that holds more than a comment. */
interface Line {
  readonly start: number
  /** Where it begins behind its indent. */
  readonly at: number
}

export interface ScanInput {
  readonly text: string
  /** Where the document begins: behind a mark and a `---`. */
  readonly start: number
  readonly values: ValueTable
  readonly plain: PlainScalars
  /** Reads what is cut out: one member in its column. */
  readonly readPiece: (text: string) => Chunk
  /** What was read of another version that may have many of the lines. */
  readonly like: ScannedChunk | null
}

/** With the place of each remark in the text; they rise. */
export interface ScannedChunk extends Chunk {
  readonly remarkPlaces: readonly number[]
  /** Rows that were cut out and read by themselves. */
  readonly pieces: ReadonlySet<NodeIndex>
}

/** @throws NotFit where it is not of this form, though it may be YAML. */
export function scanYaml(input: ScanInput): ScannedChunk {
  const scanner = new LineScanner(input)
  const first = scanner.line()
  if (first === null) throw new NotFit('it is empty')
  scanner.block(first, first.at, 0, input.start, none)
  if (scanner.line() !== null) throw new NotFit('it is indented in a way that is not merged')
  return scanner
}

class LineScanner implements ScannedChunk {
  readonly tree: Tree
  readonly remarks: string[] = []
  readonly remarkPlaces: number[] = []
  readonly pieces: Set<NodeIndex> = new Set()
  readonly #like: ScannedChunk | null
  readonly #twins: TwinFinder | null
  readonly #text: string
  readonly #values: ValueTable
  readonly #context: LineContext
  readonly #readPiece: (text: string) => Chunk
  /** Behind all lines that were read. */
  #at: number
  #next: Line | null | undefined
  /** The next '#' that was found; what was looked for is not looked for again. */
  #hash = -1
  #depth = 0

  constructor({ text, start, values, plain, readPiece, like }: ScanInput) {
    this.#like = like
    this.#twins = like === null ? null : new TwinFinder(text, like.tree, twinMembers(like.pieces))
    this.#text = text
    this.#at = start
    this.#values = values
    this.#context = { values, plain }
    this.#readPiece = readPiece
    this.tree = new Tree(text)
  }

  /** The line to be read next; null at the end. Comments before it are noted. */
  line(): Line | null {
    while (this.#next === undefined) {
      const start = this.#at
      const at = this.#indentEnd(start)
      if (at >= this.#text.length) this.#next = null
      else if (this.#text.charCodeAt(at) === 0x23 || this.#isLineEnd(at)) this.#endLine(at)
      else this.#next = { start, at }
    }
    return this.#next
  }

  /** A map or sequence whose first member begins at `first`; the end of its last line. */
  block(line: Line, first: number, from: number, start: number, key: ValueId): number {
    if (++this.#depth > depthMax) throw new NotFit(`it is nested deeper than ${depthMax} levels`)
    const column = first - line.start
    const isSequence = this.#isDash(first)
    const kind = isSequence ? 'array' : 'object'
    const row = this.tree.open(kind, from, start, key)
    this.#twins?.enter(kind)
    const keys: ValueId[] = []
    const elements: ValueId[] = []
    let to = start
    let member = { start: line.start, at: first }
    for (;;) {
      const child = this.tree.size
      if (this.#isCopied(to, first)) to = this.#at
      else to = isSequence ? this.#value(member, first + 1, to, none) : this.#pair(member, to)
      for (let node = child; node < this.tree.size; node = this.tree.next(node)) {
        keys.push(this.tree.key(node))
        elements.push(this.tree.value(node))
      }
      const next = this.line()
      if (next === null || next.at - next.start < column) break
      if (next.at - next.start > column) throw new NotFit('it is indented in a way that is not merged')
      if (this.#isDash(next.at) !== isSequence) break
      member = next
      first = next.at
    }
    const value = isSequence ? this.#values.array(elements) : this.#values.object(keys, elements)
    if (value === null) throw new NotFit('it has a key that stands twice in a map')
    this.tree.close(row, to, to, value)
    this.#twins?.leave()
    this.#depth--
    return to
  }

  /** Takes over the member that begins with the lines from `from` on, and those behind it, where the other version has them. */
  #isCopied(from: number, content: number): boolean {
    if (this.#twins === null || this.#like === null) return false
    const first = this.#twins.at(from, none)
    if (first === none || !isLineStart(this.#text, from)) return false
    const { tree, remarks, remarkPlaces } = this.#like
    const { shift } = this.#twins
    const last = this.#twins.lastBehind(first)
    this.tree.append(tree, first, last, shift)
    this.#at = tree.to(last) + shift
    this.#next = undefined
    // Those before the member's own line are noted.
    for (let i = firstAtLeast(remarkPlaces, content - shift); i < remarks.length; i++) {
      if (remarkPlaces[i]! + shift >= this.#at) break
      this.#note(remarks[i]!, remarkPlaces[i]! + shift)
    }
    return true
  }

  #note(remark: string, place: number): void {
    this.remarks.push(remark)
    this.remarkPlaces.push(place)
  }

  #pair(member: Line, from: number): number {
    const found = keyAt(this.#text, member.at, this.#context)
    return found === null ? this.#cutOut(member, from) : this.#value(member, found.end, from, found.key)
  }

  /** Reads the value after `head`, the end of a ':' or '-'. */
  #value(member: Line, head: number, from: number, key: ValueId): number {
    const text = this.#text
    const at = this.#indentEnd(head)
    if (this.#isLineEnd(at) || (text.charCodeAt(at) === 0x23 && at > head))
      return this.#below(member, head, at, from, key)
    if (key === none && (this.#isDash(at) || keyAt(text, at, this.#context) !== null)) {
      return this.block(member, at, from, at, key)
    }
    const scalar = lineScalar(text, at, this.#context)
    if (scalar === null || this.#isContinued(member, scalar.end)) return this.#cutOut(member, from)
    return this.#scalar(at, scalar.end, scalar.value, from, key)
  }

  /** Nothing but a comment stands behind the key or dash: the value is a block below, or null. */
  #below(member: Line, head: number, at: number, from: number, key: ValueId): number {
    const column = member.at - member.start
    const noted = this.remarks.length
    this.#endLine(at)
    const next = this.line()
    const indent = next === null ? -1 : next.at - next.start
    const isBlock = indent > column || (indent === column && key !== none && this.#isDash(next!.at))
    if (!isBlock) {
      const row = this.tree.open('scalar', from, head, key)
      this.tree.close(row, head, this.#lineEnd(head), this.#values.other('null'))
      return this.tree.to(row)
    }
    if (this.#isDash(next!.at) || keyAt(this.#text, next!.at, this.#context) !== null) {
      return this.block(next!, next!.at, from, this.#lineEnd(head), key)
    }
    this.remarks.length = noted
    this.remarkPlaces.length = noted
    return this.#cutOut(member, from)
  }

  #scalar(start: number, end: number, value: ValueId, from: number, key: ValueId): number {
    const row = this.tree.open('scalar', from, start, key)
    this.tree.close(row, end, this.#lineEnd(end), value)
    this.#endLine(end)
    return this.#at
  }

  /** The lines up to the next one that is not indented deeper, read by themselves. */
  #cutOut(member: Line, from: number): number {
    const indent = member.at - member.start
    let end = this.#lineEnd(member.at)
    while (end < this.#text.length && (this.#isBlank(end) || this.#isDeeper(member, end)))
      end = this.#lineEnd(end)
    const { tree, remarks } = this.#readPiece(' '.repeat(indent) + this.#text.slice(member.at, end))
    if (tree.children(0).length !== 1 || (tree.key(1) === none) !== this.#isDash(member.at)) {
      throw new NotFit('it has a member that cannot be read by itself')
    }
    const row = this.tree.append(tree, 1, 1, member.start)
    this.tree.place(row, from, this.tree.to(row))
    this.pieces.add(row)
    const to = this.tree.to(row)
    for (const remark of remarksBefore(remarks, this.#text.slice(to, end))) this.#note(remark, member.at)
    this.#at = to
    this.#next = undefined
    return to
  }

  /** Whether the next line that is not blank may belong to the value that ends at `end`. */
  #isContinued(member: Line, end: number): boolean {
    let start = this.#lineEnd(end)
    while (start < this.#text.length && this.#isBlank(start)) start = this.#lineEnd(start)
    return this.#isDeeper(member, start) && this.#text.charCodeAt(this.#indentEnd(start)) !== 0x23
  }

  #isDeeper(member: Line, start: number): boolean {
    return this.#indentEnd(start) - start > member.at - member.start
  }

  #isBlank(start: number): boolean {
    return this.#isLineEnd(this.#indentEnd(start))
  }

  #indentEnd(start: number): number {
    let at = start
    while (this.#text.charCodeAt(at) === 0x20) at++
    return at
  }

  #isLineEnd(at: number): boolean {
    const code = this.#text.charCodeAt(at)
    return (
      at >= this.#text.length || code === 0x0a || (code === 0x0d && this.#text.charCodeAt(at + 1) === 0x0a)
    )
  }

  #isDash(at: number): boolean {
    if (this.#text.charCodeAt(at) !== 0x2d) return false
    const code = this.#text.charCodeAt(at + 1)
    return Number.isNaN(code) || code === 0x20 || code === 0x0a || code === 0x0d
  }

  /** Goes on behind the line of `at`, and notes the comment in it. */
  #endLine(at: number): void {
    const end = this.#lineEnd(at)
    if (this.#hash < at) {
      const found = this.#text.indexOf('#', at)
      this.#hash = found === -1 ? this.#text.length : found
    }
    if (this.#hash < end) this.#note(this.#text.slice(this.#hash, end).trim(), this.#hash)
    this.#at = end
    this.#next = undefined
  }

  #lineEnd(at: number): number {
    const newline = this.#text.indexOf('\n', at)
    return newline === -1 ? this.#text.length : newline + 1
  }
}

/** The index of the first number that is not below `least`; the numbers rise. */
function firstAtLeast(numbers: readonly number[], least: number): number {
  let [low, high] = [0, numbers.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (numbers[middle]! < least) low = middle + 1
    else high = middle
  }
  return low
}
