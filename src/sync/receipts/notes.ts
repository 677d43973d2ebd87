// What a round says for people beside its counts.
import type { Tree } from '../../files/tree.ts'
import type { Io } from '../../repo/interface.ts'
import { columnsOnlyHere, columnsOnlyThere } from '../capture/drift.ts'
import type { CapturedTable, Link } from '../interface.ts'
import { type LinkedTable, tableAt } from '../tables/link-tables.ts'

/** Of rows that vanished where nobody can tell whether they are gone. */
export function hiddenNotes(tables: readonly LinkedTable[], captured: readonly CapturedTable[]): string[] {
  const hiding = tables.filter(({ table }) => table.hidesUnnoticed === true)
  return hiding.flatMap(({ table: { name }, path }) => {
    const removed = captured.find((one) => one.path === path)?.captured.removed ?? 0
    const rows = removed === 1 ? 'a row' : `${removed} rows`
    return removed === 0
      ? []
      : [
          `'${name}' shows ${rows} no more, and may only hide them: its policies ask a function or another table`,
        ]
  })
}

/** Of columns that only one side has: what is in them stays there. */
export async function columnNotes(
  io: Io,
  link: Link,
  tables: readonly LinkedTable[],
  target: Tree,
): Promise<string[]> {
  if (link.mode === 'capture') return []
  const notes: string[] = []
  for (const { table, path } of tables) {
    const schema = (await tableAt(io, target, path))?.schema
    if (schema === undefined) continue
    const [here, there] = [columnsOnlyHere(schema, table), columnsOnlyThere(schema, table)]
    if (here.length > 0)
      notes.push(`'${table.name}' has no column ${here.join(', ')}: what is in it stays here`)
    if (there.length > 0)
      notes.push(`'${path}' has no column ${there.join(', ')}: what is in it stays at the endpoint`)
  }
  return notes
}
