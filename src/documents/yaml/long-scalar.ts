// Scalars of several lines that both sides changed, block scalars (`|`, `>`) above all: merged by lines, as the text that
// they are.
import { textFromBytes, textToBytes } from '../../files/text.ts'
import { mergeLines } from '../merge-lines.ts'
import type { Nodes, SpelledPlan, Trees } from '../structure/plan.ts'
import { NotFit, type NodeIndex, type Tree } from '../structure/tree.ts'
import type { YamlReader } from './read.ts'

/** Several lines: of a block scalar that names no indent of its own, or plain, or in one kind of quotes. */
const severalLines = /^(?:[|>][-+]?[ \t]*(?:#.*)?|[^|>].*)\n[^]/

/** Merges texts of several lines by line; null when they do not have several lines each, or when lines clash. */
export function mergeLongScalars(nodes: Nodes, trees: Trees, reader: YamlReader): SpelledPlan | null {
  const texts = nodes.map((node, side) => spelledLines(trees[side]!, node))
  if (!texts.every((text) => severalLines.test(text))) return null
  const [base, ours, theirs] = texts.map((text) => textToBytes(moved(text, 0))) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  const merged = mergeLines({ base, ours, theirs })
  if (merged.kind === 'unfit' || merged.conflicts.length > 0) return null
  const spelling = moved(textFromBytes(merged.render()), indentOf(texts[1]!))
  try {
    const tree = reader.read(`text: ${spelling}`)
    return { kind: 'spelled', nodes, spelling, value: tree.value(tree.children(0)[0]!) }
  } catch (error) {
    if (error instanceof NotFit) return null
    throw error
  }
}

/** From the value's first character to the end of its last line. */
function spelledLines(tree: Tree, node: NodeIndex): string {
  return tree.kind(node) === 'scalar' ? tree.text.slice(tree.start(node), tree.to(node)) : ''
}

/** The indent of the first line below the header that is not blank. */
function indentOf(text: string): number {
  return /\n( *)[^ \n]/.exec(text)?.[1]!.length ?? 0
}

/** The text with another indent below its header; empty lines have none. */
function moved(text: string, indent: number): string {
  const own = indentOf(text)
  const [first, ...rest] = text.split('\n')
  const lines = rest.map((line) => (line.length <= own ? '' : ' '.repeat(indent) + line.slice(own)))
  return [first, ...lines].join('\n')
}
