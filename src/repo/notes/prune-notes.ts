// Takes away the notes of commits that are not here any more, because gc removed them.
import { VarveError } from '../../base/errors.ts'
import { isCid } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import { readHorizon } from '../../history/horizon.ts'
import type { Tree } from '../../files/tree.ts'
import type { Repo } from '../interface.ts'
import { changeNotes } from './change-notes.ts'
import { notesTree } from './notes.ts'

export interface PruneNotesOptions {
  readonly dryRun?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** Returns the ids of the commits. @throws VarveError VARVE_NOT_POSSIBLE in a shallow clone */
export async function pruneNotes(repo: Repo, options: PruneNotesOptions = {}): Promise<string[]> {
  const manifest = await repo.store.manifest()
  if ((await readHorizon(repo.store, manifest)).commits.size > 0)
    throw new VarveError('VARVE_NOT_POSSIBLE', 'a shallow clone does not know which commits are gone', {
      hint: "get the rest of its history first: 'varve fetch --unshallow'",
    })
  if (options.dryRun === true) {
    const tree = await notesTree(repo, manifest)
    return tree === null ? [] : goneIn(repo, tree, options)
  }
  let gone: Path[] = []
  await changeNotes(repo, 'prune', async ({ tree }) => {
    gone = await goneIn(repo, tree, options)
    return new Map(gone.map((path) => [path, null]))
  })
  return gone
}

async function goneIn(repo: Repo, tree: Tree, { signal }: PruneNotesOptions): Promise<Path[]> {
  const gone: Path[] = []
  for await (const batch of tree.scan({ signal })) {
    const named = batch.flatMap(({ path }) => {
      const cid = `01711220${path}`
      return isCid(cid) ? [{ path, cid }] : []
    })
    const isHere = await repo.store.has(named.map(({ cid }) => cid))
    named.forEach(({ path }, i) => {
      if (!isHere[i]!) gone.push(path)
    })
  }
  return gone
}
