// Options of a commit, and its dry run: what it would hold and how much of each path it would change, with nothing
// stored.
import { PathSelection } from '../../files/path-selection.ts'
import type { NamedPath } from '../../files/pathspec.ts'
import type { Person, Signature } from '../../history/interface.ts'
import { shortRefName } from '../../history/refs.ts'
import { previewCommit } from '../../repo/commit.ts'
import { signatureOf, withWriter } from '../../repo/context.ts'
import { diffDatasets } from '../../repo/diff/diff.ts'
import { emptyTreeOf } from '../../repo/empty.ts'
import { type Folder, type Repo, indexRef } from '../../repo/interface.ts'
import type { SignChoice } from '../../repo/signing.ts'
import type { Worktree } from '../../worktree/interface.ts'
import { worktreeStatus } from '../../worktree/status.ts'
import { diffStatOf } from '../diff-stat.ts'
import { idOf } from '../info.ts'
import type { DiffStat, OperationOptions } from '../interface.ts'

export interface CommitOptions extends OperationOptions {
  /** Every change of a tracked file is staged first. */
  readonly all?: boolean
  /** Changes of these paths alone, staged or not; what else is staged stays so. */
  readonly paths?: readonly NamedPath[]
  /** With `paths`: what else is staged is committed as well. */
  readonly include?: boolean
  /** Takes the place of the last commit. */
  readonly amend?: boolean
  readonly allowEmpty?: boolean
  /** A signature keeps its date: that of another commit makes this one its author's. */
  readonly author?: Person | Signature
  /** Whether it is signed, and with which key; default: as the settings have it. */
  readonly sign?: SignChoice
}

export interface CommitPreview {
  /** The branch that would move; null when HEAD is detached. */
  readonly branch: string | null
  readonly parents: readonly string[]
  /** Id of the dataset that would be committed. */
  readonly tree: string
  /** Against the first parent. */
  readonly changes: readonly DiffStat[]
}

/** @throws VarveError what the commit itself would be refused with */
export async function commitPreview(
  repo: Repo,
  folder: Folder,
  options: CommitOptions & { readonly toStage?: readonly NamedPath[] },
): Promise<CommitPreview> {
  const manifest = await repo.store.manifest()
  signatureOf(repo, manifest, options.author)
  return withWriter(repo, async (writer, nodes) => {
    const io = { writer, nodes }
    const staged = manifest.refs.get(indexRef) ?? emptyTreeOf(io)
    const { all, paths, toStage = paths ?? [] } = options
    const isRead = all === true || toStage.length > 0
    const read = all === true ? options : { ...options, paths: toStage }
    const index = isRead ? { index: await folder.snapshot(io, staged, read) } : {}
    const { ref, parents, before, tree } = await previewCommit(manifest, io, {
      ...options,
      ...index,
      only: onlyPaths(options),
    })
    const changes: DiffStat[] = []
    for await (const diff of diffDatasets(nodes, before, tree, { signal: options.signal }))
      changes.push(await diffStatOf(diff))
    return {
      branch: ref === 'HEAD' ? null : shortRefName(ref),
      parents: parents.map((parent) => idOf(parent)),
      tree: idOf(tree),
      changes,
    }
  })
}

/** Those of the named paths that are still to be staged: where all that changed is staged, a file may be gone. */
export async function pathsToStage(
  worktree: Worktree,
  paths: readonly NamedPath[],
  options: OperationOptions,
): Promise<NamedPath[]> {
  const { staged, unstaged } = await worktreeStatus(worktree, options)
  const excluding = paths.filter((one) => typeof one !== 'string' && one.exclude)
  const named = paths.filter((one) => !excluding.includes(one))
  const open = (named.length === 0 ? ['.'] : named).filter((one) => {
    const spec = new PathSelection([one])
    const isChanged = ({ path }: { readonly path: string }): boolean => spec.has(path)
    return unstaged.some(isChanged) || !staged.some(isChanged)
  })
  return open.length === 0 ? [] : [...open, ...excluding]
}

export function onlyPaths({
  paths,
  include,
}: Pick<CommitOptions, 'paths' | 'include'>): ((path: string) => boolean) | undefined {
  if (paths === undefined || include === true) return undefined
  const spec = new PathSelection(paths)
  return (path) => spec.has(path)
}
