// Reads the rows of a table out of its files, in bounded memory where it is one file. Of several the last one comes
// first: what a later file says of a row counts, and earlier ones are not asked any more.
import { sha256Hex } from '../../base/platform.ts'
import { utf8 } from '../../base/bytes.ts'
import { inOrder } from '../../base/in-order.ts'
import { type Misfit, fitsAsText, misfitText } from '../../formats/misfits/misfits.ts'
import { readRows } from '../../formats/read-rows.ts'
import { shownCell } from '../../formats/shown-cell.ts'
import { columnPlaces } from '../../table/column-places.ts'
import { absentCell, nullCell } from '../../table/cell.ts'
import type { Cell, Column } from '../../table/interface.ts'
import { tableFormat } from './file-name.ts'
import { keyOf } from './infer-key.ts'
import type { FilesTable, OpenedFile } from './interface.ts'
import { asWaiting } from './waiting.ts'

/** Most of them were not changed: then there is little to hold. */
const looksAtOnce = 32

/** A digest of the files that make the table, and of how they are read. */
export async function digestOf(
  { files, columns, key }: FilesTable,
  digest: (path: string) => Promise<string>,
): Promise<string> {
  const parts: unknown[] = [columns.map(({ name, type }) => [name, type]), key]
  // Of several that are at fault it is always the first one that is named.
  for await (const part of inOrder(files, looksAtOnce, async (path) => [path, await digest(path)]))
    parts.push(part)
  return sha256Hex(utf8(JSON.stringify(parts)))
}

export async function* tableRows(
  table: FilesTable,
  open: (path: string) => Promise<OpenedFile>,
  onMisfit?: (misfit: Misfit) => void,
): AsyncGenerator<Cell[][]> {
  const { files, columns, key } = table
  const places = columnPlaces(columns, key)
  const seen = files.length > 1 ? new Set<string>() : null
  for (const path of files.toReversed()) {
    const file = await open(path)
    const own = seen === null ? null : new Set<string>()
    try {
      if (await file.isEmpty()) continue
      for await (const rows of fileRows(table, path, file.bytes())) {
        const wanted =
          seen === null || own === null ? rows : rows.filter((row) => isNew(keyOf(row, places), seen, own))
        if (onMisfit !== undefined) tellMisfits(table, path, wanted, onMisfit)
        yield wanted
      }
    } catch (error) {
      throw asWaiting(path, error)
    } finally {
      await file.close()
    }
    for (const one of own ?? []) seen!.add(one)
  }
}

/** A key that comes twice in one file is a fault, which whoever takes the rows finds. */
function isNew(key: string, seen: ReadonlySet<string>, own: Set<string>): boolean {
  if (seen.has(key)) return false
  own.add(key)
  return true
}

export function tellMisfits(
  { columns }: FilesTable,
  where: string,
  rows: readonly (readonly Cell[])[],
  onMisfit: (misfit: Misfit) => void,
): void {
  // In JSON Lines a text is one of the values that a column of several kinds has.
  const isJsonl = tableFormat(where) === 'jsonl'
  for (const [i, { name: column, type }] of columns.entries()) {
    if (type === 'text' || (isJsonl && type === 'json')) continue
    for (const row of rows) {
      const { kind, bytes } = row[i]!
      if (kind === 'text' && !fitsAsText(type, bytes, 0, bytes.length))
        onMisfit({ column, type, count: 1, text: misfitText(bytes), line: null, where })
    }
  }
}

/** Of a file that is not empty. */
export async function* fileRows(
  table: FilesTable,
  path: string,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Cell[][]> {
  const format = tableFormat(path)!
  let known: readonly Column[] = []
  let shown = shownRow(table, path, known)
  for await (const { columns, rows } of readRows(bytes, { format, key: table.key, where: path })) {
    if (columns.length !== known.length) {
      known = columns
      shown = shownRow(table, path, known)
    }
    yield rows.map((row) => shown(row))
  }
}

/** Makes a row of the table of one with the columns that the file has. */
export function shownRow(
  { columns }: FilesTable,
  path: string,
  found: readonly Column[],
): (row: readonly Cell[]) => Cell[] {
  const cells = tableFormat(path) === 'jsonl' ? 'typed' : 'text'
  const nothing = cells === 'text' ? nullCell : absentCell
  const places = columnPlaces(
    found,
    columns.map(({ name }) => name),
  )
  return (row) =>
    columns.map(({ type }, i) => (places[i]! < 0 ? nothing : shownCell(row[places[i]!]!, type, cells)))
}
