// Status: the worktree's part, and where the branch stands.
import { PathSelection } from '../files/path-selection.ts'
import { divergence } from '../history/ancestry.ts'
import { shortRefName } from '../history/refs.ts'
import { conflictedPaths } from '../merge/conflicts/conflicted-paths.ts'
import type { Repo } from '../repo/interface.ts'
import { readMergeState } from '../repo/merging/merge-state.ts'
import type { Manifest } from '../store/interface.ts'
import type { Worktree } from '../worktree/interface.ts'
import { worktreeStatus } from '../worktree/status.ts'
import { readBisecting } from './bisect.ts'
import { idOf } from './info.ts'
import { changedEntries } from './changed-entries.ts'
import type { Status, StatusOptions } from './interface.ts'
import { readMergeInProgress } from './merge-in-progress.ts'

export async function readStatus(repo: Repo, worktree: Worktree, options: StatusOptions): Promise<Status> {
  const manifest = await repo.store.manifest()
  const merge = await readMergeState(repo.store, manifest)
  const files = await worktreeStatus(worktree, options)
  const spec = new PathSelection(options.paths ?? ['.'])
  const conflicted = await conflictedPaths(repo.nodes, merge?.conflicts ?? null, options)
  const unmerged = conflicted.filter(({ path }) => spec.has(path))
  return {
    branch: manifest.head === null ? null : shortRefName(manifest.head),
    head: idOf(manifest.refs.get(manifest.head ?? 'HEAD') ?? null),
    upstream: await upstreamState(repo, manifest),
    staged: files.staged,
    unstaged: files.unstaged,
    untracked: files.untracked,
    ignored: files.ignored,
    skipped: files.skipped,
    unmerged,
    merging: await readMergeInProgress(repo, manifest),
    bisecting: await readBisecting(repo),
    configFault: files.configFault,
    behindBranch: files.behindBranch,
    ...(options.entries === undefined || options.entries === false
      ? {}
      : {
          entries: await changedEntries(
            worktree,
            manifest,
            merge,
            options.entries === true ? { ...files, unmerged } : { staged: [], unstaged: [], unmerged },
          ),
        }),
  }
}

async function upstreamState(repo: Repo, manifest: Manifest): Promise<Status['upstream']> {
  if (manifest.head === null) return null
  const name = manifest.config.get(`branch.${shortRefName(manifest.head)}.upstream`)
  const ours = manifest.refs.get(manifest.head)
  const theirs = name === undefined ? undefined : manifest.refs.get(name)
  if (name === undefined || ours === undefined || theirs === undefined) return null
  const { ahead, behind } = await divergence(repo.store, ours, theirs)
  return { name: shortRefName(name), ahead, behind }
}
