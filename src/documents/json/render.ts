// Writes a planned merge of JSON as text. The host, one of the two sides, gives everything around the values: a
// container keeps its own white space there, and what comes from elsewhere takes the place of its like. So a file that
// neither side laid out anew keeps every byte that no change touched.
import {
  anySide,
  chosenSide,
  type Choose,
  type Member,
  type Nodes,
  type Plan,
  type Side,
  type Trees,
} from '../structure/plan.ts'
import { none, type NodeIndex, type Tree } from '../structure/tree.ts'
import {
  colonOf,
  indentIn,
  isSpace,
  keyText,
  leadingSpaceOf,
  lineIndent,
  respell,
  type JsonStyle,
} from './style.ts'

export interface JsonHost {
  readonly trees: Trees
  readonly styles: readonly JsonStyle[]
  readonly host: 1 | 2
}

export function renderJson(plan: Plan, host: JsonHost, choose: Choose): string {
  const tree = host.trees[host.host]
  const indent = host.styles[host.host]!.newline === '' ? '' : lineIndent(tree.text, tree.start(0))
  return renderValue(plan, host, choose, indent)
}

/** Renders a value whose line is indented by `indent`. */
export function renderValue(plan: Plan, host: JsonHost, choose: Choose, indent: string): string {
  const renderer = new JsonRenderer(host, choose)
  renderer.value(plan, host.host, indent)
  return renderer.parts.join('')
}

/** A member whose choice is made: of the merge, or a text that somebody typed. */
type Chosen =
  | { readonly member: Member & { kind: 'member' } }
  | { readonly typed: string; readonly key: Member | null }

class JsonRenderer {
  readonly parts: string[] = []
  readonly #host: JsonHost
  readonly #choose: Choose

  constructor(host: JsonHost, choose: Choose) {
    this.#host = host
    this.#choose = choose
  }

  /** `frame` is the side that gives what stands around the value, `indent` that of the line in which it begins. */
  value(plan: Plan, frame: 1 | 2, indent: string): void {
    if (plan.kind === 'copy') this.#copy(plan.side, plan.node, frame, indent)
    else if (plan.kind === 'container') this.#container(plan, indent)
    else if (plan.kind === 'spelled') this.parts.push(plan.spelling)
    else {
      const choice = this.#choose(plan.conflict)
      const side = chosenSide(choice)
      if (side === null) this.parts.push((choice as { value: string }).value)
      else this.#copy(side, plan.nodes[side], frame, indent)
    }
  }

  #copy(side: Side, node: NodeIndex, frame: 1 | 2, indent: string): void {
    const { trees, styles, host } = this.#host
    if (side === frame) this.parts.push(trees[frame].spelling(node))
    else this.parts.push(respell(trees[side], node, styles[side]!, styles[host]!, indent))
  }

  #container({ nodes, members }: Plan & { kind: 'container' }, indent: string): void {
    const side = frameSide(this.#host, nodes)
    const other = side === 1 ? 2 : 1
    const tree = this.#host.trees[side]
    const chosen = members.flatMap((member) => this.#chosen(member))
    const style = this.#host.styles[this.#host.host]!
    const frame = new Frame(
      tree,
      nodes[side],
      style,
      firstLead(this.#host.trees[other], nodes[other]),
      indent,
    )
    const isObject = tree.kind(nodes[side]) === 'object'
    this.parts.push(isObject ? '{' : '[')
    for (const [i, one] of chosen.entries()) {
      const child = 'member' in one ? one.member.nodes[side] : none
      const lead = frame.lead(child, i === 0)
      this.parts.push(lead)
      if (isObject) this.#key('member' in one ? one.member : one.key, side)
      if ('member' in one) this.value(one.member.plan, side, indentIn(lead) ?? indent)
      else this.parts.push(one.typed)
      if (i < chosen.length - 1) this.parts.push(frame.trail(child), ',')
    }
    this.parts.push(frame.tail(chosen.length), isObject ? '}' : ']')
  }

  #chosen(member: Member): Chosen[] {
    if (member.kind === 'member') return [{ member }]
    const choice = this.#choose(member.conflict)
    const side = chosenSide(choice)
    if (side !== null) return member.sides[side]!.flatMap((other) => this.#chosen(other))
    return [{ typed: (choice as { value: string }).value, key: member.sides.flat()[0] ?? null }]
  }

  #key(member: Member | null, frame: 1 | 2): void {
    if (member?.kind !== 'member') return
    const { trees, styles, host } = this.#host
    const side = member.nodes[frame] === none ? anySide(member.nodes) : frame
    const node = member.nodes[side]
    this.parts.push(
      keyText(trees[side], node),
      side === frame ? colonOf(trees[side], node) : styles[host]!.colon,
    )
  }
}

