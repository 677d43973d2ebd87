// Which two trees a diff compares: revisions, the index, or the files as they are now (staged into a writer that is
// thrown away).
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { Tree } from '../files/tree.ts'
import { mergeBases } from '../history/ancestry.ts'
import { readCommit } from '../history/commit.ts'
import { notFound } from '../history/revision-name.ts'
import { splitParents } from '../history/revision-set.ts'
import { resolveRevision, splitRange, splitRevisionPath } from '../history/revision.ts'
import { emptyTreeOf } from '../repo/empty.ts'
import { readHead } from '../repo/head.ts'
import { type Folder, type Io, type Repo, indexRef } from '../repo/interface.ts'
import { namedEntry, namedTree } from '../repo/named-tree.ts'
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
    (revision === emptyRevision ? null : await namedTree(repo, revision, manifest)) ?? emptyTreeOf(io)
  const files = filesNamed(options)
  if (files !== null) return endsOfFiles(repo, io, files, manifest)
  const isOne = options.from !== undefined && options.to === undefined
  const family = isOne ? splitParents(options.from!) : null
  if (family !== null) return endsOfFamily(repo, io, family, manifest)
  const range = isOne ? splitRange(options.from!) : null
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
  const to = await folder.snapshot(io, staged, { ...options, mayBeNone: true })
  return { from: options.from === undefined ? staged : await treeOf(options.from), to }
}

/** 'REV:PATH' twice: two files, whatever they are called. */
function filesNamed({ from, to }: DiffOptions): readonly [FileNamed, FileNamed] | null {
  if (from === undefined || to === undefined) return null
  const [a, b] = [splitRevisionPath(from), splitRevisionPath(to)]
  return a.path === null || b.path === null
    ? null
    : [
        { ...a, path: a.path },
        { ...b, path: b.path },
      ]
}

interface FileNamed {
  readonly revision: string
  readonly path: string
}

/** Trees that hold one file each, under the name that the first has. */
async function endsOfFiles(
  repo: Repo,
  io: Io,
  files: readonly [FileNamed, FileNamed],
  manifest: Manifest,
): Promise<DiffEnds> {
  const treeWith = async ({ revision, path }: FileNamed): Promise<Cid> => {
    const entry = await namedEntry(repo, revision || 'HEAD', path, manifest)
    return (await Tree.empty(io.nodes, io.writer).update(io.writer, new Map([[files[0].path, entry]]))).cid
  }
  return { from: await treeWith(files[0]), to: await treeWith(files[1]) }
}

/** 'REV^!' and 'REV^-N' compare REV with a parent: with its first one, or with parent N. */
async function endsOfFamily(
  repo: Repo,
  io: Io,
  { kind, revision, parent }: NonNullable<ReturnType<typeof splitParents>>,
  manifest: Manifest,
): Promise<DiffEnds> {
  if (kind === '@') {
    throw new VarveError('VARVE_USAGE', `'${revision}^@' are commits, and two are needed to compare`, {
      hint: `write '${revision}^!' for what the commit changed`,
    })
  }
  const { tree, parents } = await readCommit(
    repo.store,
    (await resolveRevision(repo.store, revision, manifest)).commit,
  )
  const before = parents[parent - 1]
  if (before !== undefined) return { from: (await readCommit(repo.store, before)).tree, to: tree }
  if (kind === '!') return { from: emptyTreeOf(io), to: tree }
  throw notFound(revision, `${revision}^-${parent}`, `commit '${revision}' has no parent ${parent}`)
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
