// The one row a link keeps in the database itself: which commit it was brought to, and who may write. It changes in the
// same transaction as the rows, so that it is restored with them from a backup, and a worker that was overtaken is
// noticed before it has written anything.
import type { Client, QueryResult } from 'pg'
import type { Checkpoint } from '../interface.ts'
import { takenOverError } from '../taken-over-error.ts'
import { stateTable } from './discover.ts'
import type { OwnSpan } from './writing/own-writes.ts'
import { quoteName, quoteText } from './sql.ts'

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

/** Where the table is: in the schema that is known, if it is there still, and else where its name leads. */
interface Found {
  readonly sql: string
  readonly place: string
}

export async function readState(
  client: Client,
  link: string,
  place: string | null,
): Promise<Checkpoint | null> {
  const found = await find(client, place)
  if (found === null) return null
  const { rows } = await client.query<StateRow>(
    `SELECT fence, base_commit FROM ${found.sql} WHERE link = $1`,
    [link],
  )
  return rows[0] === undefined ? null : checkpointOf(rows[0], found)
}

async function find(client: Client, place: string | null): Promise<Found | null> {
  const { rows } = await client.query<{ place: string }>(
    `SELECT n.nspname AS place FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relname = $1 AND (c.oid = to_regclass($1) OR n.nspname = $2 AND has_schema_privilege(n.oid, 'USAGE'))
      ORDER BY n.nspname = $2 DESC NULLS LAST LIMIT 1`,
    [stateTable, place],
  )
  const [row] = rows
  return row === undefined ? null : { sql: sqlOf(row.place), place: row.place }
}

function sqlOf(place: string | null): string {
  return place === null ? stateTable : `${quoteName(place)}.${stateTable}`
}

/** Only where it is not: the statement needs a right that whoever uses the table need not have. */
async function madeTable(client: Client, place: string | null): Promise<Found> {
  const known = await find(client, place)
  if (known !== null) return known
  const failure = await client.query(createTable).then(
    () => null,
    (error: unknown) => error,
  )
  const made = await find(client, null)
  // When two make it at once, one is told that some name in the catalogue is taken.
  if (made === null) throw failure ?? new Error(`the table ${stateTable} is not found`)
  return made
}

export async function takeOver(client: Client, link: string, place: string | null): Promise<Checkpoint> {
  const table = await madeTable(client, place)
  const { rows } = await client.query<StateRow>(
    `INSERT INTO ${table.sql} AS s (link, fence) VALUES ($1, 1)
     ON CONFLICT (link) DO UPDATE SET fence = s.fence + 1 RETURNING fence, base_commit`,
    [link],
  )
  return checkpointOf(rows[0]!, table)
}

/**
 * Inside the transaction that writes the rows; which numbers the server has given it so far. @throws VARVE_NOT_POSSIBLE when
 * another worker has taken over
 */
export async function writeState(
  client: Client,
  state: { link: string; fence: number; base: string },
  place: string | null,
): Promise<OwnSpan> {
  // Inside one more, so that all that was given before is less. In one message: a small transaction is mostly messages.
  const results = await client.query(
    `SAVEPOINT varve;
     UPDATE ${sqlOf(place)} t SET base_commit = ${quoteText(state.base)}, applied_at = now()
       WHERE link = ${quoteText(state.link)} AND fence = ${BigInt(state.fence)}
     RETURNING txid_current()::text AS top, ((t.xmin::text::bigint - txid_current()) & 4294967295)::text AS behind;
     RELEASE SAVEPOINT varve`,
  )
  const [, { rows }] = results as unknown as [unknown, QueryResult<{ top: string; behind: string }>]
  if (rows[0] !== undefined) return { top: BigInt(rows[0].top), length: Number(rows[0].behind) }
  throw takenOverError(state.link)
}

function checkpointOf(row: StateRow, { place }: Found): Checkpoint {
  return { fence: Number(row.fence), base: row.base_commit, place }
}
