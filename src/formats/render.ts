// A table's rows as the bytes of its file, exactly as they were read. Where the file is not in key order, the rows of
// a window of keys are gathered by one scan of the map: as many scans as there are windows of bounded memory.
import { concatBytes } from '../base/bytes.ts'
import { VarveError } from '../base/errors.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import { ProllyMap } from '../prolly/map.ts'
import type { EntryBatch } from '../prolly/interface.ts'
import type { ReadOptions } from '../store/interface.ts'
import type { TableObject } from '../table/interface.ts'
import { withContents } from './contents.ts'
import { formatNamed } from './formats.ts'
import type { TableRenderer } from './interface.ts'
import { orderedBatches } from './order.ts'

const chunkBytes = 256 << 10

/** @throws VarveError VARVE_CORRUPT; VARVE_NOT_POSSIBLE for a table without a file */
export async function* renderTable(
  nodes: NodeStore,
  table: TableObject,
  options: ReadOptions = {},
): AsyncGenerator<Uint8Array> {
  const renderer = rendererOf(table)
  const map = await ProllyMap.load(nodes, table.rows, options)
  const batches = table.order === null ? map.scan(options) : orderedBatches(nodes, map, table.order, options)
  yield* joined(pieces(renderer, batches, nodes, options))
}

export function rendererOf(table: TableObject): TableRenderer {
  const { layout } = table
  if (layout === null) {
    throw new VarveError(
      'VARVE_NOT_POSSIBLE',
      'the table has no file that it could be written to as it was',
      {
        hint: 'export it to a format of your choice',
      },
    )
  }
  return formatNamed(layout.format).renderer(table, layout)
}

async function* pieces(
  renderer: TableRenderer,
  batches: AsyncIterable<EntryBatch>,
  nodes: NodeStore,
  options: ReadOptions,
): AsyncGenerator<Uint8Array> {
  // The last line end is dropped when the file has none: the piece that may hold it is kept back.
  let held = renderer.head
  for await (const batch of batches) {
    for await (const rows of withContents(batch, nodes.reader, options)) {
      yield held
      const bytes = renderer.rows(rows)
      // The memory of a long piece is used again for the next one; only its line end is kept back.
      const from = bytes.length - 2 < chunkBytes ? 0 : bytes.length - 2
      if (from > 0) yield bytes.subarray(0, from)
      held = bytes.slice(from)
    }
  }
  yield renderer.finalEol ? held : withoutEol(held)
  yield renderer.trailer
}

function withoutEol(bytes: Uint8Array): Uint8Array {
  const isPair = bytes.at(-1) === 10 && bytes.at(-2) === 13
  return bytes.subarray(0, Math.max(0, bytes.length - (isPair ? 2 : 1)))
}

/** Joins pieces to chunks that are large enough to be written. */
async function* joined(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pending: Uint8Array[] = []
  let length = 0
  for await (const piece of source) {
    const isLong = piece.length >= chunkBytes
    if (!isLong) {
      pending.push(piece)
      length += piece.length
    }
    if (!isLong && length < chunkBytes) continue
    if (length > 0) yield concatBytes(pending)
    pending = []
    length = 0
    if (isLong) yield* copiedParts(piece)
  }
  if (length > 0) yield concatBytes(pending)
}

function* copiedParts(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.slice(at, at + chunkBytes)
}
