// A real server of MySQL's protocol for tests: new data in a temporary folder, on a socket there and no port, as a user
// that is not root, with a binary log of whole rows. It ends with the tests.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import mysql, { type Connection } from 'mysql2/promise'
import { backUp } from './data-folder.ts'

export interface MysqlServer {
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

/** What differs between servers of MySQL's protocol. */
export interface MysqlProgram {
  readonly scheme: 'mariadb' | 'mysql'
  readonly program: string
  readonly flags: readonly string[]
  /** Makes new data, as a user whose option is `user`. */
  readonly makeData: (place: DataPlace) => void
}

interface DataPlace {
  readonly dir: string
  readonly data: string
  /** null: whoever runs the tests. */
  readonly user: string | null
}

export async function startServer(
  { scheme, program, flags: ownFlags, makeData }: MysqlProgram,
  settings: readonly string[],
): Promise<MysqlServer> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'varve-my-'))
  const [data, socketPath] = [path.join(dir, 'data'), path.join(dir, 'sock')]
  const name = process.getuid?.() === 0 ? serverUser() : null
  if (name !== null) execFileSync('chown', [name, dir])
  const user = name === null ? [] : [`--user=${name}`]
  makeData({ dir, data, user: name })
  let running: ChildProcess | null = null
  const clients = new Set<Connection>()
  const url = (name: string): string =>
    `${scheme}://root@localhost/${name}?socket=${encodeURIComponent(socketPath)}`
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
      ...ownFlags,
    ]
    running = spawn(program, [...flags, ...user, ...settings], { stdio: 'ignore', cwd: dir })
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

/** MySQL's own where there is one. */
function serverUser(): string {
  return spawnSync('id', ['mysql']).status === 0 ? 'mysql' : 'nobody'
}
