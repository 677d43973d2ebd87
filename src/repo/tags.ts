// Tags: a name for a commit that stays. With a message the tag is an object of its own, signed by its tagger.
import { VarveError } from '../base/errors.ts'
import type { CommitCid } from '../encoding/cid.ts'
import { readCommits, readTags, writeTag } from '../history/commit.ts'
import { shortRefName, tagPrefix, tagRef } from '../history/refs.ts'
import { resolveRevision } from '../history/revision.ts'
import { operatorOf, signatureOf, withWriter } from './context.ts'
import type { Repo } from './interface.ts'
import { type RefFilter, hasName, passing } from './ref-filter.ts'

const tagsAtOnce = 256

export interface TagListing {
  readonly name: string
  readonly commit: CommitCid
  readonly annotated: boolean
  readonly message: string
  /** Where it was asked for: that of the commit. */
  readonly commitMessage?: string
}

export interface TagsOptions extends RefFilter {
  /** Tell what the commits' messages are, too. */
  readonly commitMessages?: boolean
}

/** Sorted by name; `only`: of these refs. */
export async function listTags(
  repo: Repo,
  options: TagsOptions & { readonly only?: readonly string[] } = {},
): Promise<TagListing[]> {
  const manifest = await repo.store.manifest()
  const names = (options.only ?? [...manifest.refs.keys()])
    .filter((ref) => ref.startsWith(tagPrefix) && hasName(shortRefName(ref), options))
    .sort()
  const cids = names.map((ref) => manifest.refs.get(ref)!)
  const tags: TagListing[] = []
  for (let at = 0; at < names.length; at += tagsAtOnce) {
    const read = await readTags(repo.store, cids.slice(at, at + tagsAtOnce))
    for (const [i, tag] of read.entries())
      tags.push({
        name: shortRefName(names[at + i]!),
        commit: tag?.target ?? cids[at + i]!,
        annotated: tag !== null,
        message: tag?.message ?? '',
      })
  }
  const targets = tags.map(({ commit }) => commit)
  const passed = await passing(repo.store, manifest, targets, options)
  const kept = tags.filter(({ commit }) => passed.has(commit))
  return options.commitMessages === true ? withCommits(repo, kept) : kept
}

async function withCommits({ store }: Repo, tags: readonly TagListing[]): Promise<TagListing[]> {
  const told: TagListing[] = []
  for (let at = 0; at < tags.length; at += tagsAtOnce) {
    const some = tags.slice(at, at + tagsAtOnce)
    const commits = await readCommits(
      store,
      some.map(({ commit }) => commit),
    )
    some.forEach((tag, i) => told.push({ ...tag, commitMessage: commits[i]!.message }))
  }
  return told
}

export async function createTag(
  repo: Repo,
  name: string,
  options: { revision?: string; message?: string; force?: boolean } = {},
): Promise<TagListing> {
  const ref = tagRef(name)
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
            : writeTag(writer, {
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
      throw new VarveError('VARVE_REF_NOT_FOUND', `no tag '${name}'`, {
        hint: "see 'varve tag' for the names",
      })
    }
    return {
      refs: new Map([[ref, null]]),
      operation: { name: 'tag', message: `delete ${name}`, author: operatorOf(repo, manifest) },
    }
  })
}
