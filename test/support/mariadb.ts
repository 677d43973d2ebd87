// A real MariaDB for tests (mysql-server.ts). Where MariaDB is not installed tests say so in their names.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { type MysqlServer, startServer } from './mysql-server.ts'

const server = find('mariadbd')
const installer = find('mariadb-install-db')
export const hasMariadb: boolean = server !== null && installer !== null
export const withoutMariadb: string = hasMariadb ? '' : ' (skipped: MariaDB is not installed)'

/** A client program that comes with MariaDB. */
export function clientProgram(name: string): string {
  return find(name)!
}

export type Mariadb = MysqlServer

export function startMariadb(settings: readonly string[] = []): Promise<Mariadb> {
  return startServer({ scheme: 'mariadb', program: server!, flags: [], makeData }, settings)
}

function makeData({ dir, data, user }: { dir: string; data: string; user: string | null }): void {
  execFileSync(
    installer!,
    [
      '--no-defaults',
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--skip-name-resolve',
      // Another server that starts would take its files away.
      `--tmpdir=${dir}`,
      ...(user === null ? [] : [`--user=${user}`]),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], cwd: dir },
  )
}

function find(program: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => path.join(folder, program)).find((file) => fs.existsSync(file)) ?? null
}
