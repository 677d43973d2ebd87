// All rows of a table that has none, by one COPY. The key guards them: where another writer has put a row under one of
// their keys meanwhile, COPY fails as a whole. Then, and wherever else it fails, rows are written batch by batch, which
// finds out which of them it is.
import { once } from 'node:events'
import type { Client } from 'pg'
import { type CopyStreamQuery, from as copyFrom } from 'pg-copy-streams'
import { throwIfAborted } from '../../../base/errors.ts'
import type { PlannedRows } from '../../interface.ts'
import { CopyLines } from './copy-lines.ts'
import type { PostgresTable } from '../discover.ts'
import { isRefusal } from '../failure.ts'
import type { RowDigest } from '../writing/row-digest.ts'
import { quoteName } from '../sql.ts'

/** A socket of the system takes some 200 KiB ahead: more at once, and the server waits while they are made. */
const chunkBytes = 64 << 10
/** "Feature not supported": COPY into what has policies. */
const notForCopy = '0A000'

export interface CopyOptions {
  /** Is given all rows; null: nobody asks. */
  readonly digest: RowDigest | null
  readonly signal: AbortSignal | undefined
}

/** Whether all rows are there; else none is. */
export async function copyAll(
  client: Client,
  table: PostgresTable,
  planned: PlannedRows,
  options: CopyOptions,
): Promise<boolean> {
  await client.query('SAVEPOINT varve')
  try {
    const written = await copy(client, table, planned, options)
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
  { digest, signal }: CopyOptions,
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
      lines.add(batch, digest)
      if (lines.length < chunkBytes) continue
      for (const chunk of lines.take()) await send(stream, ended, chunk)
      if (stream.errored !== null) break
    }
  } catch (error) {
    // The server is told, and the transaction is over.
    stream.destroy(error as Error)
    throw error
  }
  if (stream.errored === null) {
    for (const chunk of lines.take()) await send(stream, ended, chunk)
    stream.end()
  }
  await ended
  return stream.rowCount
}

async function send(stream: CopyStreamQuery, ended: Promise<unknown>, chunk: Uint8Array): Promise<void> {
  if (!stream.write(chunk)) await Promise.race([once(stream, 'drain'), ended])
}
