// The files that a text names: those of a commit ('main', 'main^{tree}'), those that the next commit will have (':0'), or those of
// a side of the merge in progress: ':1' its common ancestor, ':2' ours, ':3' theirs.
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import type { TreeEntry } from '../files/interface.ts'
import { Tree } from '../files/tree.ts'
import { readCommit } from '../history/commit.ts'
import { resolveRevision } from '../history/revision.ts'
import { conflictedPaths } from '../merge/conflicts/conflicted-paths.ts'
import type { Manifest } from '../store/interface.ts'
import { withWriter } from './context.ts'
import { emptyTreeOf } from './empty.ts'
import { type Repo, indexRef } from './interface.ts'
import { mergeSides } from './merging/merge-sides.ts'
import { readMergeState } from './merging/merge-state.ts'

/** null: it holds nothing. @throws VarveError VARVE_REF_NOT_FOUND, VARVE_USAGE, VARVE_NOT_POSSIBLE */
export async function namedTree(repo: Repo, named: string, manifest: Manifest): Promise<Cid | null> {
  if (named === ':0') return manifest.refs.get(indexRef) ?? null
  if (isSide(named)) return sideTree(repo, named, manifest)
  const { commit } = await resolveRevision(repo.store, withoutTree(named), manifest)
  return (await readCommit(repo.store, commit)).tree
}

/** 'REV^{tree}' as REV, where either stands for its files. */
export function withoutTree(revision: string): string {
  return revision.endsWith('^{tree}') ? revision.slice(0, -'^{tree}'.length) : revision
}

export function isSide(named: string): boolean {
  return /^:[123]$/.test(named)
}

async function sideTree(repo: Repo, side: string, manifest: Manifest): Promise<Cid | null> {
  const state = await readMergeState(repo.store, manifest)
  if (state === null) {
    throw new VarveError('VARVE_NOT_POSSIBLE', `there is no merge in progress, so '${side}' has no files`, {
      hint: "':PATH' is the file that is staged, 'HEAD:PATH' the one of the last commit",
    })
  }
  if (side === ':2') return (await readCommit(repo.store, state.ours)).tree
  return withWriter(repo, async (writer, nodes) => {
    const sides = await mergeSides({ writer, nodes }, state)
    const tree = side === ':1' ? sides.base : sides.theirs
    return tree === emptyTreeOf({ writer, nodes }) ? null : tree
  })
}

/** The file, symlink or table that 'REV:PATH' names. @throws VarveError VARVE_PATH_NOT_FOUND, and as namedTree */
export async function namedEntry(
  repo: Repo,
  named: string,
  path: string,
  manifest: Manifest,
): Promise<TreeEntry> {
  const root = await namedTree(repo, named, manifest)
  if (isSide(named)) await requireConflict(repo, path, manifest)
  const entry = root === null ? null : await (await Tree.load(repo.nodes, root)).get(path)
  if (entry !== null) return entry
  throw new VarveError('VARVE_PATH_NOT_FOUND', `no file '${path}' in '${named}'`, {
    data: { path, revision: named },
    hint: isSide(named)
      ? "that side has none: 'varve ls-files -u' lists those that there are"
      : `see 'varve ls ${named}'`,
  })
}

/** A path that is in no conflict has one version only. */
async function requireConflict(repo: Repo, path: string, manifest: Manifest): Promise<void> {
  const state = await readMergeState(repo.store, manifest)
  const open = await conflictedPaths(repo.nodes, state?.conflicts ?? null)
  if (open.some((one) => one.path === path)) return
  throw new VarveError('VARVE_PATH_NOT_FOUND', `'${path}' is not in conflict`, {
    data: { path },
    hint: `write ':${path}' for what is staged, or see what is in conflict with 'varve ls-files -u'`,
  })
}