/** The white space around the members of one container of the host. */
class Frame {
  readonly #tree: Tree
  readonly #node: NodeIndex
  readonly #children: readonly NodeIndex[]
  readonly #style: JsonStyle
  readonly #example: string | null
  readonly #indent: string
  #other: string | null = null

  /** `example` is the first lead of the other side, for a container that is empty here. */
  constructor(tree: Tree, node: NodeIndex, style: JsonStyle, example: string | null, indent: string) {
    this.#tree = tree
    this.#node = node
    this.#children = tree.children(node)
    this.#style = style
    this.#example = example
    this.#indent = indent
  }

  /** `child` is -1 for members that this side does not have. */
  lead(child: NodeIndex, isFirst: boolean): string {
    if (child !== none && isFirst === (child === this.#children[0])) return leadingSpaceOf(this.#tree, child)
    return isFirst ? this.#firstLead() : this.#otherLead()
  }

  /** The white space before the comma after a member. */
  trail(child: NodeIndex): string {
    if (child === none || child === this.#children.at(-1)) return ''
    const { text } = this.#tree
    const start = this.#tree.end(child)
    let end = start
    while (isSpace(text.charCodeAt(end))) end++
    return text.slice(start, end)
  }

  /** The white space before the closing bracket. */
  tail(members: number): string {
    const last = this.#children.at(-1)
    if (last !== undefined) return members === 0 ? '' : tailOf(this.#tree, this.#node, this.#tree.end(last))
    if (members === 0) return tailOf(this.#tree, this.#node, this.#tree.start(this.#node) + 1)
    return this.#firstLead() === '' ? '' : this.#style.newline + this.#indent
  }

  #firstLead(): string {
    if (this.#children.length > 0) return leadingSpaceOf(this.#tree, this.#children[0]!)
    const { newline, unit } = this.#style
    const inLines = newline !== '' && (this.#example === null || this.#example.includes('\n'))
    return inLines ? newline + this.#indent + unit : ''
  }

  #otherLead(): string {
    this.#other ??= usualLead(this.#tree, this.#children)
    if (this.#other !== null) return this.#other
    const first = this.#firstLead()
    return first.includes('\n') ? first : this.#style.gap
  }
}

/** The host, unless the other side alone laid out this very container anew. */
function frameSide({ trees, host }: JsonHost, nodes: Nodes): 1 | 2 {
  const other = host === 1 ? 2 : 1
  const [before, own, others] = [0, host, other].map((side) => layoutOf(trees[side]!, nodes[side]!))
  return before !== null && others !== null && own === before && others !== before ? other : host
}

/** How a container is laid out; null where it has no two members. */
function layoutOf(tree: Tree, node: NodeIndex): string | null {
  const children = node === none ? [] : tree.children(node)
  if (children.length < 2) return null
  const tail = tailOf(tree, node, tree.end(children.at(-1)!))
  return [leadingSpaceOf(tree, children[0]!), usualLead(tree, children), tail].join('|')
}

/** The lead that most members behind the first have; null where there are none. */
function usualLead(tree: Tree, children: readonly NodeIndex[]): string | null {
  const counts = new Map<string, number>()
  for (const child of children.slice(1, 100)) {
    const lead = leadingSpaceOf(tree, child)
    counts.set(lead, (counts.get(lead) ?? 0) + 1)
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null
}

function firstLead(tree: Tree, node: NodeIndex): string | null {
  const first = tree.children(node)[0]
  return first === undefined ? null : leadingSpaceOf(tree, first)
}

function tailOf(tree: Tree, node: NodeIndex, start: number): string {
  return tree.text.slice(start, tree.end(node) - 1)
}
