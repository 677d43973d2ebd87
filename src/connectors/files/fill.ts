// All rows of a plan in a file that has none: they are built into a table at once, and not edited in one by one.
import { isVarveError } from '../../base/errors.ts'
import { CellPacker } from '../../formats/columnar/pack-cells.ts'
import { RowIntake } from '../../formats/intake.ts'
import type { Cell } from '../../table/interface.ts'
import { Table } from '../../table/table.ts'
import type { ApplyPlan } from '../interface.ts'
import type { FileRows } from './file-rows.ts'
import type { FileTable } from './file-table.ts'

/** In the order of their keys. Null where not all of them can be written: who tries one by one finds out which. */
export async function filledTable(
  file: FileTable,
  empty: Table,
  fileRows: FileRows,
  plan: ApplyPlan,
): Promise<Table | null> {
  const { path, shape, writer, nodes } = file
  const packer = new CellPacker(empty.shape, path)
  const intake = new RowIntake(writer, nodes)
  try {
    for await (const changes of plan.changes(shape, 'insert')) {
      plan.signal?.throwIfAborted()
      const rows: Cell[][] = []
      for (const { after } of changes) {
        const row = fileRows.rowOf(after!)
        if (typeof row === 'string') return null
        rows.push(row)
      }
      await intake.add(packer.pack(rows))
    }
    const { rows } = await intake.finish()
    return await Table.of(nodes, { ...empty.object, rows: rows.cid })
  } catch (error) {
    // Two of the rows may have one key in the file.
    if (isVarveError(error, 'VARVE_RULE_VIOLATED')) return null
    throw error
  }
}
