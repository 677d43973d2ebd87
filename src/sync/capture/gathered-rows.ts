// Rows that an endpoint reports as changed, held packed until they are merged into the known state of their table.
import { toHex } from '../../base/bytes.ts'
import { CellPacker } from '../../formats/columnar/pack-cells.ts'
import { UnfitRows } from '../../formats/columnar/unfit-rows.ts'
import { ownRows } from '../../formats/packed.ts'
import { type NamedRows, sortedBatches } from '../../formats/runs.ts'
import { entryAt } from '../../prolly/entry-batch.ts'
import type { Entry } from '../../prolly/interface.ts'
import type { RowsSince } from '../../connectors/interface.ts'
import type { Io } from '../../repo/interface.ts'
import { absentCell } from '../../table/cell.ts'
import { putContents } from '../../table/content.ts'
import type { Cell } from '../../table/interface.ts'
import type { Table } from '../../table/table.ts'
import type { UnfitOfTable } from './unfit-tables.ts'

const heldBytesMax = 64 << 20
const rowOverhead = 16
const windowEntries = 512

export interface GatheredRows {
  /** Packed. */
  readonly rows: readonly NamedRows[]
  /** Of those that are gone, with their keys alone. */
  readonly gone: readonly NamedRows[]
  /** Those that cannot be kept. */
  readonly unfit: UnfitOfTable
}

/** Gathers the rows in memory; null when they are too many for that. */
export async function gathered(
  io: Io,
  { shape }: Table,
  since: Pick<RowsSince, 'rows' | 'isGone'>,
  where: string,
): Promise<GatheredRows | null> {
  const unfit = new UnfitRows(where)
  const packer = new CellPacker(shape, where)
  const keyIds = new Set(shape.keys.map(({ id }) => id))
  const isKey = shape.schema.columns.map(({ id }) => keyIds.has(id))
  const [all, gone]: [NamedRows[], NamedRows[]] = [[], []]
  let bytes = 0
  const add = async (
    to: NamedRows[],
    cells: readonly (readonly Cell[])[],
    noted: UnfitRows,
  ): Promise<void> => {
    const rows = packer.pack(cells, noted)
    const links = await putContents(io.writer, rows.contents ?? [])
    to.push({ ...ownRows(rows), contents: null, links })
    bytes += rows.keys.length + rows.values.length + rowOverhead * rows.count
  }
  for await (const cells of since.rows()) {
    // Left in the middle, the line would have to be cut.
    if (bytes > heldBytesMax) continue
    const there = since.isGone === undefined ? cells : cells.filter((row) => !since.isGone!(row))
    if (there.length > 0) await add(all, there, unfit)
    const keys = cells
      .filter((row) => since.isGone?.(row) === true)
      .map((row) => row.map((cell, i) => (isKey[i] === true ? cell : absentCell)))
    // A key that is too long was never kept.
    if (keys.length > 0) await add(gone, keys, new UnfitRows(where))
    await io.writer.drained()
  }
  return bytes > heldBytesMax ? null : { rows: all, gone, unfit: unfit.all }
}

/**
 * The rows of a table that cannot be kept, when `before` were those that could not, and these rows were read since.
 */
export function unfitAfter(before: UnfitOfTable, { rows, gone, unfit }: GatheredRows): UnfitOfTable {
  if (before.size === 0) return unfit
  const after = new Map(before)
  for (const window of [...entryWindows(rows), ...entryWindows(gone)])
    for (const { key } of window) after.delete(toHex(key))
  for (const [name, row] of unfit) after.set(name, row)
  return after
}

/**
 * Gives rows in the order of their keys, so few at a time that each leaf is looked up just before it is made anew.
 */
export function* entryWindows(rows: readonly NamedRows[]): Generator<Entry[]> {
  for (const batch of sortedBatches(rows)) {
    for (let at = 0; at < batch.count; at += windowEntries) {
      const count = Math.min(windowEntries, batch.count - at)
      yield Array.from({ length: count }, (_, i) => entryAt(batch, at + i))
    }
  }
}
