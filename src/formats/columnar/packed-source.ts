// Rows that come packed, a slice at a time, from a source that knows how to pack them: what it is told, what it gives,
// and how they become a table.
import { asDuplicate } from './duplicate-key.ts'
import { VarveError, throwIfAborted } from '../../base/errors.ts'
import { WorkerPool } from '../../base/pool.ts'
import type { TableObject } from '../../table/interface.ts'
import { type RowShape, rowShape } from '../../table/rows.ts'
import { previousNodes } from '../bases.ts'
import { RowIntake } from '../intake.ts'
import type { LeafOptions, PackedLeaves } from '../leaves.ts'
import type { Misfit } from '../misfits/misfits.ts'
import type { PackedRows } from '../packed.ts'
import type { ReadCellsOptions, SourceColumn } from './interface.ts'
import { cellSchema } from './read-cells.ts'
import type { UnfitRows } from './unfit-rows.ts'

export interface PackingOptions {
  readonly shape: RowShape
  /** For messages. */
  readonly where: string
  readonly pool: WorkerPool
  /** How slices are best given; null: as rows. Asked for each. */
  readonly leafOptions: () => LeafOptions | null
  /** As of `ReadCellsOptions`. */
  readonly unfit?: UnfitRows | undefined
  /** Called for values that do not fit their column, which sources that guess types may tell. */
  readonly onMisfit?: ((misfit: Misfit) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export type PackedSlice =
  | { readonly rows: PackedRows }
  | { readonly leaves: PackedLeaves; readonly contents: readonly Uint8Array[] }

export interface PackedSource {
  readonly columns: readonly SourceColumn[]
  readonly slices: (options: PackingOptions) => AsyncIterable<PackedSlice>
}

export interface ReadPackedOptions extends Omit<ReadCellsOptions, 'previous'> {
  /** The version before: columns keep their ids, and leaves that are as they were are not packed again. */
  readonly previous?: TableObject | undefined
}

/** @throws VarveError VARVE_RULE_VIOLATED with row and column; VARVE_CORRUPT */
export async function readPacked(source: PackedSource, options: ReadPackedOptions): Promise<TableObject> {
  const { key, writer, nodes, where, unfit, signal, previous } = options
  const schema = cellSchema(source.columns, { key, where, previous: previous?.schema })
  const intake = new RowIntake(writer, nodes, (await previousNodes({ previous, nodes, signal })) ?? {})
  const pool = new WorkerPool()
  try {
    const leafOptions = () => intake.leafOptions
    for await (const slice of source.slices({
      shape: rowShape(schema),
      where,
      pool,
      leafOptions,
      unfit,
      signal,
    })) {
      throwIfAborted(signal)
      if ('rows' in slice) await intake.add(slice.rows)
      else if (!(await intake.addLeaves(slice.leaves, slice.contents)))
        throw new VarveError('VARVE_NOT_POSSIBLE', `what '${where}' was before is not here any more`, {
          data: { passing: true },
        })
      options.onProgress?.(intake.rowCount)
    }
    const { rows, order } = await intake.finish()
    return { schema, rows: rows.cid, order, layout: null }
  } catch (error) {
    throw await asDuplicate(error, { intake, schema, where })
  } finally {
    await pool.close()
  }
}
