// The commit graph as lines of text beside the commits: a column a line of history, joined where they part and meet.
//   ●    merge branch 'prices'
//   ├─╮
//   │ ●  new prices
//   ● │  a row less
//   ├─╯
//   ●    first

import { type GraphNode, type LaneStep, Lanes } from '../../history/lanes.ts'

const stroke = { up: 1, down: 2, left: 4, right: 8 } as const
/** By the strokes that meet in a place. */
const shapes = ' │││─╯╮┤─╰╭├─┴┬┼'
const node = '●'

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
  readonly #lanes = new Lanes()

  /** Commits come one by one, children before their parents. Rows of one commit are of equal width. */
  add(commit: GraphNode): GraphRows {
    const step = this.#lanes.add(commit)
    const { at, above, joins, below } = step
    const passing = Array.from(
      { length: Math.max(above.length, at + 1) },
      (_, i) => above[i] === true && !joins.includes(i),
    )
    const nodes = passing.map((passes, i) => (i === at ? node : passes ? '│' : ' '))
    const after = parted(step, passing)
    const rest = below.map((goesOn) => (goesOn ? '│' : ' ')).join(' ')
    const width = Math.max(nodes.length, below.length) * 2 - 1
    return {
      before: joins.length === 0 ? [] : [joined(step)],
      node: nodes.join(' ').padEnd(width),
      after: after?.padEnd(width) ?? null,
      rest: rest.padEnd(width),
    }
  }
}

/** The strokes above a commit, where the lines that lead to it meet. */
function joined({ at, above, joins }: LaneStep): string {
  const strokes = above.map((comes) => (comes ? stroke.up | stroke.down : 0))
  for (const join of joins) {
    strokes[join] = strokes[join]! & ~stroke.down
    link(strokes, at, join)
  }
  return drawn(strokes)
}

/** The strokes below a commit, where the lines to its parents part; null when there are none to draw. */
function parted({ at, forks }: LaneStep, passing: readonly boolean[]): string | null {
  if (forks.length === 0) return null
  const strokes = passing.map((passes, i) => (passes || i === at ? stroke.up | stroke.down : 0))
  for (const { to, isNew } of forks) {
    if (isNew) strokes[to] = stroke.down
    link(strokes, at, to)
  }
  return drawn(strokes)
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
