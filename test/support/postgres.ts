// A real PostgreSQL for tests: a new cluster in a temporary folder, on a socket there and no port, as a user that is not
// root. It ends with the tests. Where PostgreSQL is not installed `postgresAt` is null, and tests say so in their names.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Client } from 'pg'
import { backUp } from './data-folder.ts'

const newerFolder = '/opt/postgres-sid/bin'
const folder = findBinaries()
export const hasPostgres: boolean = folder !== null
/** A server of version 18 or later, as `.ci/install-postgres-sid` installs it. */
export const hasNewerPostgres: boolean = isFolderOfPostgres(newerFolder)
export const withoutNewerPostgres: string = hasNewerPostgres
  ? ''
  : ' (skipped: PostgreSQL 18 is not installed)'
export const withoutPostgres: string = hasPostgres ? '' : ' (skipped: PostgreSQL is not installed)'

/** A program that comes with PostgreSQL. */
export function postgresProgram(name: string): string {
  return path.join(folder!, name)
}

export interface Postgres {
  /** URL of a database that is there. */
  url(name: string): string
  /** URL of a database, made when it is new. */
  database(name: string): Promise<string>
  client(url: string): Promise<Client>
  /** As kill -9 of all of it; `start` brings it back with what was committed. */
  kill(): Promise<void>
  start(): Promise<void>
  /** Of the whole server's files, while it does not run; answers with what puts them back in their place. */
  backup(): Promise<() => Promise<void>>
  stop(): Promise<void>
}

export function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<Postgres> {
  return startServer(folder!, settings, null)
}

export function startNewerPostgres(settings: Readonly<Record<string, string>> = {}): Promise<Postgres> {
  return startServer(newerFolder, settings, null)
}

/** A standby server of one that runs, with all that is there, which follows it and may only be read. */
export function startStandby(primary: Postgres): Promise<Postgres> {
  return startServer(folder!, { hot_standby: 'on' }, primary)
}

async function startServer(
  programs: string,
  settings: Readonly<Record<string, string>>,
  primary: Postgres | null,
): Promise<Postgres> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'varve-pg-'))
  const data = path.join(dir, 'data')
  const isRoot = process.getuid?.() === 0
  if (isRoot) execFileSync('chown', ['postgres', dir])
  const asUser = (program: string, args: readonly string[]): [string, string[]] =>
    isRoot
      ? ['runuser', ['-u', 'postgres', '--', path.join(programs, program), ...args]]
      : [path.join(programs, program), [...args]]
  const [init, initArgs] =
    primary === null
      ? asUser('initdb', ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '-N'])
      : asUser('pg_basebackup', ['-D', data, '-R', '-N', '-c', 'fast', '-d', primary.url('postgres')])
  execFileSync(init, initArgs, { stdio: 'ignore', cwd: dir })
  let server: ChildProcess | null = null
  const clients = new Set<Client>()
  const port = settings['port'] === undefined ? '' : `&port=${settings['port']}`
  const url = (name: string): string => `postgres://postgres@/${name}?host=${encodeURIComponent(dir)}${port}`
  const client = async (at: string): Promise<Client> => {
    const made = new Client({ connectionString: at })
    made.on('error', () => undefined)
    await made.connect()
    clients.add(made)
    return made
  }
  const start = async (): Promise<void> => {
    const options = {
      listen_addresses: '',
      unix_socket_directories: dir,
      wal_level: 'logical',
      fsync: 'off',
      ...settings,
    }
    const flags = Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const [program, args] = asUser('postgres', ['-D', data, ...flags])
    const begin = (): ChildProcess => spawn(program, args, { stdio: 'ignore', cwd: dir })
    server = begin()
    for (let attempt = 0; ; attempt++) {
      // After a kill it refuses to start while children of the old one still go.
      if (server.exitCode !== null) server = begin()
      try {
        const probe = await client(url('postgres'))
        clients.delete(probe)
        return await probe.end()
      } catch (error) {
        if (attempt > 100) throw error
        await new Promise((done) => setTimeout(done, 100))
      }
    }
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (server === null) return
    const ended = new Promise((done) => server!.once('exit', done))
    const pid = Number(fs.readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n')[0])
    process.kill(pid, signal)
    await ended
    server = null
  }
  await start()
  return {
    url,
    client,
    async database(name) {
      const admin = await client(url('postgres'))
      await admin.query(`CREATE DATABASE "${name}"`)
      clients.delete(admin)
      await admin.end()
      return url(name)
    },
    start,
    kill: () => end('SIGKILL'),
    backup: () => backUp({ data, end: () => end('SIGINT'), start }),
    async stop() {
      for (const one of clients) await one.end().catch(() => undefined)
      await end('SIGINT')
      fs.rmSync(dir, { recursive: true, force: true })
    },
  }
}

function findBinaries(): string | null {
  const root = '/usr/lib/postgresql'
  const versions = fs.existsSync(root) ? fs.readdirSync(root).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [
    ...versions.map((version) => path.join(root, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(':'),
  ]
  return folders.find(isFolderOfPostgres) ?? null
}

function isFolderOfPostgres(one: string): boolean {
  return fs.existsSync(path.join(one, 'initdb')) && fs.existsSync(path.join(one, 'postgres'))
}
