// The rows of a file as cells, in its order and in bounded memory: for whoever keeps no table of them. They are proved as
// those of a table are, but for rows that no table can hold: these are given as they stand there. That a key comes twice is
// for the reader to find out.
import type { Cid } from '../encoding/cid.ts'
import { entryAt } from '../prolly/entry-batch.ts'
import { contentCid } from '../table/content.ts'
import type { Cell, Column } from '../table/interface.ts'
import { decodeKey } from '../table/key.ts'
import { absentSlot } from '../table/row.ts'
import { entrySlots, type RowShape, rowShape } from '../table/rows.ts'
import { slotCell } from '../table/slot.ts'
import { formatNamed } from './formats.ts'
import type { ReadRowsOptions, SliceRows } from './interface.ts'
import { entriesOf, type PackedRows } from './packed.ts'
import { SliceReader } from './reading.ts'
import { Slicer } from './slicer.ts'

const batchRows = 512

export interface FileRows {
  /** As far as they are known: those of a JSON Lines file grow. */
  readonly columns: readonly Column[]
  /** A cell a column; views that the next batch spoils. */
  readonly rows: Cell[][]
}

/** @throws VarveError VARVE_RULE_VIOLATED with {path, line, column?, reason}; NotATable */
export async function* readRows(
  source: AsyncIterable<Uint8Array>,
  options: ReadRowsOptions,
): AsyncGenerator<FileRows> {
  const slicer = new Slicer(source, options.signal)
  try {
    const file = await formatNamed(options.format).open(slicer, options)
    const reader = new SliceReader(slicer, file, options)
    for await (const { result, large } of reader.slices(() => null, 'are given')) {
      const { schema } = file.finish({ finalEol: true, trailer: '' })
      const shape = rowShape(schema)
      for (const rows of cellsOf(shape, result as SliceRows)) yield { columns: schema.columns, rows }
      if (large !== null) yield { columns: large.columns, rows: [large.cells] }
    }
  } finally {
    await slicer.close()
  }
}

function* cellsOf(shape: RowShape, packed: PackedRows): Generator<Cell[][]> {
  const links = (packed.contents ?? []).map(contentCid)
  const contents = new Map<Cid, Uint8Array>(links.map((cid, i) => [cid, packed.contents![i]!]))
  const batch = entriesOf(packed, links)
  const row = (i: number): Cell[] => {
    const entry = entryAt(batch, i)
    const key = decodeKey(shape.schema, entry.key)
    const slots = entrySlots(shape, entry)
    return shape.places.map((place) =>
      place.key >= 0 ? key[place.key]! : slotCell(slots.cells[place.value] ?? absentSlot, contents),
    )
  }
  for (let from = 0; from < batch.count; from += batchRows) {
    const count = Math.min(batchRows, batch.count - from)
    yield Array.from({ length: count }, (_, i) => row(from + i))
  }
}
