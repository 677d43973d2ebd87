// Who brought in the current content, as git's blame finds it: a version is blamed for what none of its parents had,
// and passes the rest on to them, in the order of the parents, until everything is attributed. What is passed on is
// lines of a text (blame-lines.ts) or rows and cells of a table (blame-rows.ts); the walk is the same for both. A
// version whose content equals a parent's passes everything on without being read, so commits that do not touch the
// path cost a look at the tree, and the walk ends when everything is attributed, not at the end of history.
import type { CommitCid } from '../../encoding/cid.ts'
import { walkGraph } from '../../history/ancestry.ts'
import type { CommitGraph, Slot } from '../../history/commit-graph.ts'
import type { Commit } from '../../history/interface.ts'
import type { Repo } from '../interface.ts'
import { type PathOrigins, type PathVersion, isSameContent } from '../log/path-origin.ts'

/** A commit, and the path under which it knew what is asked about. */
export interface Attribution {
  readonly commit: Commit
  readonly path: string
  /** It was not looked behind: it may have had this from an older one. */
  readonly isBoundary?: true
}

/** W is what one version has to answer for. */
export interface BlameSubject<W> {
  /** What the older version has as well goes on to it; null: nothing. */
  divide(
    work: W,
    after: PathVersion,
    before: PathVersion,
  ): Promise<{ readonly passed: W | null; readonly left: W | null }>
  /** For a version that two others hand something on to; null when they have to be answered for one by one. */
  join(a: W, b: W): W | null
  settle(work: W, by: Attribution): void
  /** In a table: the keys of all rows that are asked about, where they are few. */
  keysAsked?(work: W): readonly Uint8Array[] | null
}

interface Suspect<W> {
  readonly slot: Slot
  readonly version: PathVersion
  readonly work: W
}

interface BlameStart<W> {
  readonly commit: Commit
  readonly version: PathVersion
  readonly work: W
  /** Commits that are not looked behind. */
  readonly boundary?: ReadonlySet<Slot> | undefined
}

/** The commits that these reach. */
export async function boundaryOf(
  { store }: Pick<Repo, 'store'>,
  graph: CommitGraph,
  exclude: readonly CommitCid[] = [],
  signal?: AbortSignal,
): Promise<ReadonlySet<Slot>> {
  const slots = new Set<Slot>()
  if (exclude.length > 0)
    for await (const slot of walkGraph(graph, store, exclude, { signal })) slots.add(slot)
  return slots
}

export async function blame<W>(
  origins: PathOrigins,
  start: BlameStart<W>,
  subject: BlameSubject<W>,
): Promise<void> {
  const { graph } = origins
  const suspects: Suspect<W>[] = []
  const suspect = (slot: Slot, version: PathVersion, work: W): void => {
    for (const [i, other] of suspects.entries()) {
      if (other.slot !== slot || other.version.path !== version.path) continue
      const joined = subject.join(other.work, work)
      if (joined === null) continue
      suspects[i] = { slot, version, work: joined }
      return
    }
    suspects.push({ slot, version, work })
  }
  suspect(graph.slotOf(start.commit.cid), start.version, start.work)
  for (let next = takeNewest(graph, suspects); next !== null; next = takeNewest(graph, suspects)) {
    const { slot, version } = next
    if (start.boundary?.has(slot) === true) {
      const commit = await origins.commitOf(slot)
      subject.settle(next.work, { commit, path: version.path, isBoundary: true })
      continue
    }
    const here = await origins.parentsOf(slot)
    const keys = subject.keysAsked?.(next.work) ?? null
    // With several parents, another one may have the same rows. The version need not be the parent's own: in these
    // rows it is.
    if (
      here.length === 1 &&
      keys !== null &&
      !(await origins.anyRowMayDiffer(slot, here[0]!, version.path, keys))
    ) {
      suspect(here[0]!.slot, version, next.work)
      continue
    }
    const parents: { slot: Slot; origin: PathVersion }[] = []
    for (const parent of here)
      parents.push({ slot: parent.slot, origin: await origins.originIn(parent, slot, version) })
    const twin = parents.find(({ origin }) => isSameContent(origin.entry, version.entry))
    if (twin !== undefined) {
      suspect(twin.slot, twin.origin, next.work)
      continue
    }
    let work: W | null = next.work
    for (const { slot: parent, origin } of parents) {
      if (work === null) break
      if (origin.entry === null) continue
      const { passed, left }: { passed: W | null; left: W | null } = await subject.divide(
        work,
        version,
        origin,
      )
      if (passed !== null) suspect(parent, origin, passed)
      work = left
    }
    if (work !== null) subject.settle(work, { commit: await origins.commitOf(slot), path: version.path })
  }
  graph.keep()
}

/** No suspect is questioned before all that may hand something on to it were. */
function takeNewest<W>(graph: CommitGraph, suspects: Suspect<W>[]): Suspect<W> | null {
  let newest = 0
  for (let i = 1; i < suspects.length; i++)
    if (graph.isBefore(suspects[i]!.slot, suspects[newest]!.slot)) newest = i
  return suspects.splice(newest, 1)[0] ?? null
}
