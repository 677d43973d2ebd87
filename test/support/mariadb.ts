// A real MariaDB for tests: new data in a temporary folder, on a socket there and no port, as a user that is not root,
// with a binary log of whole rows. It ends with the tests. Where MariaDB is not installed tests say so in their names.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import mysql, { type Connection } from 'mysql2/promise'
import { backUp } from './data-folder.ts'

const server = find('mariadbd')
const installer = find('mariadb-install-db')
export const hasMariadb: boolean = server !== null && installer !== null
export const withoutMariadb: string = hasMariadb ? '' : ' (skipped: MariaDB is not installed)'

/** A client program that comes with MariaDB. */
export function clientProgram(name: string): string {
  return find(name)!
}

export interface Mariadb {
  /** URL of a database, made when it is new. */
  database(name: string): Promise<string>
  /** Runs several statements in one query. */
  client(url: string): Promise<Connection>
  /** As kill -9; `start` brings it back with what was committed. */
  kill(): Promise<void>
  start(): Promise<void>
  /** Copies all of the server's files, which stops and starts it; what it returns puts them back in the same way. */
  backup(): Promise<() => Promise<void>>
  stop(): Promise<void>
}

export async function startMariadb(settings: readonly string[] = []): Promise<Mariadb> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'varve-my-'))
  const [data, socketPath] = [path.join(dir, 'data'), path.join(dir, 'sock')]
  const isRoot = process.getuid?.() === 0
  if (isRoot) execFileSync('chown', ['mysql', dir])
  const user = isRoot ? ['--user=mysql'] : []
  execFileSync(
    installer!,
    [
      '--no-defaults',
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--skip-name-resolve',
      // As below: another server that starts would take its files away.
      `--tmpdir=${dir}`,
      ...user,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], cwd: dir },
  )
  let running: ChildProcess | null = null
  const clients = new Set<Connection>()
  const url = (name: string): string =>
    `mariadb://root@localhost/${name}?socket=${encodeURIComponent(socketPath)}`
  const client = async (at: string): Promise<Connection> => {
    const { pathname, username } = new URL(at)
    const database = decodeURIComponent(pathname.slice(1))
    const made = await mysql.createConnection({
      socketPath,
      user: username,
      multipleStatements: true,
      dateStrings: true,
      supportBigNumbers: true,
      bigNumberStrings: true,
      charset: 'utf8mb4_bin',
      ...(database === '' ? {} : { database }),
    })
    // A server that was killed is no failure of the test that killed it.
    made.on('error', () => undefined)
    clients.add(made)
    return made
  }
  const start = async (): Promise<void> => {
    const flags = [
      '--no-defaults',
      `--datadir=${data}`,
      `--socket=${socketPath}`,
      // A server that starts removes what it takes for left over in its folder of temporary files.
      `--tmpdir=${dir}`,
      '--skip-networking',
      '--character-set-server=utf8mb4',
      '--log-bin=binlog',
      '--binlog-format=ROW',
      '--binlog-row-image=FULL',
      '--server-id=1',
      // What a killed server has written is in the system's cache: tests need no disk.
      '--innodb-flush-method=nosync',
      '--innodb-doublewrite=0',
      '--sync-binlog=0',
      '--innodb-buffer-pool-size=64M',
    ]
    running = spawn(server!, [...flags, ...user, ...settings], { stdio: 'ignore', cwd: dir })
    for (let attempt = 0; ; attempt++) {
      try {
        const probe = await client(url(''))
        clients.delete(probe)
        return await probe.end()
      } catch (error) {
        if (attempt > 200 || running.exitCode !== null) throw error
        await new Promise((done) => setTimeout(done, 100))
      }
    }
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (running === null) return
    const ended = new Promise((done) => running!.once('exit', done))
    running.kill(signal)
    await ended
    running = null
  }
  await start()
  return {
    client,
    async database(name) {
      const admin = await client(url(''))
      await admin.query(`CREATE DATABASE ${mysql.escapeId(name, true)} CHARACTER SET utf8mb4`)
      clients.delete(admin)
      await admin.end()
      return url(encodeURIComponent(name))
    },
    start,
    kill: () => end('SIGKILL'),
    backup: () => backUp({ data, end: () => end('SIGTERM'), start }),
    async stop() {
      for (const one of clients) one.destroy()
      await end('SIGTERM')
      fs.rmSync(dir, { recursive: true, force: true })
    },
  }
}

function find(program: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => path.join(folder, program)).find((file) => fs.existsSync(file)) ?? null
}
