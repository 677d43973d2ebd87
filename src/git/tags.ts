// Git's tags on commits that came in: annotated ones stay annotated. A tag that is here already is never replaced.
import type { Cid } from '../encoding/cid.ts'
import { isVarveError } from '../base/errors.ts'
import { readCommit, writeTag } from '../history/commit.ts'
import { tagRef } from '../history/refs.ts'
import type { Manifest, ObjectWriter } from '../store/interface.ts'
import type { ImportedMap } from './git-order.ts'
import type { GitSource, SourceTag } from './git-source.ts'

/** Imports annotated tags; returns the refs to set. */
export async function importTags(
  git: GitSource,
  writer: ObjectWriter,
  before: Manifest,
  imported: ImportedMap,
): Promise<[string, Cid][]> {
  const refs: [string, Cid][] = []
  for (const tag of await git.tags()) {
    const ref = refOf(tag.name)
    if (ref === null || before.refs.has(ref)) continue
    const target = await targetOf(git, tag)
    const commit = target === null ? undefined : imported.get(target)
    if (commit === undefined || commit === null) continue
    refs.push([ref, await writeTagOf(git, writer, tag, commit.cid)])
  }
  return refs
}

async function writeTagOf(git: GitSource, writer: ObjectWriter, tag: SourceTag, commit: Cid): Promise<Cid> {
  const annotated = await git.tag(tag.oid)
  if (annotated === null) return commit
  const tagger = annotated.tagger ?? (await readCommit(writer, commit)).committer
  return writeTag(writer, { target: commit, name: tag.name, tagger, message: annotated.message })
}

/** A tag may name a tree or a blob: such a tag is left out. */
async function targetOf(git: GitSource, tag: SourceTag): Promise<string | null> {
  try {
    return await git.peel(tag.oid)
  } catch (error) {
    if (isVarveError(error, 'VARVE_REF_NOT_FOUND')) return null
    throw error
  }
}

/** The ref for a tag; null for a name that Git once allowed and Varve refuses. */
function refOf(name: string): string | null {
  try {
    return tagRef(name)
  } catch (error) {
    if (isVarveError(error, 'VARVE_USAGE')) return null
    throw error
  }
}
