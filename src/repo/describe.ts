// What a commit is called by the tag that is nearest to it, or the branch.
import { matchesWildcard } from '../base/wildcard.ts'
import type { CommitCid } from '../encoding/cid.ts'
import { nearestTagged } from '../history/describe.ts'
import { resolveRevision } from '../history/revision.ts'
import type { Repo } from './interface.ts'
import { listBranches } from './branches.ts'
import { listTags } from './tags.ts'

export interface DescribeOptions {
  /** Tags without a message too; default: annotated ones alone. */
  readonly tags?: boolean
  /** Tags and branches, those of remotes too, named with what they are: 'heads/main', 'tags/v1'. */
  readonly all?: boolean
  /** Patterns of the names that count; none: all. */
  readonly match?: readonly string[]
  /** Of those that do not. */
  readonly exclude?: readonly string[]
  readonly firstParent?: boolean
  readonly signal?: AbortSignal | undefined
}

export interface Described {
  readonly commit: CommitCid
  /** null: it reaches no such tag. */
  readonly tag: string | null
  /** Commits that it has beyond the tag. */
  readonly depth: number
}

export async function describe(
  repo: Repo,
  revision: string,
  options: DescribeOptions = {},
): Promise<Described> {
  const { match = [], exclude = [], signal } = options
  const isAll = options.all === true
  const { commit } = await resolveRevision(repo.store, revision)
  const tags = await listTags(repo, { patterns: match, details: true })
  const named = tags
    .filter(({ annotated }) => annotated || isAll || options.tags === true)
    .map((tag): Named => ({ ...tag, rank: tag.annotated ? 2 : 1, timeMs: tag.details?.tagger?.timeMs ?? 0 }))
  if (isAll) named.push(...(await branchesNamed(repo, match)))
  const best = new Map<CommitCid, Named>()
  for (const one of named) {
    if (exclude.some((pattern) => matchesWildcard(pattern, one.name))) continue
    const other = best.get(one.commit)
    if (other === undefined || isBetter(one, other)) best.set(one.commit, one)
  }
  const found = await nearestTagged(repo.store, commit, new Set(best.keys()), {
    firstParent: options.firstParent === true,
    signal,
  })
  if (found === null) return { commit, tag: null, depth: 0 }
  const { name, whole = `tags/${name}` } = best.get(found.commit)!
  return { commit, tag: isAll ? whole : name, depth: found.depth }
}

interface Named {
  readonly name: string
  /** Of a branch: with what it is. */
  readonly whole?: string
  readonly commit: CommitCid
  readonly rank: number
  readonly timeMs: number
}

async function branchesNamed(repo: Repo, patterns: readonly string[]): Promise<Named[]> {
  const branches = await listBranches(repo, { all: true, patterns, details: true })
  return branches.flatMap(({ name, commit, details }) =>
    commit === null || details === undefined
      ? []
      : [{ name, whole: details.ref.slice('refs/'.length), commit, rank: 0, timeMs: 0 }],
  )
}

/** As in git, of two of one commit: the annotated tag, any tag, then the younger. */
function isBetter(one: Named, other: Named): boolean {
  return one.rank === other.rank ? one.timeMs > other.timeMs : one.rank > other.rank
}
