// All rows of a table that has none, by one COPY. The key guards them: where another writer has put a row under one of
// their keys meanwhile, COPY fails as a whole. Then, and wherever else it fails, rows are written batch by batch, which
// finds out which of them it is.
import { once } from 'node:events'
import type { Client } from 'pg'
import { type CopyStreamQuery, from as copyFrom } from 'pg-copy-streams'
import { throwIfAborted } from '../../base/errors.ts'
import type { PlannedRows } from '../interface.ts'
import { CopyLines } from './copy-lines.ts'
import type { PostgresTable } from './discover.ts'
import { isRefusal } from './failure.ts'
import { quoteName } from './sql.ts'

const chunkBytes = 256 << 10
/** "Feature not supported": COPY into what has policies. */
const notForCopy = '0A000'

/** Whether all rows are there; else none is. */
export async function copyAll(
  client: Client,
  table: PostgresTable,
  planned: PlannedRows,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  // Rules apply to statements and not to COPY.
  const { rows } = await client.query<{ has: boolean }>(
    'SELECT relhasrules AS has FROM pg_class WHERE oid = $1::regclass',
    [table.sql],
  )
  if (rows[0]!.has) return false
  await client.query('SAVEPOINT varve')
  try {
    const written = await copy(client, table, planned, signal)
    // A trigger may have left some out.
    const isWhole = written === planned.count
    await client.query(isWhole ? 'RELEASE SAVEPOINT varve' : 'ROLLBACK TO SAVEPOINT varve')
    return isWhole
  } catch (error) {
    if (!isRefusal(error) && (error as { code?: unknown }).code !== notForCopy) throw error
    await client.query('ROLLBACK TO SAVEPOINT varve')
    return false
  }
}

async function copy(
  client: Client,
  table: PostgresTable,
  planned: PlannedRows,
  signal: AbortSignal | undefined,
): Promise<number> {
  const columns = table.columns.filter(({ generated }) => !generated).map(({ name }) => quoteName(name))
  const stream = client.query(copyFrom(`COPY ${table.sql} (${columns.join(', ')}) FROM STDIN`))
  const ended = once(stream, 'finish')
  // Whoever awaits it below hears of a failure.
  ended.catch(() => undefined)
  const lines = new CopyLines(table, planned.shape)
  try {
    for await (const batch of planned.rows()) {
      throwIfAborted(signal)
      lines.add(batch)
      if (lines.length >= chunkBytes) await send(stream, ended, lines.take())
      if (stream.errored !== null) break
    }
  } catch (error) {
    // The server is told, and the transaction is over.
    stream.destroy(error as Error)
    throw error
  }
  if (stream.errored === null) stream.end(lines.take())
  await ended
  return stream.rowCount
}

async function send(stream: CopyStreamQuery, ended: Promise<unknown>, chunk: Uint8Array): Promise<void> {
  if (!stream.write(chunk)) await Promise.race([once(stream, 'drain'), ended])
}
