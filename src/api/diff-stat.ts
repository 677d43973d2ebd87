// Counts of a diff, for --stat: made by walking the rows or lines once.
import type { DiffStat, FileDiff } from './interface.ts'

export async function diffStatOf(diff: FileDiff): Promise<DiffStat> {
  const { path, state, from, kind, sizeBefore, sizeAfter } = diff
  const common = { path, state, ...(from === undefined ? {} : { from }), kind, sizeBefore, sizeAfter }
  if (kind === 'table') return { ...common, rows: await countRows(diff) }
  if (kind === 'text' || kind === 'symlink') return { ...common, lines: await countLines(diff) }
  return common
}

async function countRows(diff: FileDiff): Promise<NonNullable<DiffStat['rows']>> {
  const counts = { added: 0, removed: 0, changed: 0, cells: 0 }
  for await (const batch of diff.rows()) {
    for (const row of batch) {
      counts[row.kind]++
      counts.cells += row.cells.length
    }
  }
  return counts
}

async function countLines(diff: FileDiff): Promise<NonNullable<DiffStat['lines']>> {
  const counts = { added: 0, removed: 0 }
  for await (const hunk of diff.hunks()) {
    for (const line of hunk.lines) {
      if (line.startsWith('+')) counts.added++
      else if (line.startsWith('-')) counts.removed++
    }
  }
  return counts
}
