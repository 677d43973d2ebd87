// The rows of a table that lies in files, packed. Those of one file are packed by threads, and those of several many files at
// once. What cannot be done so as it is done cell by cell (columns of bytes) is packed here from cells.
import { CellPacker } from '../../formats/columnar/pack-cells.ts'
import type { PackedSlice, PackingOptions } from '../../formats/columnar/packed-source.ts'
import { readSlices } from '../../formats/read-slices.ts'
import { fileBytesWorthThreads } from '../../formats/slice-jobs.ts'
import type { Cell } from '../../table/interface.ts'
import { tableFormat } from './file-name.ts'
import type { FilesTable, OpenedFile } from './interface.ts'
import { SeveralFiles } from './several-files.ts'
import { shownRow, tableRows } from './read.ts'
import { asWaiting } from './waiting.ts'

export async function* packedRows(
  table: FilesTable,
  open: (path: string) => Promise<OpenedFile>,
  options: PackingOptions,
): AsyncGenerator<PackedSlice> {
  const packer = new CellPacker(options.shape, options.where)
  const packed = (rows: Cell[][]): PackedSlice => ({ rows: packer.pack(rows, options.unfit) })
  const [path] = table.files
  if (path === undefined || !isForBytes(table)) {
    for await (const rows of tableRows(table, open, options.onMisfit)) yield packed(rows)
    return
  }
  if (table.files.length > 1) {
    for await (const rows of new SeveralFiles(table, open, options).rows()) yield { rows }
    return
  }
  for await (const slice of fileSlices(path, open, options))
    // Too many rows that cannot be kept stop the table for as long as it stays so: no reason to wait.
    yield 'large' in slice ? packed([shownRow(table, path, slice.large.columns)(slice.large.cells)]) : slice
}

/** Bytes are spelled otherwise in what is imported, and a nested value is no key. */
function isForBytes({ columns, key }: FilesTable): boolean {
  return !columns.some(({ name, type }) => type === 'bytes' || (type === 'json' && key.includes(name)))
}

/** @throws VarveError with `waits` for what is wrong with the file */
async function* fileSlices(
  path: string,
  open: (path: string) => Promise<OpenedFile>,
  { shape, leafOptions, pool, signal, onMisfit }: PackingOptions,
): ReturnType<typeof readSlices> {
  const file = await open(path)
  try {
    // A file of JSON Lines without rows has no bytes.
    if (await file.isEmpty()) return
    const format = tableFormat(path)!
    // A further version leaves little to pack.
    if (file.bytesLength >= fileBytesWorthThreads) pool.warm(leafOptions()?.known === null ? 2 : 1)
    yield* readSlices(file.bytes(signal), { format, shape, where: path, pool, leafOptions, signal, onMisfit })
  } catch (error) {
    throw asWaiting(path, error)
  } finally {
    await file.close()
  }
}
