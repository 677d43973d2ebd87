// What travels when one row of a million is edited, and how fast a gibibyte does. Bytes on a line are counted by a
// relay between client and server; Git sends its pack to a bare repository, and a tool that knows whole files only
// sends the file. Speeds stand beside `cp` (flushed) and, with VARVE_BENCH_S3=s3://BUCKET/PREFIX and the usual AWS
// variables, beside `rclone copy` to the same store. Peak memory is that of the client and of the server.
import { spawn, spawnSync } from 'node:child_process'
import { createCipheriv } from 'node:crypto'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bytesBelow, printTable, randomFrom } from './measure.js'

const varveFile = fileURLToPath(new URL('../bin/varve.js', import.meta.url))
const relayFile = fileURLToPath(new URL('./relay.js', import.meta.url))
const rowCount = Number(process.env.VARVE_BENCH_ROWS ?? 1_000_000)
const file = 'people.csv'
const pieces = 16
const pieceBytes = 64 << 20

const environment = {
  ...process.env,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
  VARVE_AUTHOR_NAME: 'Ada',
  VARVE_AUTHOR_EMAIL: 'ada@example.org',
}

/** @param {string} cwd @param {readonly string[]} command */
function run(cwd, command) {
  const report = join(cwd, '..', 'peak')
  const start = performance.now()
  const child = spawnSync('/usr/bin/time', ['-f', '%M', '-o', report, ...command], {
    cwd,
    env: environment,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  if (child.status !== 0)
    throw new Error(`'${command.join(' ')}' ended with ${child.status}: ${child.stderr.slice(0, 1000)}`)
  return {
    seconds: (performance.now() - start) / 1000,
    peakMb: Number(readFileSync(report, 'utf8')) / 1000,
    stdout: child.stdout,
  }
}

/** @param {string} cwd @param {readonly string[]} args */
const varve = (cwd, ...args) => run(cwd, [process.execPath, varveFile, ...args])
/** @param {string} cwd @param {readonly string[]} args */
const git = (cwd, ...args) => run(cwd, ['git', '-c', 'gc.auto=0', ...args])

/** A process that says where it listens on its first line. @param {readonly string[]} command @param {string} cwd */
async function listening(command, cwd) {
  const child = spawn(command[0], command.slice(1), {
    cwd,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  const port = await new Promise((resolve, reject) => {
    const look = (part) => {
      said += part
      const found = /127\.0\.0\.1:(\d+)/.exec(said)
      if (found !== null) resolve(Number(found[1]))
    }
    child.stdout.on('data', look)
    child.stderr.on('data', look)
    child.on('exit', (code) =>
      reject(new Error(`'${command.join(' ')}' ended with ${code}: ${said.slice(0, 500)}`)),
    )
  })
  return {
    port,
    peakMb: () =>
      Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1000,
    end: () => new Promise((done) => child.on('exit', done).kill('SIGTERM')),
    said: () => said,
    ask: () => {
      said = ''
      child.kill('SIGUSR2')
      return new Promise((done) => {
        const wait = () =>
          /sent (\d+) received (\d+)/.test(said)
            ? done(/sent (\d+) received (\d+)/.exec(said).slice(1).map(Number))
            : setTimeout(wait, 20)
        wait()
      })
    },
  }
}

function rows() {
  const random = randomFrom(7)
  const lines = ['id,name,amount,note']
  for (let id = 1; id <= rowCount; id++)
    lines.push(`${id},name ${random().toString(36)},${(random() % 1e6) / 100},${'n'.repeat(random() % 40)}`)
  return lines
}

/** @param {string} room */
async function oneRow(room) {
  const [ours, hub] = [join(room, 'ours'), join(room, 'hub')]
  for (const dir of [ours, hub]) mkdirSync(dir)
  const lines = rows()
  const write = () => writeFileSync(join(ours, file), `${lines.join('\n')}\n`)
  write()
  varve(ours, 'init')
  varve(ours, 'track', file, '--key', 'id')
  varve(ours, 'add', '.')
  varve(ours, 'commit', '-m', 'first')
  git(ours, 'init', '-q', '-b', 'main')
  git(ours, 'add', file)
  git(ours, 'commit', '-q', '-m', 'first')
  git(room, 'init', '-q', '--bare', 'bare.git')
  git(ours, 'push', '-q', join(room, 'bare.git'), 'main')
  const served = join(hub, 'data')
  varve(ours, 'push', served, 'main')
  const server = await listening(
    [process.execPath, varveFile, 'serve', '--port', '0', '--anonymous', 'write', hub],
    room,
  )
  const relay = await listening([process.execPath, relayFile, String(server.port)], room)
  const url = `http://127.0.0.1:${relay.port}/data`
  varve(ours, 'remote', 'add', 'served', url)
  varve(ours, 'fetch', 'served')
  varve(room, 'clone', '-q', url, 'theirs')
  const results = []
  try {
    for (const round of [1, 2, 3]) {
      lines[round * 200_000] = `${round * 200_000},edited,${round},x`
      write()
      varve(ours, 'commit', '-a', '-m', 'edit')
      await relay.ask()
      const pushed = varve(ours, 'push', 'served', 'main')
      const push = await relay.ask()
      const fetched = varve(join(room, 'theirs'), 'fetch')
      const fetch = await relay.ask()
      const quiet = varve(join(room, 'theirs'), 'fetch')
      const none = await relay.ask()
      const before = bytesBelow(join(room, 'bare.git'))
      git(ours, 'commit', '-q', '-a', '-m', 'edit')
      const gitPushed = git(ours, 'push', '-q', join(room, 'bare.git'), 'main')
      results.push({
        push,
        fetch,
        none,
        pushed,
        fetched,
        quiet,
        gitPushed,
        gitBytes: bytesBelow(join(room, 'bare.git')) - before,
      })
    }
  } finally {
    await relay.end()
    await server.end()
  }
  const middle = (of) => results.map(of).sort((a, b) => a - b)[1]
  const kb = (bytes) => (bytes / 1000).toFixed(1)
  const sum = ([a, b]) => a + b
  console.log(
    `\none edited row of ${rowCount}, median of 3 (bytes both ways on the line; Git: growth of the bare repository)\n`,
  )
  printTable(
    ['step', 'KB', 'seconds'],
    [
      ['varve push', kb(middle((one) => sum(one.push))), middle((one) => one.pushed.seconds).toFixed(2)],
      ['varve fetch', kb(middle((one) => sum(one.fetch))), middle((one) => one.fetched.seconds).toFixed(2)],
      [
        'varve fetch of nothing',
        kb(middle((one) => sum(one.none))),
        middle((one) => one.quiet.seconds).toFixed(2),
      ],
      ['git push', kb(middle((one) => one.gitBytes)), middle((one) => one.gitPushed.seconds).toFixed(2)],
      ['whole file', kb(statSync(join(ours, file)).size), '-'],
    ],
  )
}

/** @param {string} dir */
function writeNoise(dir) {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 3), Buffer.alloc(16))
  const zeros = Buffer.alloc(4 << 20)
  for (let i = 0; i < pieces; i++) {
    const handle = openSync(join(dir, `noise-${i}.bin`), 'w')
    for (let at = 0; at < pieceBytes; at += zeros.length) writeSync(handle, cipher.update(zeros))
    closeSync(handle)
  }
}

/** @param {string} room */
async function gibibyte(room) {
  const [ours, hub, copy] = ['large', 'large-hub', 'copy'].map((name) => join(room, name))
  for (const dir of [ours, hub, copy]) mkdirSync(dir)
  writeNoise(ours)
  varve(ours, 'init')
  varve(ours, 'add', '.')
  varve(ours, 'commit', '-m', 'noise')
  varve(hub, 'init', '--bare', 'data')
  const megabytes = (pieces * pieceBytes) / 1e6
  const table = []
  const note = (name, { seconds, peakMb }, server = '-') =>
    table.push([name, seconds.toFixed(1), (megabytes / seconds).toFixed(0), peakMb.toFixed(0), server])
  const cp = (to) => run(room, ['sh', '-c', `cp ${ours}/*.bin ${to} && sync -f ${to}`])
  note('cp, flushed', cp(copy))
  note('varve push to a folder', varve(ours, 'push', join(room, 'folder'), 'main'))
  const server = await listening(
    [process.execPath, varveFile, 'serve', '--port', '0', '--anonymous', 'write', hub],
    room,
  )
  try {
    const url = `http://127.0.0.1:${server.port}/data`
    const pushed = varve(ours, 'push', url, 'main')
    note('varve push to varve serve', pushed, server.peakMb().toFixed(0))
    note(
      'varve clone --bare from it',
      varve(room, 'clone', '--bare', url, 'cloned'),
      server.peakMb().toFixed(0),
    )
  } finally {
    await server.end()
  }
  const s3 = process.env.VARVE_BENCH_S3
  if (s3 !== undefined) {
    note('rclone copy to S3', rclone(room, ours, `${s3}/rclone`))
    note('varve push to S3', varve(ours, 'push', `${s3}/varve`, 'main'))
    note('rclone copy from S3', rclone(room, `${s3}/rclone`, join(room, 'rclone')))
    note('varve clone --bare from S3', varve(room, 'clone', '--bare', `${s3}/varve`, 'cloned-s3'))
  }
  console.log(`\n${pieces} files of ${pieceBytes >> 20} MiB that do not compress, one round\n`)
  printTable(['step', 'seconds', 'MB/s', 'client peak MB', 'server peak MB'], table)
}

/** @param {string} room @param {string} from @param {string} to */
function rclone(room, from, to) {
  const place = (url) => url.replace(/^s3:\/\//, ':s3:')
  const flags = [
    '--s3-provider',
    'Ceph',
    '--s3-env-auth',
    '--s3-endpoint',
    process.env.AWS_ENDPOINT_URL ?? '',
    '--include',
    '*.bin',
  ]
  return run(room, ['rclone', 'copy', ...flags, place(from), place(to)])
}

export async function bench() {
  const room = mkdtempSync(join(process.env.VARVE_BENCH_DIR ?? tmpdir(), 'varve-bench-'))
  try {
    await oneRow(room)
    await gibibyte(room)
  } finally {
    rmSync(room, { recursive: true, force: true })
  }
}
