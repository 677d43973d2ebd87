// How rows get to the server: a few as arrays of text in the statement itself; many by COPY into a temporary table, which
// takes a tenth of the time, and from which any part of them can be taken again without sending it again.
import { once } from 'node:events'
import type { Client } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { RowChange } from '../../interface.ts'
import { StagedLines } from './staged-lines.ts'
import { type Statement, widthOf } from './statements.ts'
import { textOfCell } from '../types.ts'

/** Fewer rows go along with the statement, unless they are long. */
export const copiedRowsMin = 200
/** Of values that lie outside their rows. Along with a statement they would be in memory five times. */
const alongBytesMax = 1 << 20

/** Rows that are at the server, numbered from 1, or go along with each statement. */
export interface Staged {
  /** Runs the statement on the rows from `start` (from 0) up to `end`; numbers, from 0, of those not as expected. */
  run(start: number, end: number): Promise<number[]>
  /** Runs the statement on all rows; returns whether all were as expected. */
  runAll(): Promise<boolean>
}

/** A batch on its way to the server. */
export interface Batch {
  readonly statement: Statement
  readonly changes: readonly RowChange[]
  /** null: they go along. */
  readonly lines: StagedLines | null
}

export function batchOf(statement: Statement, changes: readonly RowChange[]): Batch {
  const goAlong = changes.length < copiedRowsMin && contentBytesOf(changes) <= alongBytesMax
  const lines = goAlong ? null : new StagedLines(statement, changes)
  return { statement, changes, lines }
}

function contentBytesOf(changes: readonly RowChange[]): number {
  let bytes = 0
  for (const { contentBytes } of changes) bytes += contentBytes ?? 0
  return bytes
}

/** Begins a savepoint, and sends the rows. What was staged before is gone. */
export async function stageRows(client: Client, { statement, changes, lines }: Batch): Promise<Staged> {
  if (lines === null) {
    await client.query('SAVEPOINT varve')
    return rowsAlong(client, statement, changes)
  }
  const width = widthOf(statement)
  const name = `pg_temp.varve_stage_${width}`
  const columns = Array.from({ length: width }, (_, i) => `c${i} text`).join(', ')
  await client.query(
    `SAVEPOINT varve; CREATE TEMP TABLE IF NOT EXISTS varve_stage_${width} (n int, ${columns}) ON COMMIT DROP; TRUNCATE ${name}`,
  )
  await copyLines(client, name, lines)
  const all = `SELECT * FROM ${name}`
  const some = statement.text(`${all} WHERE n > $1 AND n <= $2`)
  return {
    run: (start, end) => missed(client, some, [start, end], 0),
    runAll: () => runAll(client, statement, { source: all, values: [], count: changes.length }),
  }
}

/** Rows that travel as parameters of each statement. */
export function rowsAlong(client: Client, statement: Statement, changes: readonly RowChange[]): Staged {
  const width = widthOf(statement)
  const source = arraysSource(width)
  const valuesOf = (start: number, end: number): (string | null)[][] => {
    const rows = changes.slice(start, end).map((change) => {
      const { before, after } = change
      return [
        ...statement.before.map((place) => before![place]!),
        ...statement.after.map((place) => after![place]!),
      ]
    })
    return Array.from({ length: width }, (_, i) => rows.map((cells) => textOfCell(cells[i]!)))
  }
  return {
    run: (start, end) => missed(client, statement.text(source), valuesOf(start, end), start),
    runAll: () =>
      runAll(client, statement, { source, values: valuesOf(0, changes.length), count: changes.length }),
  }
}

async function missed(client: Client, sql: string, values: unknown[], offset: number): Promise<number[]> {
  const { rows } = await client.query<{ n: string }>(sql, values)
  return rows.map(({ n }) => offset + Number(n) - 1)
}

async function runAll(
  client: Client,
  { plain, text }: Statement,
  { source, values, count }: { readonly source: string; readonly values: unknown[]; readonly count: number },
): Promise<boolean> {
  if (plain === null) return (await missed(client, text(source), values, 0)).length === 0
  return (await client.query(plain(source), values)).rowCount === count
}

function arraysSource(width: number): string {
  const arrays = Array.from({ length: width }, (_, i) => `$${i + 1}::text[]`).join(', ')
  const names = Array.from({ length: width }, (_, i) => `c${i}`).join(', ')
  return `SELECT * FROM unnest(${arrays}) WITH ORDINALITY AS u(${names}, n)`
}

async function copyLines(client: Client, name: string, lines: StagedLines): Promise<void> {
  const stream = client.query(copyFrom(`COPY ${name} FROM STDIN`))
  const ended = once(stream, 'finish')
  // Whoever awaits it below hears of a failure.
  ended.catch(() => undefined)
  try {
    for (const chunk of lines.chunks())
      if (!stream.write(chunk)) await Promise.race([once(stream, 'drain'), ended])
  } catch (error) {
    // The server waits for lines, and for nothing else, until it is told that none will come.
    stream.destroy()
    throw error
  }
  stream.end()
  await ended
}
