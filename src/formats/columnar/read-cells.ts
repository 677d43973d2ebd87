// Makes a table of a source's rows: typed cells, in key order, without a file of its own. Rows may come in any order;
// memory is bounded by the intake's runs.
import { asDuplicate } from './duplicate-key.ts'
import { VarveError, throwIfAborted } from '../../base/errors.ts'
import type { Schema, TableObject } from '../../table/interface.ts'
import { rowShape } from '../../table/rows.ts'
import { evolveSchema } from '../../table/schema.ts'
import { RowIntake } from '../intake.ts'
import type { CellSource, ReadCellsOptions, SourceColumn } from './interface.ts'
import { CellPacker } from './pack-cells.ts'

/** @throws VarveError VARVE_RULE_VIOLATED with row and column; VARVE_CORRUPT */
export async function readCells(source: CellSource, options: ReadCellsOptions): Promise<TableObject> {
  const { key, writer, nodes, where, unfit, signal } = options
  const schema = cellSchema(source.columns, { key, where, previous: options.previous })
  const packer = new CellPacker(rowShape(schema), where)
  const intake = new RowIntake(writer, nodes)
  try {
    for await (const batch of source.cells({ signal })) {
      throwIfAborted(signal)
      await intake.add(packer.pack(batch, unfit))
      options.onProgress?.(intake.rowCount)
    }
    const { rows, order } = await intake.finish()
    return { schema, rows: rows.cid, order, layout: null }
  } catch (error) {
    throw await asDuplicate(error, { intake, schema, where })
  }
}

/** @throws VarveError VARVE_RULE_VIOLATED where a column of the key is not there */
export function cellSchema(
  columns: readonly SourceColumn[],
  { key, where, previous }: Pick<ReadCellsOptions, 'key' | 'where' | 'previous'>,
): Schema {
  const names = columns.map(({ name }) => name)
  const missing = key.find((name) => !names.includes(name))
  if (missing !== undefined) {
    throw new VarveError('VARVE_RULE_VIOLATED', `'${where}' has no column '${missing}' for the key`, {
      data: { path: where, column: missing, reason: 'missing-key-column' },
      hint: `its columns: ${names.slice(0, 20).join(', ')}`,
    })
  }
  const typeOf = (_: string, i: number) => columns[i]!.type
  return withIdsOf(evolveSchema({ names, key, cells: 'typed', typeOf }, null), previous)
}

/** Types are those of this file; only ids carry over, for diffs go by them. */
function withIdsOf(schema: Schema, previous: Schema | undefined): Schema {
  if (previous === undefined) return schema
  const known = new Map(previous.columns.map(({ name, id }) => [name, id]))
  let { nextColumnId } = previous
  const ids = new Map(schema.columns.map(({ name, id }) => [id, known.get(name) ?? nextColumnId++]))
  return {
    ...schema,
    columns: schema.columns.map((column) => ({ ...column, id: ids.get(column.id)! })),
    key: schema.key.map((id) => ids.get(id)!),
    nextColumnId,
  }
}
