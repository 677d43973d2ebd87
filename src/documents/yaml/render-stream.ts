// Writes a planned merge of a YAML file of several documents. Each is written as render.ts writes one; the line before it,
// and the comments behind it, are merged for themselves.
import { chosenSide, type Choose, type Member, type Nodes, type Plan, type Trees } from '../structure/plan.ts'
import { NotFit, none, type NodeIndex, type Tree } from '../structure/tree.ts'
import { mergeRemarks, withEnd, YamlWriter, type SingleMember } from './render.ts'

export function renderStream(plan: Plan, trees: Trees, choose: Choose): string {
  if (plan.kind === 'copy') return trees[plan.side].text
  if (plan.kind !== 'container') throw new NotFit('both sides changed the whole file, each in another way')
  const tail = mergeRemarks(trees.map((tree) => tree.text.slice(tree.end(0))))
  const writer = new StreamWriter(trees, choose)
  plan.members.forEach((member) => writer.add(member))
  return withEnd(writer.text + tail, trees)
}

class StreamWriter {
  readonly #trees: Trees
  readonly #choose: Choose
  readonly #writer: YamlWriter

  constructor(trees: Trees, choose: Choose) {
    this.#trees = trees
    this.#choose = choose
    this.#writer = new YamlWriter(trees, choose)
  }

  get text(): string {
    return this.#writer.parts.join('')
  }

  add(member: Member): void {
    if (member.kind === 'member') {
      const [before, behind] = this.#around(member)
      this.#begin(before)
      this.#body(member)
      this.#writer.line(behind)
      return
    }
    const choice = this.#choose(member.conflict)
    const side = chosenSide(choice)
    if (side !== null) return member.sides[side]!.forEach((one) => this.add(one))
    this.#begin('')
    this.#writer.line((choice as { value: string }).value)
  }

  /** What stands before and after the value of a document. */
  #around({ nodes }: SingleMember): readonly [string, string] {
    const sides = (part: (tree: Tree, node: NodeIndex) => string) =>
      nodes.map((node, side) => (node === none ? undefined : part(this.#trees[side]!, node)))
    return [
      mergeRemarks(sides((tree, node) => tree.text.slice(tree.from(node), tree.start(node)))),
      mergeRemarks(sides((tree, node) => tree.text.slice(tree.end(node), tree.to(node)))),
    ]
  }

  /** Begins a document. The first one needs no line of '---' before it; each other one does. */
  #begin(before: string): void {
    const { newline, parts } = this.#writer
    const mark = `---${newline}`
    const ours = this.#trees[1]
    const isFirst = parts.length === 0
    const isMarked = /^---(?:\s|$)/m.test(before)
    const isBare = ours.start(ours.children(0)[0]!) === 0
    if (isFirst && isBare && before === mark) return
    this.#writer.line(isFirst || isMarked ? before : mark + before)
  }

  #body({ nodes, plan }: SingleMember): void {
    if (plan.kind === 'container') return this.#writer.root(plan)
    this.#writer.line(this.#spelled(plan, nodes))
  }

  #spelled(plan: Exclude<Plan, { kind: 'container' }>, nodes: Nodes): string {
    if (plan.kind === 'spelled') return plan.spelling
    if (plan.kind === 'copy') return this.#trees[plan.side].spelling(plan.node)
    const choice = this.#choose(plan.conflict)
    const side = chosenSide(choice)
    return side === null ? (choice as { value: string }).value : this.#trees[side].spelling(nodes[side])
  }
}
