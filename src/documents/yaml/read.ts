// Reads a YAML document into a tree: line by line where it is plain (scan.ts), and what is not, or the whole, by the
// package `yaml`. Equal pieces are read once, whichever of the versions they stand in: the package is slow, and most of
// a file is the same in all three.
import { NotFit, OtherForm, Tree } from '../structure/tree.ts'
import type { ValueTable } from '../structure/values.ts'
import { readChunk, type Chunk } from './chunk.ts'
import type { PlainScalars } from './line-scalar.ts'
import { scanYaml, type ScannedChunk } from './scan.ts'
import { readStream, type YamlForm } from './stream.ts'

export interface YamlReader {
  /**
   * `like`: the tree of a version that may have many of the lines.
   * @throws NotFit; OtherForm where it has more documents than the form that was asked for
   */
  read(text: string, like?: Tree | null): Tree
  /** The comments, anchors and tags of a text that was read. */
  remarks(tree: Tree): readonly string[]
}

/** A mark, comments, and the line that begins the document. */
const head = /^\ufeff?(?:(?:[ \t]*(?:#[^\n]*)?\n)*---[ \t]*(?:#[^\n]*)?\r?\n)?/

export interface YamlReading {
  readonly form?: YamlForm
  /** So many characters at most that the package, some 300 KB a second, has to read. */
  readonly slowLengthMax?: number
}

export function createYamlReader(
  values: ValueTable,
  { form = 'document', slowLengthMax = Number.POSITIVE_INFINITY }: YamlReading = {},
): YamlReader {
  let slowLength = 0
  const known = new Map<string, Chunk>()
  const parts = new Map<string, Chunk>()
  const plain: PlainScalars = new Map()
  const remarks = new WeakMap<Tree, readonly string[]>()
  const scanned = new WeakMap<Tree, ScannedChunk>()
  const readPiece = (text: string): Chunk => {
    let chunk = known.get(text)
    if (chunk !== undefined) return chunk
    slowLength += text.length
    if (slowLength > slowLengthMax) throw new NotFit('too much of it takes long to read')
    chunk = readChunk(text, values)
    known.set(text, chunk)
    return chunk
  }
  const read = (text: string, like: Tree | null = null): Tree => {
    if (text.includes('\t') && /^ *\t/m.test(text)) throw new NotFit('it is indented by tabs')
    if (/^\.\.\.(?:\s|$)/m.test(text) || /^%/m.test(text))
      throw new NotFit('it has directives, or a mark that ends a document')
    const chunk = form === 'document' ? readOne(text, like) : readStream(text, form, values, readPart)
    remarks.set(chunk.tree, chunk.remarks)
    return chunk.tree
  }
  const readOne = (text: string, like: Tree | null): Chunk => {
    const start = head.exec(text)![0].length
    if (/^---(?:\s|$)/m.test(text.slice(start))) throw new OtherForm('it has more than one document')
    const { tree, remarks } = readDocument(text, start, like)
    return { tree, remarks: [...(text.slice(0, start).match(/#.*/g) ?? []), ...remarks] }
  }
  const readPart = (text: string): Chunk => {
    let part = parts.get(text)
    if (part === undefined) parts.set(text, (part = readDocument(text, 0, null)))
    return part
  }
  const readDocument = (text: string, start: number, like: Tree | null): Chunk => {
    try {
      const known = like === null ? null : (scanned.get(like) ?? null)
      const chunk = scanYaml({ text, start, values, plain, readPiece, like: known })
      // What was taken over from `known` is not known in full.
      if (known === null) scanned.set(chunk.tree, chunk)
      return chunk
    } catch (error) {
      if (!(error instanceof NotFit)) throw error
    }
    const whole = readPiece(text.slice(start))
    const tree = new Tree(text)
    tree.append(whole.tree, 0, 0, start)
    tree.place(0, 0, tree.to(0))
    return { tree, remarks: whole.remarks }
  }
  return { read, remarks: (tree) => remarks.get(tree) ?? [] }
}
