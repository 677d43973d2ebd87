// A real S3 server for tests: Ceph's RADOS gateway on loopback, before one monitor and one storage daemon that keeps
// everything in memory. Needs Debian's packages and root; where they are not, the tests say so in their names. Each
// daemon hangs on a pipe to this process, so that it ends with it, however that ends.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'

const run = promisify(execFile)
const startMsMax = 90_000
const programs = ['ceph-mon', 'ceph-osd', 'ceph', 'ceph-authtool', 'monmaptool', 'radosgw', 'radosgw-admin']

export interface S3User {
  readonly name: string
  readonly key: string
  readonly secret: string
}

export interface S3Server {
  /** For the names of tests: 'Ceph'. */
  readonly name: string
  readonly endpoint: string
  readonly owner: S3User
  /** May store no more than 3 MiB; null: there is no such user. */
  readonly poor: S3User | null
}

/** null: it can be started here. */
export function whyNoCeph(): string | null {
  const missing = programs.find((program) => !isInstalled(program))
  if (missing !== undefined) return `${missing} is not installed, which .ci/install-s3 does`
  return process.getuid?.() === 0 ? null : 'only root can start Ceph'
}

export async function startCeph(): Promise<S3Server & { stop: () => Promise<void> }> {
  const dir = mkdtempSync(path.join(tmpdir(), 'varve-ceph-'))
  const daemons: ChildProcess[] = []
  const stop = async (): Promise<void> => {
    for (const daemon of daemons.reverse()) await end(daemon)
    rmSync(dir, { recursive: true, force: true })
  }
  try {
    await startStorage(dir, daemons)
    const owner = await makeUser(dir, 'owner')
    const poor = await makeUser(dir, 'poor')
    const admin = ['-c', path.join(dir, 'ceph.conf'), '--no-mon-config']
    const quota = ['--uid=poor', '--quota-scope=user']
    await run('radosgw-admin', [...admin, 'quota', 'set', ...quota, `--max-size=${3 << 20}`])
    await run('radosgw-admin', [...admin, 'quota', 'enable', ...quota])
    const port = await freePort()
    const frontend = `--rgw-frontends=beast endpoint=127.0.0.1:${port}`
    daemons.push(
      startDaemon('radosgw', [...admin, '-n', 'client.rgw', '-f', '--rgw-enable-apis=s3', frontend]),
    )
    const endpoint = `http://127.0.0.1:${port}`
    await answers(endpoint)
    return { name: 'Ceph', endpoint, owner, poor, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startStorage(dir: string, daemons: ChildProcess[]): Promise<void> {
  const [first, second] = [await freePort(), await freePort()]
  const monitors = `v2:127.0.0.1:${first},v1:127.0.0.1:${second}`
  const conf = ['-c', path.join(dir, 'ceph.conf')]
  const id = randomUUID()
  writeFileSync(conf[1]!, configuration(dir, id, monitors))
  for (const name of ['mon', 'osd', 'rgw']) mkdirSync(path.join(dir, name))
  const [keys, map] = [path.join(dir, 'keyring'), path.join(dir, 'monmap')]
  await makeKeys(keys)
  await run('monmaptool', ['--create', '--fsid', id, '--addv', 'a', `[${monitors}]`, map])
  await run('ceph-mon', [...conf, '--mkfs', '-i', 'a', '--monmap', map, '--keyring', keys])
  daemons.push(startDaemon('ceph-mon', [...conf, '-f', '-i', 'a']))
  const disk = randomUUID()
  await run('ceph', [...conf, 'osd', 'new', disk], { timeout: startMsMax })
  await run('ceph-osd', [...conf, '-i', '0', '--mkfs', '--osd-uuid', disk])
  daemons.push(startDaemon('ceph-osd', [...conf, '-f', '-i', '0']))
}

function configuration(dir: string, id: string, monitors: string): string {
  return `[global]
fsid = ${id}
mon host = [${monitors}]
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
mon allow pool size one = true
mon max pg per osd = 1000
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 2147483648
osd memory target = 939524096
keyring = ${dir}/keyring
run dir = ${dir}
log file = ${dir}/$name.log
admin socket = ${dir}/$name.asok
mon data = ${dir}/mon
osd data = ${dir}/osd
rgw data = ${dir}/rgw
rgw dns name = localhost
rgw bucket quota ttl = 0
rgw user quota bucket sync interval = 1
rgw gc obj min wait = 3600
`
}

async function makeKeys(keyring: string): Promise<void> {
  const everything = ['mon', 'osd', 'mgr'].flatMap((kind) => ['--cap', kind, 'allow *'])
  await run('ceph-authtool', [
    '--create-keyring',
    keyring,
    '--gen-key',
    '-n',
    'mon.',
    '--cap',
    'mon',
    'allow *',
  ])
  for (const name of ['client.admin', 'client.rgw', 'osd.0'])
    await run('ceph-authtool', [keyring, '--gen-key', '-n', name, ...everything])
}

async function makeUser(dir: string, name: string): Promise<S3User> {
  const [key, secret] = [randomBytes(10).toString('hex').toUpperCase(), randomBytes(20).toString('base64')]
  const conf = ['-c', path.join(dir, 'ceph.conf'), '--no-mon-config']
  const words = [`--uid=${name}`, `--display-name=${name}`, `--access-key=${key}`, `--secret=${secret}`]
  await run('radosgw-admin', [...conf, 'user', 'create', ...words], { timeout: startMsMax })
  return { name, key, secret }
}

/** The shell waits for its input to end, which it does when this process does, and ends the daemon. */
function startDaemon(program: string, words: readonly string[]): ChildProcess {
  const script = '"$@" </dev/null & daemon=$!; cat >/dev/null; kill -9 $daemon 2>/dev/null; wait $daemon'
  return spawn('sh', ['-c', script, 'sh', program, ...words], { stdio: ['pipe', 'ignore', 'ignore'] })
}

async function end(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null) return
  const ended = new Promise((resolve) => daemon.once('exit', resolve))
  daemon.stdin?.end()
  await ended
}

async function answers(endpoint: string): Promise<void> {
  const until = Date.now() + startMsMax
  for (;;) {
    try {
      await fetch(endpoint)
      return
    } catch (cause) {
      if (Date.now() > until) throw new Error(`Ceph does not answer within ${startMsMax} ms`, { cause })
      await sleep(200)
    }
  }
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((dir) => {
    try {
      accessSync(path.join(dir, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
