// The tag that is nearest to a commit, as `git describe` counts: the fewest commits that the commit reaches and the tag does
// not. One walk for all candidates, which ends where nothing is left that the found ones do not reach.
import type { CommitCid } from '../encoding/cid.ts'
import type { ObjectReader } from '../store/interface.ts'
import { walkGraph } from './ancestry.ts'
import { type Slot, graphOf } from './commit-graph.ts'

export interface NearestTagged {
  readonly commit: CommitCid
  /** Commits between. */
  readonly depth: number
}

/** As many as Git looks at. */
const candidatesMax = 10

/** The nearest tagged commits; null when `from` reaches none. */
export async function nearestTagged(
  reader: ObjectReader,
  from: CommitCid,
  tagged: ReadonlySet<CommitCid>,
  options: { readonly firstParent?: boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<NearestTagged | null> {
  if (tagged.size === 0) return null
  const graph = graphOf(reader)
  const candidates: { readonly commit: CommitCid; depth: number }[] = []
  /** Of commits still to come: which candidates reach them, a bit each. */
  const reaching = new Map<Slot, number>([[graph.slotOf(from), 0]])
  let seen = 0
  for await (const slot of walkGraph(graph, reader, [from], options)) {
    let bits = reaching.get(slot) ?? 0
    reaching.delete(slot)
    const commit = graph.cidOf(slot)
    if (tagged.has(commit) && candidates.length < candidatesMax) {
      bits |= 1 << candidates.length
      candidates.push({ commit, depth: seen })
    }
    for (const [i, candidate] of candidates.entries()) if ((bits & (1 << i)) === 0) candidate.depth++
    const parents = graph.parentsOf(slot)
    for (const parent of options.firstParent === true ? parents.slice(0, 1) : parents)
      reaching.set(parent, (reaching.get(parent) ?? 0) | bits)
    seen++
    const all = (1 << candidates.length) - 1
    if (all > 0 && [...reaching.values()].every((some) => some === all)) break
  }
  graph.keep()
  const [first, ...others] = candidates
  if (first === undefined) return null
  return others.reduce<NearestTagged>((best, one) => (one.depth < best.depth ? one : best), first)
}
