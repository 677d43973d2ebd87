// MySQL's own server for tests (mysql-server.ts), from where `.ci/install-mysql` puts it. Where it is not tests say so in
// their names.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { type MysqlServer, startServer } from './mysql-server.ts'

const folder = '/opt/mysql-sid'
const made = path.join(folder, 'data')
export const hasMysql: boolean = fs.existsSync(path.join(made, 'mysql'))
export const withoutMysql: string = hasMysql ? '' : ' (skipped: MySQL is not installed)'
/** Whether suites that run on MariaDB run on MySQL too (VARVE_TEST_MYSQL=all), for which CI has no time. */
export const isMysqlChosen: boolean = hasMysql && process.env['VARVE_TEST_MYSQL'] === 'all'

export function startMysql(settings: readonly string[] = []): Promise<MysqlServer> {
  return startServer({ scheme: 'mysql', program: path.join(folder, 'mysqld'), flags, makeData }, settings)
}

const flags: readonly string[] = [
  `--basedir=${folder}/usr`,
  '--mysqlx=OFF',
  '--secure-file-priv=',
  '--innodb-redo-log-capacity=16M',
]

function makeData({ data, user }: { data: string; user: string | null }): void {
  execFileSync('cp', ['-r', '--sparse=always', made, data])
  if (user !== null) execFileSync('chown', ['-R', user, data])
}
