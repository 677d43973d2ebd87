// Rows of one version of a table on their way into another that has the same key. Where their columns stand in other places,
// or one of them has columns that the other has not, rows are written anew, cell by cell.
import { compareBytes } from '../../base/bytes.ts'
import { CellPacker } from '../../formats/columnar/pack-cells.ts'
import { packedEdits } from '../../formats/packed-edits.ts'
import type { Edit, Entry } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import { entryCells } from '../../table/entry-cells.ts'
import { contentRuns, entryContentBytes } from '../../table/content-runs.ts'
import type { Cell, TableObject } from '../../table/interface.ts'
import { type RowShape, rowShape } from '../../table/rows.ts'

export interface RowCopy {
  readonly from: TableObject | null
  readonly into: TableObject
  /** In order. */
  readonly keys: readonly Uint8Array[]
  /** What becomes of columns that `from` does not have: they stay as `into` has them, or are empty. */
  readonly others: 'stay' | 'are empty'
  /** For columns of `into` whose cells are not the same: what makes them of the cells that `from` has. */
  readonly remaking?: ReadonlyMap<string, (cell: Cell) => Cell>
  /** In `into` they have other keys, made of their cells there. */
  readonly isRekeyed?: boolean
}

/** Edits that make the rows of these keys in `into` those of `from`; rows that `from` does not have are removed. */
export async function rowCopyEdits(io: Io, copy: RowCopy): Promise<Edit[]> {
  const { from, into, keys, others, remaking, isRekeyed = false } = copy
  const gone = (some: readonly Uint8Array[]): Edit[] => some.map((key) => ({ key, value: null }))
  if (from === null) return gone(keys)
  const found = await (await ProllyMap.load(io.nodes, from.rows)).getMany(keys)
  const [inner, outer] = [rowShape(from.schema), rowShape(into.schema)]
  const removed = gone(keys.filter((_, i) => found[i] === null))
  const entries = found.filter((entry) => entry !== null)
  if ((remaking?.size ?? 0) === 0 && !isRekeyed && isLaidAlike(inner, outer, others))
    return sorted([...removed, ...entries.map(({ key, value, links }): Edit => ({ key, value, links }))])
  const packer = new CellPacker(outer, 'rows that wait')
  const put: Edit[] = []
  for (const run of contentRuns(entries, entryContentBytes)) {
    const packed = packer.pack(await copiedRows(io, { ...copy, from }, run))
    put.push(...(await packedEdits(packed, io.writer)))
    await io.writer.drained()
  }
  return sorted([...removed, ...put])
}

async function copiedRows(
  io: Io,
  { from, into, others, remaking }: RowCopy & { readonly from: TableObject },
  entries: readonly Entry[],
): Promise<Cell[][]> {
  const { columns } = into.schema
  const cells = await entryCells(io.nodes.reader, rowShape(from.schema), entries, columns)
  const present = others === 'stay' ? await presentCells(io, into, entries) : []
  const there = new Set(from.schema.columns.map(({ name }) => name))
  const made = columns.map(({ name }) => (there.has(name) ? remaking?.get(name) : undefined))
  return cells.map((row, i) =>
    row!.map((cell, at) => {
      const own = others === 'are empty' || there.has(columns[at]!.name) ? cell : present[i]?.[at]
      return made[at]?.(own ?? cell) ?? own ?? cell
    }),
  )
}

async function presentCells(
  io: Io,
  into: TableObject,
  entries: readonly Entry[],
): ReturnType<typeof entryCells> {
  const keys = entries.map(({ key }) => key)
  const found = await (await ProllyMap.load(io.nodes, into.rows)).getMany(keys)
  return entryCells(io.nodes.reader, rowShape(into.schema), found, into.schema.columns)
}

/** Whether rows can be copied as they are: cells at the end of a row may be left out. */
function isLaidAlike(from: RowShape, into: RowShape, others: RowCopy['others']): boolean {
  const [inner, outer] = [from.values.map(({ name }) => name), into.values.map(({ name }) => name)]
  const isPart = inner.length <= outer.length && inner.every((name, i) => name === outer[i])
  return isPart && (others === 'are empty' || inner.length === outer.length)
}

function sorted(edits: Edit[]): Edit[] {
  return edits.sort((a, b) => compareBytes(a.key, b.key))
}
