// Tags: a name for a commit that stays. With a message the tag is an object of its own, signed by its tagger.
import { VarveError } from '../base/errors.ts'
import type { CommitCid } from '../encoding/cid.ts'
import { readTags, writeTag } from '../history/commit.ts'
import { shortRefName, tagPrefix, tagRef } from '../history/refs.ts'
import { resolveRevision } from '../history/revision.ts'
import { operatorOf, signatureOf, withWriter } from './context.ts'
import type { Repo } from './interface.ts'

const tagsAtOnce = 256

export interface TagListing {
  readonly name: string
  readonly commit: CommitCid
  readonly annotated: boolean
  readonly message: string
}

/** Sorted by name; `only`: of these refs. */
export async function listTags(repo: Repo, only?: readonly string[]): Promise<TagListing[]> {
  const manifest = await repo.store.manifest()
  const names = (only ?? [...manifest.refs.keys()]).filter((ref) => ref.startsWith(tagPrefix)).sort()
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
  return tags
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
