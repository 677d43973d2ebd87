// The marks that an endpoint gave for its tables when they were read, handed on to the write: where the endpoint proves
// that a table then holds exactly what was planned, the next round need not read back what was written.
import type { Tree } from '../../files/tree.ts'
import type { ApplyStep } from './interface.ts'

/** For each table, the mark under which it was last read. */
export async function marksBefore({ tables, stored, digests }: ApplyStep): Promise<Map<string, string>> {
  const marks = new Map<string, string>()
  for (const { table, path } of tables) {
    const entry = await stored.get(path)
    const mark = entry?.kind === 'table' ? (digests?.markOf(path, entry.table) ?? null) : null
    if (mark !== null) marks.set(table.name, mark)
  }
  return marks
}

/** Notes the tables' new marks, which are stored together with the refs of what was written. */
export async function noteMarks(
  { tables, digests }: ApplyStep,
  after: Tree,
  marks: ReadonlyMap<string, string> | undefined,
): Promise<void> {
  for (const { table, path } of tables) {
    const mark = marks?.get(table.name)
    const entry = await after.get(path)
    if (mark !== undefined && entry?.kind === 'table') digests?.add(path, mark, entry.table)
  }
}
