// Reads a YAML document into a tree. It is cut before each line that begins a member of the outermost collection, and
// equal pieces are read once, whichever of the versions they stand in: parsing YAML is slow, and most of a file is the
// same in all three. A large piece that is a key with a block under it is cut again, where the block's members begin.
// Where the pieces do not stand for themselves, the text is read as one.
import { NotFit, none, Tree, type NodeKind } from '../structure/tree.ts'
import type { ValueId, ValueTable } from '../structure/values.ts'
import { readChunk, type Chunk } from './chunk.ts'

export interface YamlReader {
  /** @throws NotFit */
  read(text: string): Tree
  /** The comments, anchors and tags of a text that was read. */
  remarks(tree: Tree): readonly string[]
}

/** A mark, comments, and the line that begins the document. */
const head = /^\ufeff?(?:(?:[ \t]*(?:#[^\n]*)?\n)*---[ \t]*(?:#[^\n]*)?\r?\n)?/

export function createYamlReader(values: ValueTable): YamlReader {
  const known = new Map<string, Chunk>()
  const remarks = new WeakMap<Tree, readonly string[]>()
  const chunk = (text: string): Chunk => {
    const found = known.get(text) ?? readParts(text, chunk, values) ?? readChunk(text, values)
    known.set(text, found)
    return found
  }
  const read = (text: string): Tree => {
    if (text.includes('\t') && /^ *\t/m.test(text)) throw new NotFit('it is indented by tabs')
    const start = head.exec(text)![0].length
    const body = text.slice(start)
    if (/^(?:---|\.\.\.)(?:\s|$)/m.test(body) || /^%/m.test(text)) {
      throw new NotFit('it has more than one document, or directives')
    }
    const pieces = piecesOf(body, 0)
    let chunks: Chunk[]
    try {
      chunks = pieces.map(chunk)
      if (new Set(chunks.map(({ tree }) => tree.kind(0))).size !== 1)
        throw new NotFit('it is no one collection')
    } catch (error) {
      if (!(error instanceof NotFit) || pieces.length === 1) throw error
      chunks = [chunk(body)]
      pieces.splice(0, pieces.length, body)
    }
    const tree = joined(text, start, pieces, chunks, values)
    remarks.set(tree, [
      ...(text.slice(0, start).match(/#.*/g) ?? []),
      ...chunks.flatMap((one) => [...one.remarks]),
    ])
    return tree
  }
  return { read, remarks: (tree) => remarks.get(tree) ?? [] }
}

/** A plain or quoted key, and nothing but a comment behind it. */
const keyLine = /^( *)(?:[\w/.$][^\s:#]*|"[^"\\\n]*"|'[^'\n]*'):[ \t]*(?:#[^\n]*)?\r?\n/
const firstIndent = /^(?:[ \t]*(?:#[^\n]*)?\r?\n)*( *)[^\s#]/
const pieceLengthMax = 20_000

/** Null where the piece is small, or no key with a block of members that stand for themselves. */
function readParts(text: string, chunk: (text: string) => Chunk, values: ValueTable): Chunk | null {
  const line = text.length > pieceLengthMax ? keyLine.exec(text) : null
  if (line === null) return null
  const body = text.slice(line[0].length)
  const indent = firstIndent.exec(body)?.[1]?.length ?? 0
  if (indent <= line[1]!.length) return null
  const pieces = piecesOf(body, indent)
  if (pieces.length < 2) return null
  try {
    const head = readChunk(line[0], values)
    const chunks = pieces.map(chunk)
    if (new Set(chunks.map((part) => part.tree.kind(0))).size !== 1) return null
    const block = joined(body, 0, pieces, chunks, values)
    const tree = new Tree(text)
    const root = tree.open('object', 0, 0, none)
    const key = head.tree.key(1)
    const member = tree.open(block.kind(0), 0, line[0].length, key)
    for (const child of block.children(0)) tree.append(block, child, line[0].length)
    const to = line[0].length + block.to(0)
    tree.close(member, to, to, block.value(0))
    tree.close(root, to, to, values.object([key], [block.value(0)])!)
    return { tree, remarks: [head, ...chunks].flatMap(({ remarks }) => [...remarks]) }
  } catch (error) {
    if (error instanceof NotFit) return null
    throw error
  }
}

/** Cut before the lines with members in this column; what stands before the first belongs to it. */
function piecesOf(text: string, column: number): string[] {
  const starts: number[] = []
  let isSequence = false
  for (const { index } of text.matchAll(new RegExp(`^ {${column}}[^\\s#]`, 'gm'))) {
    // An element under a key may stand in the column of that key.
    const isElement = /^-(?:\s|$)/.test(text.slice(index + column, index + column + 2))
    if (isElement && starts.length > 0 && !isSequence) continue
    if (starts.length === 0) isSequence = isElement
    starts.push(index)
  }
  starts[0] = 0
  return starts.map((start, i) => text.slice(start, starts[i + 1] ?? text.length))
}

function joined(
  text: string,
  start: number,
  pieces: readonly string[],
  chunks: readonly Chunk[],
  values: ValueTable,
): Tree {
  const tree = new Tree(text)
  const kind: NodeKind = chunks[0]!.tree.kind(0)
  const root = tree.open(kind, 0, start, none)
  const keys: ValueId[] = []
  const elements: ValueId[] = []
  let shift = start
  let to = start
  for (const [i, { tree: part }] of chunks.entries()) {
    for (const member of part.children(0)) {
      keys.push(part.key(member))
      elements.push(part.value(member))
      const row = tree.append(part, member, shift)
      // Comments behind a member belong to the next one.
      tree.place(row, to, tree.to(row))
      to = tree.to(row)
    }
    shift += pieces[i]!.length
  }
  const value = kind === 'object' ? values.object(keys, elements) : values.array(elements)
  if (value === null) throw new NotFit('it has a key that stands twice in a map')
  tree.close(root, to, to, value)
  return tree
}
