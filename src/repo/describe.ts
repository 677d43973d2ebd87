// What a commit is called by the tag that is nearest to it.
import { matchesWildcard } from '../base/wildcard.ts'
import type { CommitCid } from '../encoding/cid.ts'
import { nearestTagged } from '../history/describe.ts'
import { resolveRevision } from '../history/revision.ts'
import type { Repo } from './interface.ts'
import { type TagListing, listTags } from './tags.ts'

export interface DescribeOptions {
  /** Tags without a message too; default: annotated ones alone. */
  readonly tags?: boolean
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
  const { commit } = await resolveRevision(repo.store, revision)
  const counts = ({ name, annotated }: TagListing): boolean =>
    (annotated || options.tags === true) && !exclude.some((pattern) => matchesWildcard(pattern, name))
  const tags = await listTags(repo, { patterns: match, details: true })
  const best = new Map<CommitCid, TagListing>()
  for (const tag of tags.filter(counts)) {
    const other = best.get(tag.commit)
    if (other === undefined || isBetter(tag, other)) best.set(tag.commit, tag)
  }
  const found = await nearestTagged(repo.store, commit, new Set(best.keys()), {
    firstParent: options.firstParent === true,
    signal,
  })
  return found === null
    ? { commit, tag: null, depth: 0 }
    : { commit, tag: best.get(found.commit)!.name, depth: found.depth }
}

/** As in git, of two of one commit: the annotated one, then the younger. */
function isBetter(one: TagListing, other: TagListing): boolean {
  if (one.annotated !== other.annotated) return one.annotated
  return (one.details?.tagger?.timeMs ?? 0) > (other.details?.tagger?.timeMs ?? 0)
}
