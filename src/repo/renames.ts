// Moves: a path that went and one that came with the very same content are one renamed path.
import type { TreeDifference, TreeEntry } from '../files/interface.ts'
import type { ChangedPath, PathState } from './diff.ts'

export function pairRenames(differences: readonly TreeDifference[]): ChangedPath[] {
  const gone = new Map<string, TreeDifference[]>()
  for (const difference of differences) {
    if (difference.after !== null || difference.before === null) continue
    const name = contentName(difference.before)
    if (name !== null) gone.set(name, [...(gone.get(name) ?? []), difference])
  }
  const moved = new Set<string>()
  const changes: ChangedPath[] = []
  for (const difference of differences) {
    const name =
      difference.before === null && difference.after !== null ? contentName(difference.after) : null
    const source = name === null ? undefined : gone.get(name)?.shift()
    if (source === undefined) {
      changes.push({ ...difference, state: stateOf(difference) })
    } else {
      moved.add(source.path)
      changes.push({
        path: difference.path,
        from: source.path,
        before: source.before,
        after: difference.after,
        state: 'renamed',
      })
    }
  }
  return changes.filter((change) => !(change.state === 'deleted' && moved.has(change.path)))
}

/** Empty files are all alike; calling one of them moved would tell nobody anything. */
function contentName(entry: TreeEntry): string | null {
  if (entry.kind === 'table') return entry.table
  return entry.kind === 'file' && entry.size > 0 ? entry.content : null
}

function stateOf({ before, after }: TreeDifference): PathState {
  if (before === null) return 'added'
  if (after === null) return 'deleted'
  return before.kind === after.kind || (before.kind !== 'symlink' && after.kind !== 'symlink')
    ? 'modified'
    : 'typechange'
}
