// Counts of a diff, for --stat.
import type { PathDiff } from '../repo/diff/diff.ts'
import type { DiffStat } from './interface.ts'

export async function diffStatOf(diff: PathDiff): Promise<DiffStat> {
  const { path, state, from, table, note, kind, sizeBefore, sizeAfter } = diff
  const common = {
    path,
    state,
    ...(from === undefined ? {} : { from }),
    ...(table === undefined ? {} : { table }),
    ...(note === undefined ? {} : { note }),
    kind,
    sizeBefore,
    sizeAfter,
  }
  if (kind === 'table') return { ...common, rows: await diff.rowCounts() }
  if (kind === 'text' || kind === 'symlink') return { ...common, lines: await diff.lineCounts() }
  return common
}
