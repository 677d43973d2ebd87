// Short lists in one line (`[main, dev]`) that both sides changed: a set of plain words, merged as sets are.
import type { Nodes, SpelledPlan, Trees } from '../structure/plan.ts'
import type { YamlReader } from './read.ts'

/** Plain words and numbers, nothing that has a meaning in YAML. */
const plainList = /^\[ *((?:[\w./@+-]+(?: [\w./@+-]+)*)(?: *, *[\w./@+-]+(?: [\w./@+-]+)*)*)? *\]$/

/** Null where they are no such lists, or one has a word twice. */
export function mergeFlowLists(nodes: Nodes, trees: Trees, reader: YamlReader): SpelledPlan | null {
  const lists = nodes.map((node, side) => wordsOf(trees[side]!.spelling(node)))
  if (lists.includes(null)) return null
  const [base, ours, theirs] = lists as [string[], string[], string[]]
  const spelling = `[${mergedWords(base, ours, theirs).join(', ')}]`
  const tree = reader.read(`list: ${spelling}`)
  return { kind: 'spelled', nodes, spelling, value: tree.value(tree.children(0)[0]!) }
}

function wordsOf(spelling: string): string[] | null {
  const inner = plainList.exec(spelling)
  if (inner === null) return null
  const words = inner[1] === undefined ? [] : inner[1].split(/ *, */)
  return new Set(words).size === words.length ? words : null
}

/** Ours, without what theirs removed; what theirs added comes behind its predecessor there, after what ours added. */
function mergedWords(base: readonly string[], ours: readonly string[], theirs: readonly string[]): string[] {
  const merged = ours.filter((word) => theirs.includes(word) || !base.includes(word))
  const isOursAlone = (word: string | undefined): boolean =>
    word !== undefined && !base.includes(word) && !theirs.includes(word)
  for (const [i, word] of theirs.entries()) {
    if (base.includes(word) || ours.includes(word)) continue
    const before = theirs.slice(0, i).findLast((other) => merged.includes(other))
    let at = before === undefined ? 0 : merged.indexOf(before) + 1
    while (isOursAlone(merged[at])) at++
    merged.splice(at, 0, word)
  }
  return merged
}
