// A YAML file of several documents, each behind a line `---`, as one tree: its outermost row holds the documents. They are
// told apart by what they declare (kind and name, as in manifests of Kubernetes) and are then like the members of a map,
// or else they are like the elements of a list.
//
//   ---                          from   behind the document before
//   kind: Service                start  where its value begins
//   # its last comment           end    the end of the value; to: the end of the document
import { NotFit, OtherForm, none, Tree, type NodeIndex } from '../structure/tree.ts'
import type { ValueId, ValueTable } from '../structure/values.ts'
import type { Chunk } from './chunk.ts'

/** How a file is read: all versions in the same way, the first that fits them all. */
export type YamlForm = 'document' | 'named documents' | 'documents'

const forms: readonly YamlForm[] = ['document', 'named documents', 'documents']

/** What `work` gives in the first form in which all that it reads can be read. @throws NotFit */
export function inFirstForm<T>(work: (form: YamlForm) => T): T {
  for (const form of forms) {
    try {
      return work(form)
    } catch (error) {
      if (!(error instanceof OtherForm)) throw error
    }
  }
  throw new NotFit('it has documents that cannot be identified')
}

/** The line before a document; what stands in it besides is no part of this. */
const mark = /^---(?=\s|$)/gm
const markLine = /---[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/y
const onlyComments = /^(?:[ \t]*(?:#[^\n]*)?(?:\r?\n|$))*$/

interface Part {
  readonly from: number
  readonly start: number
  readonly to: number
}

/**
 * Reads a stream of documents. `read` reads one document, without what stands before it. @throws NotFit; OtherForm
 */
export function readStream(
  text: string,
  form: YamlForm,
  values: ValueTable,
  read: (text: string) => Chunk,
): Chunk {
  const tree = new Tree(text)
  const remarks: string[] = []
  const parts = partsOf(text)
  if (parts.length === 0) throw new NotFit('it is empty')
  const isNamed = form === 'named documents'
  tree.open(isNamed ? 'object' : 'array', 0, 0, none)
  const keys: ValueId[] = []
  const elements: ValueId[] = []
  for (const { from, start, to } of parts) {
    const document = read(text.slice(start, to))
    const row = tree.append(document.tree, 0, 0, start)
    tree.place(row, from, to)
    if (isNamed) tree.name(row, nameOf(tree, row, values))
    keys.push(tree.key(row))
    elements.push(tree.value(row))
    remarks.push(...commentsIn(text.slice(from, start)), ...document.remarks)
  }
  const value = isNamed ? values.object(keys, elements) : values.array(elements)
  if (value === null) throw new OtherForm('it has two documents of one name')
  const end = parts.at(-1)!.to
  tree.close(0, end, end, value)
  return { tree, remarks: [...remarks, ...commentsIn(text.slice(end))] }
}

/** A part that holds nothing but comments belongs to the document behind it; behind the last one it is none's. */
function partsOf(text: string): Part[] {
  if (text.startsWith('\ufeff'))
    throw new NotFit('it has more than one document behind a mark of its encoding')
  const marks = [...text.matchAll(mark)].map(({ index }) => index)
  const parts: Part[] = []
  let from = 0
  for (const [i, begin] of [0, ...marks].entries()) {
    const start = i === 0 ? 0 : endOfMark(text, begin)
    const to = marks[i] ?? text.length
    if (onlyComments.test(text.slice(start, to))) continue
    parts.push({ from, start, to })
    from = to
  }
  return parts
}

function endOfMark(text: string, at: number): number {
  markLine.lastIndex = at
  if (!markLine.test(text)) throw new NotFit('it has a value in the line that begins a document')
  return markLine.lastIndex
}

function commentsIn(text: string): readonly string[] {
  return text.match(/#.*/g) ?? []
}

/** What tells a document from the others: 'Service/web', with a namespace 'Service/shop/web'. */
function nameOf(tree: Tree, document: NodeIndex, values: ValueTable): ValueId {
  const word = (parent: NodeIndex, key: string): string | null => {
    const child = parent === none ? none : tree.child(parent, values.string(key))
    return child !== none && values.isString(tree.value(child)) ? values.text(tree.value(child)) : null
  }
  const metadata = tree.child(document, values.string('metadata'))
  const [kind, name] = [word(document, 'kind'), word(metadata, 'name')]
  if (kind === null || name === null) throw new OtherForm('it has a document without kind and name')
  const namespace = word(metadata, 'namespace')
  return values.string([kind, ...(namespace === null ? [] : [namespace]), name].join('/'))
}
