// The executable bit of what is staged, set by hand: for file systems that keep none. The files themselves stay as they are.
import { VarveError } from '../base/errors.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
import { PathSelection } from '../files/path-selection.ts'
import type { NamedPath } from '../files/pathspec.ts'
import { scanSelected } from '../files/scan-selected.ts'
import { withWriter } from '../repo/context.ts'
import { indexRef } from '../repo/interface.ts'
import { readIndex, updateIndex } from './index-state.ts'
import type { PathChange, Worktree, WorktreeOptions } from './interface.ts'

export interface ExecutableOptions extends WorktreeOptions {
  readonly executable: boolean
  readonly dryRun?: boolean | undefined
}

/** Of what the paths stand for in the index; symlinks have no such bit. Returns what has changed. */
export async function setExecutable(
  worktree: Worktree,
  named: readonly NamedPath[],
  { executable, dryRun = false, signal }: ExecutableOptions,
): Promise<PathChange[]> {
  const { index, manifest } = await readIndex(worktree)
  const edits = new Map<Path, TreeEntry>()
  const changes: PathChange[] = []
  for await (const batch of scanSelected(index, new PathSelection(named), { signal })) {
    for (const { path, entry } of batch) {
      if (entry.kind === 'symlink' || entry.executable === executable) continue
      edits.set(path, { ...entry, executable })
      changes.push({ path, state: 'modified', kind: entry.kind })
    }
  }
  if (edits.size === 0 || dryRun) return changes
  const root = manifest.refs.get(indexRef)
  const update = {
    edits,
    operation: 'add',
    message: `--chmod=${executable ? '+' : '-'}x`,
    verify: async (current: typeof manifest): Promise<void> => {
      if (current.refs.get(indexRef) !== root) throw outrun()
    },
  }
  await withWriter(worktree.repo, (writer, nodes) =>
    updateIndex(worktree, { writer, nodes, ...update }, { signal }),
  )
  return changes
}

function outrun(): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', 'another command has changed what is staged meanwhile', {
    hint: 'run the command again',
  })
}
