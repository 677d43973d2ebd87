// Where a server writes its binary log: now, and at the moment of a snapshot.
import { Session } from '../session.ts'
import type { ConnectionOptions } from 'mysql2'
import type { MysqlTable } from '../discover.ts'
import { numberOf } from '../failure.ts'
import type { BinlogPlace } from './position.ts'

const unknownStatement = 1064
/** In s. Whoever wants to write to the tables waits as long, behind a transaction that keeps us waiting. */
const lockWaitMax = 5

/** What the server says of its log: file, offset, and the databases that it has alone, or not. */
export async function logEnd(session: Session): Promise<(string | null)[] | null> {
  try {
    return (await session.texts('SHOW MASTER STATUS'))[0] ?? null
  } catch (error) {
    // MySQL's word from 8.4 on.
    if (numberOf(error) !== unknownStatement) throw error
    return (await session.texts('SHOW BINARY LOG STATUS'))[0] ?? null
  }
}

export async function placeNow(session: Session): Promise<BinlogPlace> {
  const row = await logEnd(session)
  return { file: row![0]!, at: Number(row![1]) }
}

/** The place of the session's snapshot, where the server tells it: MariaDB. */
export async function placeOfSnapshot(session: Session): Promise<BinlogPlace> {
  const rows = await session.texts("SHOW STATUS LIKE 'binlog\\_snapshot\\_%'")
  const found = new Map(rows.map(([name, value]) => [name!.toLowerCase(), value!]))
  return { file: found.get('binlog_snapshot_file')!, at: Number(found.get('binlog_snapshot_position')) }
}

/**
 * Runs `work` while nobody writes to the tables: every transaction that wrote to them has ended for the engine as well as
 * for the log. MySQL's log has them before its engine shows them.
 */
export async function whileStill<T>(
  address: ConnectionOptions,
  tables: readonly MysqlTable[],
  work: () => Promise<T>,
): Promise<T> {
  const locker = await Session.open(address)
  try {
    await locker.execute(`SET SESSION lock_wait_timeout = ${lockWaitMax}`)
    await locker.execute(`LOCK TABLES ${tables.map(({ sql }) => `${sql} READ`).join(', ')}`)
    return await work()
  } finally {
    await locker.close()
  }
}
