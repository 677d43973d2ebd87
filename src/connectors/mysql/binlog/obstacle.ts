// Why the binary log of a server, or of some tables, cannot be read for a link: for people.
import type { MysqlTable } from '../discover.ts'
import type { Session } from '../session.ts'
import { quoteName, quoteText } from '../sql.ts'
import { sessionPart } from './computed-columns.ts'
import { logEnd } from './log-end.ts'

const charsets: ReadonlySet<string | null> = new Set([null, 'utf8mb4', 'utf8mb3', 'utf8', 'ascii', 'latin1'])

/** The values that a server's settings must have; one that it does not know is none. */
const needed: readonly (readonly [name: string, value: string])[] = [
  ['log_bin', 'ON'],
  ['binlog_format', 'ROW'],
  ['binlog_row_image', 'FULL'],
  ['log_bin_compress', 'OFF'],
  ['binlog_row_value_options', ''],
]

export async function obstacleOf(session: Session, tables: readonly MysqlTable[]): Promise<string | null> {
  const names = [...needed.map(([name]) => name), 'version', 'innodb_native_foreign_keys']
  const rows = await session.texts(
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names.map(quoteText).join(', ')})`,
  )
  const settings = new Map(rows as [string, string][])
  const isMariadb = /mariadb/i.test(settings.get('version') ?? '')
  const server = { isMariadb, logsCascades: settings.get('innodb_native_foreign_keys') === 'OFF' }
  for (const table of tables) {
    const obstacle = tableObstacle(table, server)
    if (obstacle !== null) return obstacle
  }
  return serverObstacle(session, settings, server)
}

interface Server {
  readonly isMariadb: boolean
  /** Rows that change with those that they refer to are in the log as well: MySQL from 9.6 on. */
  readonly logsCascades: boolean
}

function tableObstacle(
  { name, columns, changesByCascade, isVersioned }: MysqlTable,
  { isMariadb, logsCascades }: Server,
): string | null {
  if (changesByCascade && !logsCascades)
    return `rows of '${name}' change with those that they refer to, which the log leaves out`
  if (isVersioned) return `'${name}' is versioned by the system`
  const odd = columns.find(({ family, charset }) => family === 'other' || !charsets.has(charset))
  if (odd !== undefined)
    return `column '${odd.name}' of '${name}' is ${odd.nativeType}${odd.charset === null ? '' : ` in ${odd.charset}`}, which the log has in another form`
  const packed = columns.find(({ nativeType }) => /\bCOMPRESSED\b/.test(nativeType))
  if (packed !== undefined) return `column '${packed.name}' of '${name}' is compressed, in the log as well`
  for (const { name: column, computedBy } of columns) {
    if (computedBy === null) continue
    // Where a trigger changes a row of an UPDATE of several tables it has the values of the row that was not changed yet.
    if (isMariadb) return `column '${column}' of '${name}' is computed, and not always right in the log`
    const part = sessionPart(computedBy, columns)
    if (part !== null)
      return `column '${column}' of '${name}' is computed by ${part}, which the log has as whoever wrote sees it`
  }
  return null
}

async function serverObstacle(
  session: Session,
  settings: ReadonlyMap<string, string>,
  { isMariadb }: Server,
): Promise<string | null> {
  const version = settings.get('version') ?? ''
  if (!isMariadb && Number.parseInt(version) < 8)
    return `the log of MySQL ${version} is not known, only from 8.0 on`
  for (const [name, value] of needed) {
    const found = settings.get(name)
    if (found !== undefined && found !== value)
      return `the server's ${name} is '${found}' and must be '${value}'`
  }
  const status = await logEnd(session)
  const filters = [status?.[2], status?.[3]].filter((filter) => (filter ?? '') !== '')
  if (filters.length > 0) return 'the server logs some databases only'
  const grants = (await session.texts('SHOW GRANTS')).map(([grant]) => grant!)
  const mayRead = grants.some((grant) =>
    /\b(ALL PRIVILEGES|REPLICATION SLAVE|REPLICATION REPLICA)\b.* ON \*\.\*/.test(grant),
  )
  if (!mayRead) return 'the user has no right to REPLICATION SLAVE'
  if (isMariadb) return null
  const [[database]] = (await session.texts('SELECT DATABASE()')) as [[string]]
  return grants.some((grant) => mayLock(grant, database))
    ? null
    : 'the user has no right to LOCK TABLES, which finding the place of a first reading in the log needs'
}

/** Names of databases in grants are patterns. */
function mayLock(grant: string, database: string): boolean {
  const [, where] = /^GRANT .*\b(?:ALL PRIVILEGES|LOCK TABLES)\b.* ON (\*|`.+`)\.\* TO /.exec(grant) ?? []
  return where === '*' || where?.replaceAll(/\\([_%])/g, '$1') === quoteName(database)
}
