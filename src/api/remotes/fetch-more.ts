// Fetching more than what is new: history that a shallow clone left out, contents that a partial one did.
import { VarveError } from '../../base/errors.ts'
import type { CommitCid } from '../../encoding/cid.ts'
import type { TreeEntry } from '../../files/interface.ts'
import { PathFilter } from '../../files/path-filter.ts'
import { Tree } from '../../files/tree.ts'
import { readCommit } from '../../history/commit.ts'
import { resolveRevision } from '../../history/revision.ts'
import { type DeepenOptions, checkDepth } from '../../remote/deepen.ts'
import { PartialStore, nothingFetched } from '../../remote/partial-store.ts'
import type { Repo } from '../../repo/interface.ts'
import type * as t from '../interface.ts'

export function deepenTarget(options: {
  depth?: number
  deepen?: number
  unshallow?: boolean
}): DeepenOptions['to'] | null {
  if (options.unshallow === true) return 'all'
  if (options.deepen !== undefined) return { by: checkDepth(options.deepen) }
  return options.depth === undefined ? null : { depth: checkDepth(options.depth) }
}

export async function fetchPaths(
  repo: Repo,
  paths: readonly string[],
  options: t.OperationOptions & { revision?: string },
): Promise<{ paths: number; objects: number; bytes: number }> {
  const { store, nodes } = repo
  const during = { signal: options.signal, onProgress: options.onProgress }
  const filter = new PathFilter(paths)
  const { commit } = await resolveRevision(store, options.revision ?? 'HEAD')
  const tree = await Tree.load(nodes, (await readCommit(store, commit)).tree)
  const entries: TreeEntry[] = []
  for await (const batch of tree.scan(during))
    for (const { path, entry } of batch) if (filter.selects(path)) entries.push(entry)
  if (entries.length === 0) {
    throw new VarveError('VARVE_PATH_NOT_FOUND', `nothing in '${options.revision ?? 'HEAD'}' matches`, {
      data: { paths },
      hint: "see what is there with 'varve ls'",
    })
  }
  const contents = entries.flatMap((entry) =>
    entry.kind === 'file' ? entry.content : entry.kind === 'table' ? entry.table : [],
  )
  const come = store instanceof PartialStore ? await store.bringAll(contents, during) : nothingFetched
  return { paths: entries.length, ...come }
}

/** Warns of paths in a clone's filter that are not there: a slip of the pen would look like an empty dataset. */
export async function warnOfNothing(
  { store, nodes }: Repo,
  filter: PathFilter,
  head: CommitCid,
  { onWarning, signal }: t.OpenOptions & t.OperationOptions,
): Promise<void> {
  if (onWarning === undefined) return
  const tree = await Tree.load(nodes, (await readCommit(store, head)).tree)
  let unmatched = filter.parts()
  for await (const batch of tree.scan({ signal })) {
    unmatched = unmatched.filter((part) => !batch.some(({ path }) => part.selects(path)))
    if (unmatched.length === 0) return
  }
  const names = unmatched.map(({ patterns }) => `'${patterns.join()}'`)
  onWarning(
    `the filter names nothing that is there: ${names.join(', ')} ('varve config partial.filter PATH', then 'varve restore .', puts it right)`,
  )
}
