// Which two trees a diff compares: revisions, the index, or the files as they are now (staged into a writer that is
// thrown away).
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { mergeBases } from '../history/ancestry.ts'
import { readCommit } from '../history/commit.ts'
import { resolveRevision, splitRange } from '../history/revision.ts'
import { emptyTreeOf } from '../repo/empty.ts'
import { readHead } from '../repo/head.ts'
import { type Folder, type Io, type Repo, indexRef } from '../repo/interface.ts'
import type { Manifest } from '../store/interface.ts'
import type { DiffOptions } from './interface.ts'

/** Names the dataset without paths: what a first commit is compared with. */
export const emptyRevision: string = '0'.repeat(64)

export interface DiffEnds {
  readonly from: Cid
  readonly to: Cid
}

export async function diffEnds(
  repo: Repo,
  folder: Folder | null,
  io: Io,
  options: DiffOptions,
): Promise<DiffEnds> {
  const manifest = await repo.store.manifest()
  const treeOf = async (revision: string): Promise<Cid> =>
    revision === emptyRevision
      ? emptyTreeOf(io)
      : (await readCommit(repo.store, (await resolveRevision(repo.store, revision, manifest)).commit)).tree
  const range = options.from === undefined || options.to !== undefined ? null : splitRange(options.from)
  if (range !== null) {
    return {
      from: range.symmetric ? await forkTree(repo, manifest, range) : await treeOf(range.from),
      to: await treeOf(range.to),
    }
  }
  const index = manifest.refs.get(indexRef) ?? null
  if (options.staged === true) {
    const head = (await readHead(repo.store, manifest)).commit?.tree ?? emptyTreeOf(io)
    return { from: options.from === undefined ? head : await treeOf(options.from), to: index ?? head }
  }
  if (options.to !== undefined)
    return { from: await treeOf(options.from ?? 'HEAD'), to: await treeOf(options.to) }
  if (folder === null) {
    if (options.from !== undefined) return { from: await treeOf(options.from), to: await treeOf('HEAD') }
    throw new VarveError('VARVE_USAGE', 'a repository without files has no changes of its own', {
      hint: "compare two revisions: 'varve diff A..B'",
    })
  }
  const staged = index ?? emptyTreeOf(io)
  const files = await folder.snapshot(io, staged, { ...options, mayBeNone: true })
  return { from: options.from === undefined ? staged : await treeOf(options.from), to: files }
}

/** 'A...B' compares B with the commit where it left A. @throws VarveError VARVE_NOT_POSSIBLE when it never did */
export async function forkTree(
  repo: Repo,
  manifest: Manifest,
  range: { readonly from: string; readonly to: string },
  hint = `compare them directly: 'varve diff ${range.from}..${range.to}'`,
): Promise<Cid> {
  const [a, b] = await Promise.all(
    [range.from, range.to].map((name) => resolveRevision(repo.store, name, manifest)),
  )
  const [base] = await mergeBases(repo.store, a!.commit, b!.commit)
  if (base !== undefined) return (await readCommit(repo.store, base)).tree
  throw new VarveError('VARVE_NOT_POSSIBLE', `'${range.from}' and '${range.to}' have no history in common`, {
    hint,
  })
}
