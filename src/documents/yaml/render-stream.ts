// Writes a planned merge of a YAML file of several documents. Each is written as render.ts writes one; the line before it,
// and the comments behind it, are merged for themselves.
import { chosenSide, type Choose, type Member, type Plan, type Trees } from '../structure/plan.ts'
import { NotFit, none, type NodeIndex, type Tree } from '../structure/tree.ts'
import { pick, withEnd, YamlWriter, type SingleMember } from './render.ts'

export function renderStream(plan: Plan, trees: Trees, choose: Choose): string {
  if (plan.kind === 'copy') return trees[plan.side].text
  if (plan.kind !== 'container') throw new NotFit('both sides changed the whole file, each in another way')
  const tail = pick(trees.map((tree) => tree.text.slice(tree.end(0))))
  const writer = new StreamWriter(trees, choose)
  plan.members.forEach((member) => writer.add(member))
  return withEnd(writer.text + tail, trees)
}

class StreamWriter {
  text = ''
  readonly #trees: Trees
  readonly #choose: Choose
  readonly #newline: '\n' | '\r\n'

  constructor(trees: Trees, choose: Choose) {
    this.#trees = trees
    this.#choose = choose
    this.#newline = trees[1].text.includes('\r\n') ? '\r\n' : '\n'
  }

  add(member: Member): void {
    if (member.kind === 'member') {
      const [before, behind] = this.#around(member)
      this.#document(before, this.#body(member), behind)
      return
    }
    const choice = this.#choose(member.conflict)
    const side = chosenSide(choice)
    if (side === null) this.#document('', (choice as { value: string }).value, '')
    else member.sides[side]!.forEach((one) => this.add(one))
  }

  #around({ nodes }: SingleMember): readonly [string, string] {
    const sides = (part: (tree: Tree, node: NodeIndex) => string) =>
      nodes.map((node, side) => (node === none ? undefined : part(this.#trees[side]!, node)))
    return [
      pick(sides((tree, node) => tree.text.slice(tree.from(node), tree.start(node)))),
      pick(sides((tree, node) => tree.text.slice(tree.end(node), tree.to(node)))),
    ]
  }

  #body({ nodes, plan }: SingleMember): string {
    if (plan.kind === 'spelled') return plan.spelling
    if (plan.kind === 'copy') return this.#trees[plan.side].spelling(plan.node)
    if (plan.kind === 'container') {
      const writer = new YamlWriter(this.#trees, this.#choose)
      writer.root(plan)
      return writer.parts.join('')
    }
    const choice = this.#choose(plan.conflict)
    const side = chosenSide(choice)
    return side === null ? (choice as { value: string }).value : this.#trees[side].spelling(nodes[side])
  }

  /** The first one needs no line before it, each other does. */
  #document(before: string, body: string, behind: string): void {
    const mark = `---${this.#newline}`
    const isFirst = this.text === ''
    const isMarked = /^---(?:\s|$)/m.test(before)
    const [tree] = [this.#trees[1]]
    const isBare = tree.start(tree.children(0)[0]!) === 0
    const lead = isFirst && isBare && before === mark ? '' : isFirst || isMarked ? before : mark + before
    this.#line(lead)
    this.#line(body)
    this.#line(behind)
  }

  #line(text: string): void {
    const own = text.replaceAll(/\r?\n/g, this.#newline)
    this.text += own === '' || own.endsWith('\n') ? own : own + this.#newline
  }
}
