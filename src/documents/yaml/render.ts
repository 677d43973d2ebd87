// Writes a planned merge of YAML as text. The text of ours stands; members that theirs changed or added come with their
// own lines, moved to the column of the collection they come into. What belongs to a member but is not its value, the
// comments before and behind it and how its key is written, is merged for itself, by the same three-way rule.
import {
  anySide,
  chosenSide,
  type Choose,
  type Member,
  type Nodes,
  type Plan,
  type Trees,
} from '../structure/plan.ts'
import { NotFit, none, type NodeIndex, type Tree } from '../structure/tree.ts'

export function renderYaml(plan: Plan, trees: Trees, choose: Choose): string {
  if (plan.kind === 'copy') return trees[plan.side].text
  if (plan.kind !== 'container') throw new NotFit('both sides changed the whole value, each in another way')
  const parts = trees.map((tree) => [tree.text.slice(0, tree.start(0)), tree.text.slice(tree.end(0))])
  const [head, tail] = [0, 1].map((at) => mergeRemarks(parts.map((part) => part[at]!)))
  const writer = new YamlWriter(trees, choose)
  writer.root(plan)
  const text = head! + writer.parts.join('') + tail!
  return withEnd(text, trees)
}

/** The last line is ended as the side has it that changed that. */
export function withEnd(text: string, trees: Trees): string {
  const [base, ours, theirs] = trees.map((tree) => tree.text.endsWith('\n'))
  return (ours === base ? theirs : ours) ? text : text.replace(/\r?\n$/, '')
}

/** What stands on a line beside a value. Undefined where a side has none: it then has no say. */
export function mergeRemarks([base, ours, theirs]: readonly (string | undefined)[]): string {
  if (ours === undefined || theirs === undefined) return ours ?? theirs ?? base ?? ''
  if (ours === theirs || base === undefined || theirs === base) return ours
  if (ours === base) return theirs
  throw new NotFit('both sides changed the comments of one value')
}

export type ContainerPlan = Plan & { kind: 'container' }
export type SingleMember = Member & { kind: 'member' }

/** Writes a document, piece by piece. */
export class YamlWriter {
  readonly parts: string[] = []
  readonly newline: '\n' | '\r\n'
  readonly #trees: Trees
  readonly #choose: Choose

  constructor(trees: Trees, choose: Choose) {
    this.#trees = trees
    this.#choose = choose
    this.newline = trees[1].text.includes('\r\n') ? '\r\n' : '\n'
  }

  root(plan: ContainerPlan): void {
    if (this.#isEmpty(plan)) throw new NotFit('its outermost value would lose all its members')
    this.#collection(plan, 1, 0)
  }

  /** Whether each side took members away until none was left. */
  #isEmpty({ members }: ContainerPlan): boolean {
    return members.every((member) => {
      if (member.kind === 'member') return false
      const side = chosenSide(this.#choose(member.conflict))
      return side !== null && member.sides[side]!.length === 0
    })
  }

  /** What is written for a collection without members: an empty block would be read as null. */
  #emptied({ nodes }: ContainerPlan): string {
    const kinds = this.#trees.map((tree, side) => tree.kind(nodes[side]!))
    return kinds.includes('array') ? '[]' : '{}'
  }

