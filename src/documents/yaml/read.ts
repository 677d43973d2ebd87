// Reads a YAML document into a tree. It is cut before each line that begins a member of the outermost collection, and
// equal pieces are read once, whichever of the versions they stand in: parsing YAML is slow, and most of a file is the
// same in all three. Where the pieces do not stand for themselves, the text is read as one.
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
    const found = known.get(text) ?? readChunk(text, values)
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
    const pieces = piecesOf(body)
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

/** Cut before the lines that begin without a space; what stands before the first belongs to it. */
function piecesOf(text: string): string[] {
  const starts: number[] = []
  let isSequence = false
  for (const { index } of text.matchAll(/^[^\s#]/gm)) {
    // An element under a key may stand in the column of that key.
    const isElement = /^-(?:\s|$)/.test(text.slice(index, index + 2))
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
