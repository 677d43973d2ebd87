// The one row a link keeps in the database itself: which commit it was brought to, and who may write. It changes in the
// same transaction as the rows, so that it is restored with them from a backup, and a worker that was overtaken is
// noticed before it has written anything.
import type { Client, QueryResult } from 'pg'
import type { Checkpoint } from '../interface.ts'
import { takenOverError } from '../taken-over-error.ts'
import { stateTable } from './discover.ts'
import type { OwnSpan } from './writing/own-writes.ts'
import { quoteText } from './sql.ts'

const createTable = `
  CREATE TABLE IF NOT EXISTS ${stateTable} (
    link text PRIMARY KEY,
    fence bigint NOT NULL,
    base_commit text,
    applied_at timestamptz
  )`

interface StateRow {
  fence: string
  base_commit: string | null
}

export async function readState(client: Client, link: string): Promise<Checkpoint | null> {
  if (!(await isThere(client))) return null
  const { rows } = await client.query<StateRow>(
    `SELECT fence, base_commit FROM ${stateTable} WHERE link = $1`,
    [link],
  )
  return rows[0] === undefined ? null : checkpointOf(rows[0])
}

async function isThere(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>('SELECT to_regclass($1) IS NOT NULL AS found', [
    stateTable,
  ])
  return rows[0]!.found
}

/** Only where it is not: the statement needs a right that whoever uses the table need not have. */
async function makeTable(client: Client): Promise<void> {
  if (await isThere(client)) return
  try {
    await client.query(createTable)
  } catch (error) {
    // When two make it at once, one is told that some name in the catalogue is taken.
    if (!(await isThere(client))) throw error
  }
}

export async function takeOver(client: Client, link: string): Promise<Checkpoint> {
  await makeTable(client)
  const { rows } = await client.query<StateRow>(
    `INSERT INTO ${stateTable} AS s (link, fence) VALUES ($1, 1)
     ON CONFLICT (link) DO UPDATE SET fence = s.fence + 1 RETURNING fence, base_commit`,
    [link],
  )
  return checkpointOf(rows[0]!)
}

/**
 * Inside the transaction that writes the rows; which numbers the server has given it so far. @throws VARVE_NOT_POSSIBLE when
 * another worker has taken over
 */
export async function writeState(
  client: Client,
  state: { link: string; fence: number; base: string },
): Promise<OwnSpan> {
  // Inside one more, so that all that was given before is less. In one message: a small transaction is mostly messages.
  const results = await client.query(
    `SAVEPOINT varve;
     UPDATE ${stateTable} t SET base_commit = ${quoteText(state.base)}, applied_at = now()
       WHERE link = ${quoteText(state.link)} AND fence = ${BigInt(state.fence)}
     RETURNING txid_current()::text AS top, ((t.xmin::text::bigint - txid_current()) & 4294967295)::text AS behind;
     RELEASE SAVEPOINT varve`,
  )
  const [, { rows }] = results as unknown as [unknown, QueryResult<{ top: string; behind: string }>]
  if (rows[0] !== undefined) return { top: BigInt(rows[0].top), length: Number(rows[0].behind) }
  throw takenOverError(state.link)
}

function checkpointOf(row: StateRow): Checkpoint {
  return { fence: Number(row.fence), base: row.base_commit }
}
