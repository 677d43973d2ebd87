// The one row a link keeps in the database itself: which commit it was brought to, and who may write. It changes in the
// same transaction as the rows, so that it is restored with them from a backup, and a worker that was overtaken is
// noticed before it has written anything.
import type { Checkpoint } from '../interface.ts'
import { takenOverError } from '../taken-over-error.ts'
import { stateTable } from './discover.ts'
import type { Session } from './session.ts'
import { quoteText } from './sql.ts'

const createTable = `
  CREATE TABLE IF NOT EXISTS ${stateTable} (
    link VARBINARY(512) NOT NULL PRIMARY KEY,
    fence BIGINT NOT NULL,
    base_commit VARCHAR(64) CHARACTER SET ascii,
    applied_at TIMESTAMP(6) NULL
  ) ENGINE = InnoDB`

export async function readState(session: Session, link: string): Promise<Checkpoint | null> {
  return (await isThere(session)) ? readRow(session, link) : null
}

export async function takeOver(session: Session, link: string): Promise<Checkpoint> {
  // Even where it does nothing, the statement would be in the server's log.
  if (!(await isThere(session))) await session.execute(createTable)
  await session.execute('START TRANSACTION')
  await session.execute(
    `INSERT INTO ${stateTable} (link, fence) VALUES (${quoteText(link)}, 1) ON DUPLICATE KEY UPDATE fence = fence + 1`,
  )
  const state = await readRow(session, link)
  await session.execute('COMMIT')
  return state!
}

/** Inside the transaction that writes the rows. @throws VARVE_NOT_POSSIBLE when another worker has taken over */
export async function writeState(
  session: Session,
  state: { readonly link: string; readonly fence: number; readonly base: string },
): Promise<void> {
  const matched = await session.execute(
    `UPDATE ${stateTable} SET base_commit = ${quoteText(state.base)}, applied_at = CURRENT_TIMESTAMP(6)
      WHERE link = ${quoteText(state.link)} AND fence = ${state.fence}`,
  )
  if (matched === 1) return
  throw takenOverError(state.link)
}

async function isThere(session: Session): Promise<boolean> {
  const found = await session.texts(
    `SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '${stateTable}'`,
  )
  return found.length > 0
}

async function readRow(session: Session, link: string): Promise<Checkpoint | null> {
  const [row] = await session.texts(
    `SELECT fence, base_commit FROM ${stateTable} WHERE link = ${quoteText(link)}`,
  )
  return row === undefined ? null : { fence: Number(row[0]), base: row[1] ?? null }
}
