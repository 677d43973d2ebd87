// Where imported rows go: into the index, or, where there are no files or a branch is named, into a commit.
import { VarveError } from '../../base/errors.ts'
import { Tree } from '../../files/tree.ts'
import { nextGeneration, writeCommit } from '../../history/commit.ts'
import { branchRef } from '../../history/refs.ts'
import { signatureOf } from '../../repo/context.ts'
import { emptyTreeOf } from '../../repo/empty.ts'
import { type Head, readBranch, readHead } from '../../repo/head.ts'
import { type Folder, type Io, type Repo, indexBaseRef, indexRef } from '../../repo/interface.ts'
import type { Move } from '../../repo/move.ts'
import type { Manifest } from '../../store/interface.ts'
import type { ImportOptions } from './import-table.ts'

/** null is the index: only where there are no files, or a branch was named, an import is a commit. */
export async function targetOf(
  io: Io,
  folder: Folder | null,
  manifest: Manifest,
  { branch, message, path }: ImportOptions,
): Promise<Head | null> {
  const head = await readHead(io.writer, manifest)
  const isStaged = folder !== null || manifest.refs.has(indexRef)
  const ref = branch === undefined ? head.ref : branchRef(branch)
  if (branch === undefined && isStaged && message === undefined) return null
  if (isStaged && ref === head.ref) {
    throw new VarveError(
      'VARVE_NOT_POSSIBLE',
      `rows for the branch that is checked out are staged, not committed`,
      {
        data: { path },
        hint: "import without a branch and a message, then 'varve commit'",
      },
    )
  }
  // A branch that is new begins at HEAD.
  return ref === head.ref
    ? head
    : { ref, commit: (await readBranch(io.writer, manifest, ref)) ?? head.commit }
}

export async function startOf(manifest: Manifest, io: Io, target: Head | null): Promise<Tree> {
  const { commit } = target ?? (await readHead(io.writer, manifest))
  const index = target === null ? manifest.refs.get(indexRef) : undefined
  return Tree.load(io.nodes, index ?? commit?.tree ?? emptyTreeOf(io))
}

export async function stagedMove(
  manifest: Manifest,
  io: Io,
  tree: Tree,
  options: ImportOptions,
): Promise<Move | null> {
  if (manifest.refs.get(indexRef) === tree.cid) return null
  const operation = { name: 'import', message: options.path }
  const head = await readHead(io.writer, manifest)
  const over = manifest.refs.get(indexBaseRef) ?? head.commit?.tree ?? emptyTreeOf(io)
  return { refs: new Map(), operation, show: tree.cid, over }
}

export async function commitMove(
  repo: Repo,
  manifest: Manifest,
  io: Io,
  { path, message, tree, target }: ImportOptions & { readonly tree: Tree; readonly target: Head },
): Promise<Move | null> {
  if ((target.commit?.tree ?? emptyTreeOf(io)) === tree.cid) return null
  const signature = signatureOf(repo, manifest)
  const parents = target.commit === null ? [] : [target.commit.cid]
  const commit = writeCommit(io.writer, {
    tree: tree.cid,
    parents,
    author: signature,
    committer: signature,
    message: message ?? `Import ${path}`,
    generation: await nextGeneration(io.writer, parents),
    extra: {},
  })
  return { refs: new Map([[target.ref, commit]]), operation: { name: 'import', message: path }, show: null }
}
