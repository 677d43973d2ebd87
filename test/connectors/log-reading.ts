// What the tests of all change logs do: begin a log at its snapshot, open it at a mark, and read changes as lines of text.
import { utf8Text } from '../../src/base/bytes.ts'
import type { ChangeLog, LogChange, LogMark, LogReader } from '../../src/connectors/change-log.ts'
import type { EndpointTable } from '../../src/connectors/interface.ts'
import type { Cell } from '../../src/table/interface.ts'

export async function beginLog(
  log: ChangeLog,
  link: string,
  tables: readonly EndpointTable[],
): Promise<LogMark> {
  const { position, snapshot } = await log.begin(link, tables)
  await snapshot.close()
  return { position, acknowledged: position }
}

export async function openReader(
  log: ChangeLog,
  tables: readonly EndpointTable[],
  mark: LogMark,
): Promise<LogReader> {
  const reader = await log.open(tables, mark)
  if ('lost' in reader) throw new Error(reader.lost)
  return reader
}

/** Why the log after `mark` is lost. */
export async function lostReason(
  log: ChangeLog,
  tables: readonly EndpointTable[],
  mark: LogMark,
): Promise<string> {
  const reader = await log.open(tables, mark)
  return 'lost' in reader ? reader.lost : 'it is there'
}

/** All changes up to now. */
export async function readChanges(reader: LogReader): Promise<LogChange[]> {
  const found: LogChange[] = []
  for await (const part of reader.read(await reader.now())) found.push(...part.changes)
  return found
}

export function changeText(change: LogChange): string {
  switch (change.kind) {
    case 'put':
      return `put ${cellsText(change.after)}${change.oldKey === null ? '' : `, was ${cellsText(change.oldKey)}`}`
    case 'delete':
      return `delete ${cellsText(change.key)}`
    case 'unclear':
      return `unclear: ${change.reason}`
  }
}

export function cellsText(cells: readonly (Cell | null)[]): string {
  return cells
    .map((cell) => (cell === null ? '(as it was)' : cell.kind === 'null' ? 'null' : utf8Text(cell.bytes)))
    .join(' ')
}