  /** Writes a collection as the host has it, moved by `shift` columns. */
  #collection({ nodes, members }: ContainerPlan, host: 1 | 2, shift: number): void {
    const tree = this.#trees[host]
    const first = tree.children(nodes[host])[0]!
    const column = columnOf(tree, first) + shift
    let isInline = isCompact(tree, first)
    const add = (member: Member): void => {
      if (member.kind === 'member') this.#member(member, column, isInline)
      else {
        const choice = this.#choose(member.conflict)
        const side = chosenSide(choice)
        if (side !== null) {
          member.sides[side]!.forEach(add)
          return
        }
        this.#typed(member, (choice as { value: string }).value, column, isInline)
      }
      isInline = false
    }
    members.forEach(add)
  }

  #member({ nodes, plan }: SingleMember, column: number, isInline: boolean): void {
    this.#lead(nodes, column, isInline)
    if (plan.kind === 'container') {
      const heads = this.#sides(nodes, (tree, node) => headOf(tree, node))
      // Ours, unless it is written as an empty flow collection.
      const host = this.#trees[1].kind(nodes[1]) === 'scalar' ? 2 : 1
      const own = heads[host]!
      const picked = mergeRemarks(heads)
      const head = picked.endsWith('\n') === own.endsWith('\n') ? picked : own
      if (this.#isEmpty(plan)) {
        if (head.includes('#')) throw new NotFit('a comment would stand before an empty collection')
        this.line(`${head.trimEnd()} ${this.#emptied(plan)}`)
        return
      }
      this.parts.push(head)
      this.#collection(plan, host, column - columnOf(this.#trees[host], nodes[host]))
      return
    }
    if (plan.kind === 'clash') {
      const choice = this.#choose(plan.conflict)
      const side = chosenSide(choice)
      if (side === null) {
        this.line(headOf(this.#trees[1], nodes[1]).trimEnd() + ` ${(choice as { value: string }).value}`)
      } else this.#content(this.#trees[side], nodes[side], column)
      return
    }
    if (!nodes.every((node, side) => node !== none && isInLine(this.#trees[side]!, node))) {
      if (plan.kind === 'copy') this.#content(this.#trees[plan.side], plan.node, column)
      else
        this.#lines(
          headOf(this.#trees[1], nodes[1]) + plan.spelling,
          column - columnOf(this.#trees[1], nodes[1]),
        )
      return
    }
    const head = mergeRemarks(this.#sides(nodes, (one, node) => headOf(one, node)))
    const trail = mergeRemarks(
      this.#sides(nodes, (one, node) => one.text.slice(one.end(node), one.to(node)).trimEnd()),
    )
    const spelling = plan.kind === 'copy' ? this.#trees[plan.side].spelling(plan.node) : plan.spelling
    this.line(head + spelling + trail)
  }

  /** Writes the comments and blank lines before a member, and its indent. */
  #lead(nodes: Nodes, column: number, isInline: boolean): void {
    const leads = this.#sides(nodes, (tree, node) =>
      isCompact(tree, node) ? undefined : this.#shifted(leadOf(tree, node), column - columnOf(tree, node)),
    )
    const lead = mergeRemarks(leads)
    if (isInline) {
      if (lead.trim() !== '') throw new NotFit('a comment would stand before the first key of an element')
      return
    }
    this.parts.push(lead, ' '.repeat(column))
  }

  /** Writes a member from its key or dash to the end of its last line. */
  #content(tree: Tree, node: NodeIndex, column: number): void {
    this.#lines(tree.text.slice(contentStart(tree, node), tree.to(node)), column - columnOf(tree, node))
  }

  /** Writes lines: the first stays where it is, those below it are moved. */
  #lines(text: string, columns: number): void {
    const [first, ...rest] = text.split(/(?<=\n)/)
    this.line(first! + this.#shifted(rest.join(''), columns))
  }

  #typed(member: Member & { kind: 'clash' }, value: string, column: number, isInline: boolean): void {
    const example = member.sides.flat()[0]
    if (example?.kind !== 'member') return
    const side = anySide(example.nodes)
    if (!isInline) this.parts.push(' '.repeat(column))
    this.line(`${headOf(this.#trees[side], example.nodes[side]).trimEnd()} ${value}`)
  }

  /** Writes whole lines, with the line ends of ours. */
  line(text: string): void {
    const own = text.replaceAll(/\r?\n/g, this.newline)
    this.parts.push(own === '' || own.endsWith('\n') ? own : own + this.newline)
  }

  /** Whole lines, moved to the right or to the left. */
  #shifted(lines: string, columns: number): string {
    if (columns === 0 || lines === '') return lines
    if (columns > 0) return lines.replaceAll(/^(?=[^\r\n])/gm, ' '.repeat(columns))
    return lines.replaceAll(/^ +/gm, (indent) => indent.slice(-columns))
  }

  #sides<T>(nodes: Nodes, part: (tree: Tree, node: NodeIndex) => T): (T | undefined)[] {
    return nodes.map((node, side) => (node === none ? undefined : part(this.#trees[side]!, node)))
  }
}

/** Where the key or dash of a member begins, after the lines of comments before it. */
function contentStart(tree: Tree, node: NodeIndex): number {
  const { text } = tree
  let at = tree.from(node)
  for (;;) {
    const line = /[ ]*(#[^\n]*|\r?)(\n|$)/y
    line.lastIndex = at
    const match = line.exec(text)
    if (match === null || match[0] === '') break
    at += match[0].length
  }
  while (text.charCodeAt(at) === 0x20) at++
  return at
}

function leadOf(tree: Tree, node: NodeIndex): string {
  const start = contentStart(tree, node)
  return tree.text.slice(tree.from(node), start - columnAt(tree.text, start))
}

/** The first member of a collection that begins in the line of a dash. */
function isCompact(tree: Tree, node: NodeIndex): boolean {
  const from = tree.from(node)
  return from > 0 && tree.text.charCodeAt(from - 1) !== 0x0a && tree.text.charCodeAt(from - 1) !== 0xfeff
}

function columnOf(tree: Tree, node: NodeIndex): number {
  return columnAt(tree.text, contentStart(tree, node))
}

function columnAt(text: string, at: number): number {
  return (
    at -
    (text.lastIndexOf('\n', at - 1) + 1) -
    (text.charCodeAt(0) === 0xfeff && !text.slice(0, at).includes('\n') ? 1 : 0)
  )
}

/** The key with its sign, or the dash, and what stands there before the value. */
function headOf(tree: Tree, node: NodeIndex): string {
  return tree.text.slice(contentStart(tree, node), tree.start(node))
}

/** Whether a scalar begins and ends in the line of its key. */
function isInLine(tree: Tree, node: NodeIndex): boolean {
  if (tree.kind(node) !== 'scalar') return false
  return !tree.text.slice(contentStart(tree, node), tree.to(node)).trimEnd().includes('\n')
}
