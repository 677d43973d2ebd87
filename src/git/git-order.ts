// Which commits of a Git repository are still to come, parents before children. What came in earlier is known by the
// Git id that each imported commit keeps in its `extra`, with what was chosen of it.
import { throwIfAborted } from '../base/errors.ts'
import type { Cid, CommitCid } from '../encoding/cid.ts'
import { walkCommits } from '../history/ancestry.ts'
import type { ObjectReader } from '../store/interface.ts'
import type { PointerKind } from './contents/interface.ts'
import type { GitCommit, Oid } from './git-objects.ts'
import type { GitSource } from './git-source.ts'

/** Our commit for one of Git's. */
export interface Imported {
  readonly cid: CommitCid
  readonly tree: Cid
  readonly generation: number
}

/** null: the commit, and all before it, touches nothing of what the filter takes. */
export type ImportedMap = Map<Oid, Imported | null>

/** What of a commit comes in: another choice makes another history. */
export interface ImportChoice {
  /** As bytes, sorted; none: all paths. */
  readonly paths: readonly string[]
  /** Whose contents come in the place of their pointers, sorted. */
  readonly follow: readonly PointerKind[]
}

export function extraOf(oid: Oid, { paths, follow }: ImportChoice): Record<string, unknown> {
  return {
    git: oid,
    ...(paths.length === 0 ? {} : { gitPaths: paths }),
    ...(follow.length === 0 ? {} : { gitContents: follow }),
  }
}

export interface KnownBefore {
  readonly choice: ImportChoice
  /** What Git calls commits of ours that were exported to it. */
  readonly exported: ReadonlyMap<CommitCid, Oid>
  readonly signal?: AbortSignal | undefined
}

/**
 * What a branch has of Git's commits already: those that were brought in, and those that were written to Git from
 * here and come back.
 */
export async function importedBefore(
  reader: ObjectReader,
  tip: CommitCid | undefined,
  { choice, exported, signal }: KnownBefore,
): Promise<ImportedMap> {
  const imported: ImportedMap = new Map()
  const { paths, follow } = choice
  if (tip === undefined) return imported
  for await (const { cid, tree, generation, extra } of walkCommits(reader, [tip], { signal })) {
    const chosen = { paths: extra['gitPaths'] ?? [], follow: extra['gitContents'] ?? [] }
    const isSame = JSON.stringify(chosen) === JSON.stringify({ paths, follow })
    if (typeof extra['git'] === 'string' && isSame) imported.set(extra['git'], { cid, tree, generation })
    const oid = paths.length + follow.length === 0 ? exported.get(cid) : undefined
    if (oid !== undefined) imported.set(oid, { cid, tree, generation })
  }
  return imported
}

export async function commitsToImport(
  source: GitSource,
  head: Oid,
  imported: ReadonlyMap<Oid, unknown>,
  signal?: AbortSignal,
): Promise<GitCommit[]> {
  const order: GitCommit[] = []
  const placed = new Set<Oid>()
  const read = new Map<Oid, GitCommit>()
  // Depth first without recursion: a commit is placed when it comes up again after its parents.
  const stack = [head]
  for (let oid = stack.at(-1); oid !== undefined; oid = stack.at(-1)) {
    throwIfAborted(signal)
    if (placed.has(oid) || imported.has(oid)) {
      stack.pop()
      continue
    }
    const known = read.get(oid)
    const commit = known ?? (await source.commit(oid))
    if (known === undefined) {
      read.set(oid, commit)
      // The first parent last, so that it is walked first.
      stack.push(...commit.parents.toReversed().filter((parent) => !placed.has(parent)))
      continue
    }
    stack.pop()
    read.delete(oid)
    placed.add(oid)
    order.push(commit)
  }
  return order
}
