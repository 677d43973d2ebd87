// Why the binary log of a server, or of some tables, cannot be read for a link: for people.
import type { MysqlTable } from '../discover.ts'
import type { Session } from '../session.ts'

const charsets: ReadonlySet<string | null> = new Set([null, 'utf8mb4', 'utf8mb3', 'utf8', 'ascii', 'latin1'])

export function tableObstacle({ name, columns, changesByCascade, isVersioned }: MysqlTable): string | null {
  if (changesByCascade)
    return `rows of '${name}' change with those that they refer to, which the log leaves out`
  if (isVersioned) return `'${name}' is versioned by the system`
  const odd = columns.find(
    ({ family, charset }) => family === 'other' || family === 'uuid' || !charsets.has(charset),
  )
  if (odd !== undefined)
    return `column '${odd.name}' of '${name}' is ${odd.nativeType}${odd.charset === null ? '' : ` in ${odd.charset}`}, which the log has in another form`
  const packed = columns.find(({ nativeType }) => /\bCOMPRESSED\b/.test(nativeType))
  if (packed !== undefined) return `column '${packed.name}' of '${name}' is compressed, in the log as well`
  const virtual = columns.find(({ isVirtual }) => isVirtual)
  return virtual === undefined
    ? null
    : `column '${virtual.name}' of '${name}' is computed, and not in the log`
}

export async function serverObstacle(session: Session): Promise<string | null> {
  const rows = await session.texts(
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_bin', 'binlog_format', 'binlog_row_image', 'log_bin_compress', 'version')",
  )
  const settings = new Map(rows as [string, string][])
  if (!/mariadb/i.test(settings.get('version') ?? '')) return 'only the log of MariaDB is known'
  for (const [name, needed] of [
    ['log_bin', 'ON'],
    ['binlog_format', 'ROW'],
    ['binlog_row_image', 'FULL'],
    ['log_bin_compress', 'OFF'],
  ]) {
    const value = settings.get(name!)
    if (value !== needed) return `the server's ${name} is '${value}' and must be '${needed}'`
  }
  const [status] = await session.texts('SHOW MASTER STATUS')
  const filters = [status?.[2], status?.[3]].filter((filter) => (filter ?? '') !== '')
  if (filters.length > 0) return 'the server logs some databases only'
  const grants = (await session.texts('SHOW GRANTS')).map(([grant]) => grant!)
  const mayRead = grants.some((grant) =>
    /\b(ALL PRIVILEGES|REPLICATION SLAVE|REPLICATION REPLICA)\b.* ON \*\.\*/.test(grant),
  )
  return mayRead ? null : 'the user has no right to REPLICATION SLAVE'
}
