// Reads a file once more before it is written: the dialect is guessed from a file's own bytes, and an added row may
// make it look like another one. Rows that would be read differently are found here, before any harm is done.
import { sameCell } from '../../table/cell.ts'
import { toHex } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import { diffMaps } from '../../prolly/diff.ts'
import type { Difference } from '../../prolly/interface.ts'
import type { TableObject } from '../../table/interface.ts'
import { contentRuns, entryContentBytes } from '../../table/content-runs.ts'
import { entryCells } from '../../table/entry-cells.ts'
import { Table } from '../../table/table.ts'
import type { FileTable } from './file-table.ts'
import { asWaiting } from './waiting.ts'

/** Keys, in hex, of rows that a reader of the file would take for others. @throws VarveError VARVE_NOT_POSSIBLE */
export async function rowsReadDifferently(file: FileTable, table: TableObject): Promise<Set<string>> {
  const { nodes, path, shape } = file
  const made = await Table.of(nodes, table)
  // A file of JSON Lines without rows is one of no bytes.
  if (made.count === 0 && table.layout!.format === 'jsonl') return new Set()
  const read = await readBack(file, table)
  if (columnNames(read) !== columnNames(made)) throw unreadable(path, null)
  const strange = new Set<string>()
  for await (const differences of diffMaps(made.map, read.map)) {
    const bytesOf = ({ before, after }: Difference): number =>
      entryContentBytes(before) + entryContentBytes(after)
    for (const run of contentRuns(differences, bytesOf)) {
      const [before, after] = [run.map((one) => one.before), run.map((one) => one.after)]
      const ours = await entryCells(nodes.reader, made.shape, before, shape.columns)
      const theirs = await entryCells(nodes.reader, read.shape, after, shape.columns)
      for (const [i, { key }] of run.entries()) {
        const [a, b] = [ours[i], theirs[i]]
        const isSame =
          a !== null &&
          a !== undefined &&
          b !== null &&
          b !== undefined &&
          a.every((cell, at) => sameCell(cell, b[at]!))
        if (!isSame) strange.add(toHex(key))
      }
    }
  }
  return strange
}

async function readBack(file: FileTable, table: TableObject): Promise<Table> {
  try {
    return await Table.of(file.nodes, await file.read(file.render(table), table))
  } catch (error) {
    throw unreadable(file.path, asWaiting(file.path, error))
  }
}

function columnNames({ schema }: Table): string {
  return schema.columns.map(({ name }) => name).join('\0')
}

export function unreadable(path: string, cause: unknown): VarveError {
  const why = cause instanceof Error ? `: ${cause.message}` : ''
  return new VarveError('VARVE_NOT_POSSIBLE', `'${path}' could not be read again if it was written${why}`, {
    data: { path },
    cause,
    hint: 'nothing was written',
  })
}
