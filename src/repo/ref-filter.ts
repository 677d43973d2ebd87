// Which branches or tags a list names: by patterns of their names, and by what their commits reach or are reached by. All
// conditions hold together; of several of one kind one is enough, as in git.
import { matchesWildcard } from '../base/wildcard.ts'
import type { CommitCid } from '../encoding/cid.ts'
import { reachedFrom, commitsReaching } from '../history/reach.ts'
import { resolveRevision } from '../history/revision.ts'
import type { RefOrder } from './ref-sort.ts'
import type { Manifest, Store } from '../store/interface.ts'

export interface RefFilter extends RefOrder {
  /** 'v1', 'v*', 'feature/?': '*' stands for '/' too. */
  readonly patterns?: readonly string[]
  /** Revisions: refs whose commit is one of them or descends from one. */
  readonly contains?: readonly string[]
  readonly noContains?: readonly string[]
  /** Revisions: refs whose commit is one of them or an ancestor of one. */
  readonly merged?: readonly string[]
  readonly noMerged?: readonly string[]
  readonly pointsAt?: readonly string[]
  readonly signal?: AbortSignal | undefined
}

type Condition = 'patterns' | 'contains' | 'noContains' | 'merged' | 'noMerged' | 'pointsAt'

const conditions: readonly Condition[] = [
  'patterns',
  'contains',
  'noContains',
  'merged',
  'noMerged',
  'pointsAt',
]

/** Whether it leaves anything out. An empty list is no condition. */
export function isNarrow(filter: RefFilter): boolean {
  return conditions.some((condition) => (filter[condition] ?? []).length > 0)
}

export function hasName(name: string, { patterns = [], ignoreCase = false }: RefFilter): boolean {
  const folded = (text: string): string => (ignoreCase ? text.toLowerCase() : text)
  return patterns.length === 0 || patterns.some((one) => matchesWildcard(folded(one), folded(name)))
}

/** Those of these commits that pass; the names of refs are not looked at. @throws VarveError VARVE_REF_NOT_FOUND */
export async function passing(
  store: Store,
  manifest: Manifest,
  commits: readonly CommitCid[],
  filter: RefFilter,
): Promise<ReadonlySet<CommitCid>> {
  let left = [...new Set(commits)]
  const { signal } = filter
  const narrow = async (
    revisions: readonly string[] | undefined,
    isWanted: boolean,
    find: (named: readonly CommitCid[]) => Promise<ReadonlySet<CommitCid>>,
  ): Promise<void> => {
    if (revisions === undefined || revisions.length === 0) return
    const named: CommitCid[] = []
    for (const revision of revisions) named.push((await resolveRevision(store, revision, manifest)).commit)
    const found = await find(named)
    left = left.filter((cid) => found.has(cid) === isWanted)
  }
  const containing = (named: readonly CommitCid[]): Promise<Set<CommitCid>> =>
    commitsReaching(store, left, named, { signal })
  const mergedInto = (named: readonly CommitCid[]): Promise<Set<CommitCid>> =>
    reachedFrom(store, named, left, { signal })
  await narrow(filter.pointsAt, true, async (named) => new Set(named))
  await narrow(filter.contains, true, containing)
  await narrow(filter.noContains, false, containing)
  await narrow(filter.merged, true, mergedInto)
  await narrow(filter.noMerged, false, mergedInto)
  return new Set(left)
}
