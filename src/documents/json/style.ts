// How a JSON file is laid out, found from its first nodes: what stands around its tokens. A piece that comes from a
// file of another style is laid out anew; within one style its own spelling is kept and only shifted.
import type { NodeIndex, Tree } from '../structure/tree.ts'

export interface JsonStyle {
  /** '' where the whole value stands in one line. */
  readonly newline: '' | '\n' | '\r\n'
  /** What a level is indented by. */
  readonly unit: string
  /** Between key and value: ':', ': ', ' : '. */
  readonly colon: string
  /** Behind a comma in a line: '' or ' '. */
  readonly gap: string
  /** Arrays of scalars stand in one line. */
  readonly isInline: boolean
}

/** White space between the value and the comma or bracket before it. */
export function leadingSpaceOf(tree: Tree, node: NodeIndex): string {
  const from = tree.from(node)
  let at = from
  while (at > 0 && isSpace(tree.text.charCodeAt(at - 1))) at--
  return tree.text.slice(at, from)
}

export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

/** The white space at the beginning of the line in which `at` lies. */
export function lineIndent(text: string, at: number): string {
  const start = text.lastIndexOf('\n', at - 1) + 1
  let end = start
  while (end < at && (text.charCodeAt(end) === 0x20 || text.charCodeAt(end) === 0x09)) end++
  return text.slice(start, end)
}

/** What follows the last line end of a lead; null where it has none. */
export function indentIn(lead: string): string | null {
  const newline = lead.lastIndexOf('\n')
  return newline === -1 ? null : lead.slice(newline + 1)
}

const sampleNodes = 2000

export function styleOf(tree: Tree, root: NodeIndex = 0): JsonStyle {
  const units = new Tally()
  const colons = new Tally()
  const gaps = new Tally()
  const newlines = new Tally()
  const inline = new Tally()
  const open: { node: NodeIndex; indent: string }[] = [
    { node: root, indent: lineIndent(tree.text, tree.start(root)) },
  ]
  for (let seen = 0; open.length > 0 && seen < sampleNodes;) {
    const { node, indent } = open.shift()!
    const children = tree.children(node)
    for (const [i, child] of children.entries()) {
      if (++seen > sampleNodes) break
      const lead = leadingSpaceOf(tree, child)
      const childIndent = indentIn(lead)
      if (childIndent !== null) {
        newlines.add(lead.includes('\r\n') ? '\r\n' : '\n')
        if (childIndent.length > indent.length) units.add(childIndent.slice(indent.length))
      } else if (i > 0) gaps.add(lead)
      if (i === 0 && tree.kind(node) === 'array' && tree.kind(child) === 'scalar') {
        inline.add(childIndent === null ? 'inline' : 'lines')
      }
      if (tree.kind(node) === 'object') colons.add(colonOf(tree, child))
      if (tree.kind(child) !== 'scalar') open.push({ node: child, indent: childIndent ?? indent })
    }
  }
  const newline = newlines.most('') as JsonStyle['newline']
  return {
    newline,
    unit: units.most(''),
    colon: colons.most(newline === '' ? ':' : ': '),
    gap: gaps.most(newline === '' ? '' : ' '),
    isInline: inline.most('lines') === 'inline',
  }
}

export function isSameStyle(a: JsonStyle, b: JsonStyle): boolean {
  return a.newline === b.newline && a.unit === b.unit && a.colon === b.colon
}

/** What stands between the key of a member and its value. */
export function colonOf(tree: Tree, child: NodeIndex): string {
  const member = tree.text.slice(tree.from(child), tree.start(child))
  return member.slice(member.lastIndexOf('"') + 1)
}

class Tally {
  readonly #counts: Map<string, number> = new Map()

  add(text: string): void {
    this.#counts.set(text, (this.#counts.get(text) ?? 0) + 1)
  }

  most(otherwise: string): string {
    let best = otherwise
    let most = 0
    for (const [text, count] of this.#counts) {
      if (count <= most) continue
      best = text
      most = count
    }
    return best
  }
}

/** A value as another file would lay it out whose line is indented by `indent`. */
export function respell(tree: Tree, node: NodeIndex, from: JsonStyle, to: JsonStyle, indent: string): string {
  const text = tree.spelling(node)
  if (tree.kind(node) === 'scalar') return text
  if (isSameStyle(from, to)) {
    if (to.newline === '' || !text.includes('\n')) return text
    const own = lineIndent(tree.text, tree.from(node))
    return own === indent ? text : text.replaceAll(`\n${own}`, `\n${indent}`)
  }
  const parts: string[] = []
  layOut({ tree, from, to, parts }, node, indent)
  return parts.join('')
}

interface Layout {
  readonly tree: Tree
  readonly from: JsonStyle
  readonly to: JsonStyle
  readonly parts: string[]
}

function layOut(layout: Layout, node: NodeIndex, indent: string): void {
  const { tree, from, to, parts } = layout
  const children = tree.kind(node) === 'scalar' ? [] : tree.children(node)
  if (children.length === 0) {
    parts.push(
      tree.kind(node) === 'scalar' ? tree.spelling(node) : tree.kind(node) === 'object' ? '{}' : '[]',
    )
    return
  }
  const isScalars = tree.kind(node) === 'array' && children.every((child) => tree.kind(child) === 'scalar')
  const wasInLines =
    from.newline === '' ? !(isScalars && to.isInline) : leadingSpaceOf(tree, children[0]!).includes('\n')
  const inner = to.newline !== '' && wasInLines ? indent + to.unit : null
  const end = inner === null ? '' : to.newline + inner
  parts.push(tree.kind(node) === 'object' ? '{' : '[')
  for (const [i, child] of children.entries()) {
    parts.push(i === 0 ? end : `,${inner === null ? to.gap : end}`)
    if (tree.kind(node) === 'object') parts.push(keyText(tree, child), to.colon)
    layOut(layout, child, inner ?? indent)
  }
  parts.push(inner === null ? '' : to.newline + indent, tree.kind(node) === 'object' ? '}' : ']')
}

/** The key with its quotes, as it is spelled. */
export function keyText(tree: Tree, child: NodeIndex): string {
  const member = tree.text.slice(tree.from(child), tree.start(child))
  return member.slice(0, member.lastIndexOf('"') + 1)
}
