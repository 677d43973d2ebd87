// The commit graph as lines of text beside the commits: a column a line of history, joined where they part and meet.
//   ●    merge branch 'prices'
//   ├─╮
//   │ ●  new prices
//   ● │  a row less
//   ├─╯
//   ●    first

const stroke = { up: 1, down: 2, left: 4, right: 8 } as const
/** By the strokes that meet in a place. */
const shapes = ' │││─╯╮┤─╰╭├─┴┬┼'
const node = '●'

export interface GraphNode {
  readonly id: string
  readonly parents: readonly string[]
}

export interface GraphRows {
  /** Rows of their own before the commit's. */
  readonly before: readonly string[]
  /** Beside the commit's first line. */
  readonly node: string
  /** Where lines part, beside the second line, or by itself; null: none do. */
  readonly after: string | null
  /** Beside all further lines. */
  readonly rest: string
}

export class Graph {
  /** The commit that each column leads down to; null: the column is free. */
  #columns: (string | null)[] = []

  /** Commits come one by one, children before their parents. Rows of one commit are of equal width. */
  add({ id, parents }: GraphNode): GraphRows {
    const found = this.#columns.indexOf(id)
    const at = found < 0 ? this.#free(id) : found
    const before = this.#joined(id, at)
    const nodes = this.#columns.map((to, i) => (i === at ? node : to === null ? ' ' : '│'))
    const after = this.#parted(parents, at)
    while (this.#columns.at(-1) === null) this.#columns.pop()
    const rest = this.#columns.map((to) => (to === null ? ' ' : '│')).join(' ')
    const width = Math.max(nodes.length, this.#columns.length) * 2 - 1
    return {
      before,
      node: nodes.join(' ').padEnd(width),
      after: after?.padEnd(width) ?? null,
      rest: rest.padEnd(width),
    }
  }

  /** The columns that lead to the commit end in one. */
  #joined(id: string, at: number): string[] {
    const others = [...this.#columns.keys()].filter((i) => i !== at && this.#columns[i] === id)
    if (others.length === 0) return []
    const strokes = this.#columns.map((to) => (to === null ? 0 : stroke.up | stroke.down))
    for (const other of others) {
      strokes[other] = strokes[other]! & ~stroke.down
      this.#columns[other] = null
      link(strokes, at, other)
    }
    return [drawn(strokes)]
  }

  /** From the commit's column on the lines lead to its parents. */
  #parted(parents: readonly string[], at: number): string | null {
    this.#columns[at] = parents[0] ?? null
    const strokes = this.#columns.map((to) => (to === null ? 0 : stroke.up | stroke.down))
    strokes[at] = strokes[at]! | stroke.up
    for (const parent of parents.slice(1)) {
      const known = this.#columns.findIndex((to, i) => to === parent && i !== at)
      const to = known < 0 ? this.#free(parent, at) : known
      if (known < 0) strokes[to] = stroke.down
      link(strokes, at, to)
    }
    return parents.length > 1 ? drawn(strokes) : null
  }

  /** A free column behind `after`, which is now the commit's. */
  #free(id: string, after = -1): number {
    const free = this.#columns.findIndex((to, i) => to === null && i > after)
    const at = free < 0 ? this.#columns.length : free
    this.#columns[at] = id
    return at
  }
}

function link(strokes: number[], from: number, to: number): void {
  const [left, right] = from < to ? [from, to] : [to, from]
  strokes[left] = (strokes[left] ?? 0) | stroke.right
  strokes[right] = (strokes[right] ?? 0) | stroke.left
  for (let i = left + 1; i < right; i++) strokes[i] = (strokes[i] ?? 0) | stroke.left | stroke.right
}

function drawn(strokes: readonly number[]): string {
  return strokes
    .map((one, i) => shapes[one]! + ((one & stroke.right) !== 0 ? '─' : i === strokes.length - 1 ? '' : ' '))
    .join('')
}

/** A commit's lines with the graph beside them; `spaced`: with an empty line between commits. */
export function graphLines(
  graph: Graph,
  commit: GraphNode,
  lines: readonly string[],
  { spaced }: { readonly spaced: boolean },
): string[] {
  const rows = graph.add(commit)
  const beside = [rows.node, ...(rows.after === null ? [] : [rows.after])]
  const shown = [...lines, ...(spaced ? [''] : [])]
  const drawn = Array.from({ length: Math.max(shown.length, beside.length) }, (_, i) =>
    `${beside[i] ?? rows.rest}  ${shown[i] ?? ''}`.trimEnd(),
  )
  return [...rows.before, ...drawn]
}
