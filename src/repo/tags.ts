// Tags: a name for a commit that stays. With a message the tag is an object of its own, signed by its tagger.
import { VarveError } from '../base/errors.ts'
import { didYouMean, nearest } from '../base/nearest.ts'
import type { Cid, CommitCid } from '../encoding/cid.ts'
import { readCommits, readTags } from '../history/commit.ts'
import type { Commit, Tag } from '../history/interface.ts'
import { shortRefName, tagPrefix, tagRef } from '../history/refs.ts'
import { resolveRevision } from '../history/revision.ts'
import { operatorOf, signatureOf, withWriter } from './context.ts'
import type { Repo } from './interface.ts'
import { type RefFilter, hasName, passing } from './ref-filter.ts'
import { type RefDetails, sortRefs, sortsByDate } from './ref-sort.ts'
import { type SignChoice, putTag, signingAs } from './signing.ts'

const tagsAtOnce = 256

export interface TagListing {
  readonly name: string
  readonly commit: CommitCid
  readonly annotated: boolean
  readonly message: string
  /** Where it was asked for: that of the commit. */
  readonly commitMessage?: string
  /** Where they were asked for: of the tag's object, or of its commit where it has none. */
  readonly details?: RefDetails<Cid>
}

export interface TagsOptions extends RefFilter {
  /** Tell what the commits' messages are, too. */
  readonly commitMessages?: boolean
  /** Tell what each tag's object says, or its commit. */
  readonly details?: boolean
}

/** With `only`, these refs alone are listed. */
export async function listTags(
  repo: Repo,
  options: TagsOptions & { readonly only?: readonly string[] } = {},
): Promise<TagListing[]> {
  const byDate = sortsByDate(options)
  const manifest = await repo.store.manifest()
  const names = (options.only ?? [...manifest.refs.keys()])
    .filter((ref) => ref.startsWith(tagPrefix) && hasName(shortRefName(ref), options))
    .sort()
  const tags: ReadTag[] = []
  for (let at = 0; at < names.length; at += tagsAtOnce) {
    const some = names.slice(at, at + tagsAtOnce)
    const cids = some.map((ref) => manifest.refs.get(ref)!)
    const read = await readTags(repo.store, cids)
    for (const [i, tag] of read.entries()) tags.push({ ref: some[i]!, object: cids[i]!, tag, commit: null })
  }
  const passed = await passing(repo.store, manifest, tags.map(targetOf), options)
  const kept = tags.filter((tag) => passed.has(targetOf(tag)))
  const needsCommits = byDate || options.commitMessages === true || options.details === true
  const whole = needsCommits ? await withCommits(repo, kept) : kept
  return sortRefs(whole.map(detailsOf), options).map(({ tag, commit, ...details }) => ({
    name: shortRefName(details.ref),
    commit: targetOf({ tag, object: details.object }),
    annotated: tag !== null,
    message: tag?.message ?? '',
    ...(options.commitMessages === true ? { commitMessage: commit?.message ?? '' } : {}),
    ...(options.details === true ? { details } : {}),
  }))
}

interface ReadTag {
  readonly ref: string
  readonly object: Cid
  /** null: the ref names the commit itself. */
  readonly tag: Tag | null
  /** null: not read. */
  readonly commit: Commit | null
}

function targetOf({ tag, object }: Pick<ReadTag, 'tag' | 'object'>): CommitCid {
  return tag?.target ?? object
}

async function withCommits({ store }: Repo, tags: readonly ReadTag[]): Promise<ReadTag[]> {
  const whole: ReadTag[] = []
  for (let at = 0; at < tags.length; at += tagsAtOnce) {
    const some = tags.slice(at, at + tagsAtOnce)
    const commits = await readCommits(store, some.map(targetOf))
    some.forEach((tag, i) => whole.push({ ...tag, commit: commits[i]! }))
  }
  return whole
}

function detailsOf(read: ReadTag): ReadTag & RefDetails<Cid> {
  const { tag, commit } = read
  const own = tag === null ? commit : null
  return {
    ...read,
    message: tag?.message ?? commit?.message ?? '',
    author: own?.author ?? null,
    committer: own?.committer ?? null,
    tagger: tag?.tagger ?? null,
  }
}

export async function createTag(
  repo: Repo,
  name: string,
  options: { revision?: string; message?: string; force?: boolean; sign?: SignChoice } = {},
): Promise<TagListing> {
  const ref = tagRef(name)
  const { message, sign = false } = options
  if (message === undefined && sign !== false)
    throw new VarveError('VARVE_USAGE', 'a signed tag needs a message', {
      hint: "say what it is: '-m MESSAGE'",
    })
  await withWriter(repo, (writer) =>
    repo.store.update(
      async (manifest) => {
        if (manifest.refs.has(ref) && options.force !== true) {
          throw new VarveError('VARVE_NOT_POSSIBLE', `tag '${name}' exists already`, {
            hint: "choose another name, or move it with '--force'",
          })
        }
        const { commit } = await resolveRevision(repo.store, options.revision ?? 'HEAD', manifest)
        const target =
          options.message === undefined
            ? commit
            : await putTag(signingAs(repo, options.sign), manifest, writer, {
                target: commit,
                name,
                tagger: signatureOf(repo, manifest),
                message: options.message,
              })
        return {
          refs: new Map([[ref, target]]),
          operation: { name: 'tag', message: `create ${name}`, author: operatorOf(repo, manifest) },
        }
      },
      { writer },
    ),
  )
  return (await listTags(repo)).find((tag) => tag.name === name)!
}

export async function deleteTag(repo: Repo, name: string): Promise<void> {
  const ref = tagRef(name)
  await repo.store.update((manifest) => {
    if (!manifest.refs.has(ref)) {
      const tagNames = [...manifest.refs.keys()].filter((one) => one.startsWith(tagPrefix)).map(shortRefName)
      throw new VarveError('VARVE_REF_NOT_FOUND', `no tag '${name}'`, {
        hint: didYouMean(nearest(name, tagNames), "see 'varve tag' for the names"),
      })
    }
    return {
      refs: new Map([[ref, null]]),
      operation: { name: 'tag', message: `delete ${name}`, author: operatorOf(repo, manifest) },
    }
  })
}
