// Three-way merge of JSON Lines: an array of which each element has a line. A record that was not touched keeps its
// line byte for byte, blank lines before it included; within a record that both sides changed JSON's rules hold.
import { mergeTrees } from '../structure/merge-values.ts'
import { chosenSide, type Choose, type Member, type Plan, type Trees } from '../structure/plan.ts'
import { NotFit, Tree, none } from '../structure/tree.ts'
import { ValueTable, type ValueId } from '../structure/values.ts'
import type { DocumentMerge, DocumentMerger, DocumentSides } from '../interface.ts'
import { basisOf, proven, readSides, catchUnfit } from './merge-json.ts'
import { renderValue, type JsonHost } from './render.ts'
import { Scanner } from './scan.ts'
import { isSpace, styleOf } from './style.ts'

export const mergeJsonLines: DocumentMerger = (sides) => catchUnfit(() => merge(sides))

function merge(sides: DocumentSides): DocumentMerge {
  const values = new ValueTable(sides.ours.length)
  const read = (text: string): Tree => scanJsonLines(text, values)
  const trees = readSides(sides, read)
  const { plan, told } = mergeTrees(trees, values)
  const styles = trees.map((tree) => styleOf(tree, tree.size > 1 ? 1 : 0))
  const host: JsonHost = { trees, styles, host: 1 }
  const render = (choose: Choose): string => renderLines(plan, host, choose)
  const basis = basisOf(told).replace('values by key, array elements', 'records')
  return proven({ form: 'jsonl', basis, plan, trees, values, sides, render, read })
}

/**
 * The root is an array; a record begins where the record before it ended its line, and ends with its own line.
 * @throws NotFit
 */
export function scanJsonLines(text: string, values: ValueTable): Tree {
  const tree = new Tree(text)
  const scanner = new Scanner(text, values, tree, null)
  const root = tree.open('array', 0, 0, none)
  const records: ValueId[] = []
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0
  for (;;) {
    const from = at
    while (at < text.length && isSpace(text.charCodeAt(at))) at++
    if (at === text.length) break
    const node = scanner.value(at)
    const newline = text.indexOf('\n', scanner.at)
    const to = newline === -1 ? text.length : newline + 1
    const rest = text.slice(scanner.at, to)
    if (rest.trim() !== '' || text.slice(at, scanner.at).includes('\n')) {
      throw scanner.fault('not one value in a line', at)
    }
    tree.place(node, from, to)
    records.push(tree.value(node))
    at = to
  }
  tree.close(root, text.length, text.length, values.array(records))
  return tree
}

function renderLines(plan: Plan, host: JsonHost, choose: Choose): string {
  const { trees } = host
  if (plan.kind === 'copy') return trees[plan.side].text
  if (plan.kind !== 'container') throw new NotFit('the records cannot be compared')
  const newline = trees[1].text.includes('\r\n') ? '\r\n' : '\n'
  const lines: string[] = [trees[1].text.charCodeAt(0) === 0xfeff ? '\ufeff' : '']
  const add = (member: Member): void => {
    if (member.kind === 'member') lines.push(lineOf(member, host, choose, newline))
    else {
      const choice = choose(member.conflict)
      const side = chosenSide(choice)
      if (side === null) lines.push((choice as { value: string }).value + newline)
      else member.sides[side]!.forEach(add)
    }
  }
  plan.members.forEach(add)
  const text = lines.join('') + tailOf(trees[1])
  return endsWithNewline(trees) ? text : text.replace(/\r?\n$/, '')
}

/** The line of a record, with its line end. */
function lineOf(
  member: Member & { kind: 'member' },
  host: JsonHost,
  choose: Choose,
  newline: string,
): string {
  const { trees } = host
  const { plan, nodes } = member
  const side = plan.kind === 'copy' ? plan.side : 1
  const [tree, node] = [trees[side], plan.kind === 'copy' ? plan.node : nodes[1]]
  const before = tree.text.slice(tree.from(node), tree.start(node))
  const behind = tree.text.slice(tree.end(node), tree.to(node)).replace(/\r?\n$/, '')
  const value = plan.kind === 'copy' ? tree.spelling(node) : renderValue(plan, host, choose, '')
  const own = side === 1 && tree.text.charCodeAt(tree.to(node) - 1) === 0x0a
  const end = own ? tree.text.slice(tree.end(node) + behind.length, tree.to(node)) : newline
  return (side === 1 ? before : before.replace(/\r?\n/g, newline)) + value + behind + end
}

/** The blank lines after the last record. */
function tailOf(tree: Tree): string {
  const last = tree.children(0).at(-1)
  return tree.text.slice(last === undefined ? 0 : tree.to(last))
}

/** Whether the file ends with a line end: as in ours, unless theirs alone changed that. */
function endsWithNewline(trees: Trees): boolean {
  const [base, ours, theirs] = trees.map(({ text }) => text.endsWith('\n'))
  return ours === base ? theirs! : ours!
}
