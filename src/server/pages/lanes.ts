// The commit graph beside the history: one drawing a row, all of one height, so that their lines meet.
import type { LaneStep } from '../../history/lanes.ts'
import { type Html, type Part, html } from './html.ts'

const rowHeight = 44
const laneWidth = 14
const middle = rowHeight / 2
/** Further lanes are beyond the edge: nobody could follow them. */
const lanesMax = 16
const colours = 6

export function lanesWidth(steps: readonly LaneStep[]): number {
  const most = Math.max(
    1,
    ...steps.map(({ at, above, below }) => Math.max(at + 1, above.length, below.length)),
  )
  return Math.min(most, lanesMax) * laneWidth
}

export function drawLanes({ at, above, joins, forks, below }: LaneStep, width: number): Html {
  const passing = [...above.keys()].filter((i) => above[i] && i !== at && !joins.includes(i))
  const node = x(at)
  const drawn: Part[] = [
    passing.map((i) => line(i, `M${x(i)} 0V${rowHeight}`)),
    joins.map((i) => line(i, `M${x(i)} 0C${x(i)} ${middle} ${node} 0 ${node} ${middle}`)),
    forks.map(({ to }) =>
      line(to, `M${node} ${middle}C${node} ${rowHeight} ${x(to)} ${middle} ${x(to)} ${rowHeight}`),
    ),
    above[at] === true && line(at, `M${node} 0V${middle}`),
    below[at] === true && line(at, `M${node} ${middle}V${rowHeight}`),
    html`<circle class="l${at % colours}" cx="${node}" cy="${middle}" r="4" />`,
  ]
  return html`<svg
    class="lanes"
    width="${width}"
    height="${rowHeight}"
    viewBox="0 0 ${width} ${rowHeight}"
    aria-hidden="true"
  >
    ${drawn}
  </svg>`
}

function x(lane: number): number {
  return lane * laneWidth + laneWidth / 2
}

function line(lane: number, path: string): Html {
  return html`<path class="l${lane % colours}" d="${path}" />`
}
