// Puts what two versions hold into one order. The frame's order stands; what the frame dropped comes behind its
// predecessor in the base, so that places relative to it still mean something; what only the other version has comes
// behind its predecessor there. Where both inserted at one place the frame's come first, unless a comparison is given
// under which the place is sorted on both sides (sorted-place.ts).

/** Places in the three versions; -1: not there. */
export interface Strand {
  readonly base: number
  readonly ours: number
  readonly theirs: number
}

/** Measured on real merges: docs/ARCHITECTURE.md. */
const mainlineRatio = 3

export type Compare = (a: Strand, b: Strand) => number

export interface WeaveOptions {
  readonly frame: 'ours' | 'theirs'
  /** The order of two runs at one place, or null: the frame's first. */
  readonly orderAt?: (place: Place) => Compare | null
}

/** Where both versions inserted: the runs, and what precedes them in the woven order. */
export interface Place {
  readonly frameRun: readonly Strand[]
  readonly otherRun: readonly Strand[]
}

interface Link {
  readonly strand: Strand | null
  next: Link | null
}

export function weave<T extends Strand>(strands: readonly T[], options: WeaveOptions): T[] {
  const { frame } = options
  const other = frame === 'ours' ? 'theirs' : 'ours'
  const head: Link = { strand: null, next: null }
  const links = new Map<Strand, Link>()
  let tail = head
  const inOrder = (side: 'base' | 'ours' | 'theirs'): T[] =>
    sortedBy(
      strands.filter((strand) => strand[side] >= 0),
      side,
    )
  for (const strand of inOrder(frame)) {
    tail = insertAfter(tail, strand, links)
  }
  let at = head
  for (const strand of inOrder('base')) {
    at = links.get(strand) ?? insertAfter(at, strand, links)
  }
  let run: T[] = []
  at = head
  const isFrameOnly = ({ base, [other]: place }: Strand): boolean => base < 0 && place < 0
  const place = (): void => {
    if (run.length > 0) insertRun(at, run, { isFrameOnly, orderAt: options.orderAt, links })
    run = []
  }
  for (const strand of inOrder(other)) {
    const known = links.get(strand)
    if (known === undefined) run.push(strand)
    else {
      place()
      at = known
    }
  }
  place()
  const woven: T[] = []
  for (let link = head.next; link !== null; link = link.next) woven.push(link.strand as T)
  return woven
}

/** Mostly they are in order already. */
function sortedBy<T extends Strand>(strands: T[], side: 'base' | 'ours' | 'theirs'): T[] {
  const isSorted = strands.every((strand, i) => i === 0 || strands[i - 1]![side] < strand[side])
  return isSorted ? strands : strands.sort((a, b) => a[side] - b[side])
}

function insertAfter(at: Link, strand: Strand, links: Map<Strand, Link>): Link {
  const link: Link = { strand, next: at.next }
  at.next = link
  links.set(strand, link)
  return link
}

function insertRun(
  before: Link,
  run: readonly Strand[],
  {
    isFrameOnly,
    orderAt,
    links,
  }: {
    isFrameOnly: (strand: Strand) => boolean
    orderAt: WeaveOptions['orderAt']
    links: Map<Strand, Link>
  },
): void {
  const frameRun: Strand[] = []
  for (let link = before.next; link !== null && isFrameOnly(link.strand!); link = link.next) {
    frameRun.push(link.strand!)
  }
  const compare = frameRun.length > 0 ? (orderAt?.({ frameRun, otherRun: run }) ?? null) : null
  let at = before
  let left = compare === null && run.length >= mainlineRatio * frameRun.length ? 0 : frameRun.length
  for (const strand of run) {
    while (left > 0 && (compare === null || compare(at.next!.strand!, strand) <= 0)) {
      at = at.next!
      left--
    }
    at = insertAfter(at, strand, links)
  }
}
