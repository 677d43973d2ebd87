// How rows get to the server: a few as arrays of text in the statement itself; many by COPY into a temporary table, which
// takes a tenth of the time, and from which any part of them can be taken again without sending it again.
import { once } from 'node:events'
import type { Client } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { utf8 } from '../../base/bytes.ts'
import type { RowChange } from '../interface.ts'
import { CopyBuffer } from './copy-buffer.ts'
import type { Statement } from './statements.ts'
import { textOfCell } from './types.ts'

/** Fewer rows go along with the statement. */
export const copiedRowsMin = 200
const chunkBytes = 256 << 10

/** Rows that are at the server, numbered from 1, or go along with each statement. */
export interface Staged {
  /** Runs the statement on the rows from `start` (from 0) up to `end`; numbers, from 0, of those not as expected. */
  run(start: number, end: number): Promise<number[]>
}

export async function stageRows(
  client: Client,
  statement: Statement,
  changes: readonly RowChange[],
): Promise<Staged> {
  const { width, text } = statement
  if (changes.length < copiedRowsMin) return rowsAlong(client, statement, changes)
  const name = `varve_stage_${width}`
  const columns = Array.from({ length: width }, (_, i) => `c${i} text`).join(', ')
  await client.query(`CREATE TEMP TABLE IF NOT EXISTS ${name} (n int, ${columns}) ON COMMIT DROP`)
  await client.query(`TRUNCATE ${name}`)
  await copyRowsTo(client, name, statement, changes)
  const sql = text(`SELECT * FROM ${name} WHERE n > $1 AND n <= $2`)
  return { run: (start, end) => places(client, sql, [start, end], 0) }
}

/** Rows that go along with each statement. */
export function rowsAlong(
  client: Client,
  { width, text, row }: Statement,
  changes: readonly RowChange[],
): Staged {
  return {
    run: async (start, end) => {
      const rows = changes.slice(start, end).map((change) => row(change))
      const values = Array.from({ length: width }, (_, i) => rows.map((cells) => textOfCell(cells[i]!)))
      return places(client, text(arraysSource(width)), values, start)
    },
  }
}

async function places(client: Client, sql: string, values: unknown[], offset: number): Promise<number[]> {
  const { rows } = await client.query<{ n: string }>(sql, values)
  return rows.map(({ n }) => offset + Number(n) - 1)
}

function arraysSource(width: number): string {
  const arrays = Array.from({ length: width }, (_, i) => `$${i + 1}::text[]`).join(', ')
  const names = Array.from({ length: width }, (_, i) => `c${i}`).join(', ')
  return `SELECT * FROM unnest(${arrays}) WITH ORDINALITY AS u(${names}, n)`
}

async function copyRowsTo(
  client: Client,
  name: string,
  statement: Statement,
  changes: readonly RowChange[],
): Promise<void> {
  const stream = client.query(copyFrom(`COPY ${name} FROM STDIN`))
  const ended = once(stream, 'finish')
  // Whoever awaits it below hears of a failure.
  ended.catch(() => undefined)
  const lines = new CopyBuffer()
  for (const [i, change] of changes.entries()) {
    const number = utf8(String(i + 1))
    lines.text(number, 0, number.length)
    for (const cell of statement.row(change)) {
      lines.tab()
      lines.cell(cell)
    }
    lines.endLine()
    if (lines.length < chunkBytes) continue
    if (!stream.write(lines.take())) await Promise.race([once(stream, 'drain'), ended])
  }
  stream.end(lines.take())
  await ended
}
