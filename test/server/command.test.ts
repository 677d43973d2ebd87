// `varve serve` and `varve token` as people run them: real processes, TLS, credentials, signals.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { json, ok, varve, varveFile } from '../cli/varve.ts'
import { temporaryDir } from '../support/temporary.ts'

interface Running {
  readonly child: ChildProcess
  readonly url: string
  readonly log: () => string
}

let dir = ''
const running: ChildProcess[] = []
beforeEach(() => {
  dir = temporaryDir()
  fs.mkdirSync(`${dir}/data`)
})
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'close')
  }
})

async function start(args: readonly string[]): Promise<Running> {
  const child = spawn(
    process.execPath,
    [varveFile, 'serve', '--port', '0', '--state', `${dir}/state`, '--json', ...args],
    { cwd: dir, env: { PATH: process.env['PATH'], HOME: dir }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  running.push(child)
  let log = ''
  child.stderr!.on('data', (part: Buffer) => (log += part.toString()))
  const [part] = (await Promise.race([
    once(child.stdout!, 'data'),
    once(child, 'close').then(() => Promise.reject(new Error(log))),
  ])) as [Buffer]
  return { child, url: (JSON.parse(part.toString()) as { url: string }).url, log: () => log }
}

async function token(...args: string[]): Promise<string> {
  const made = await json<{ token: string }>(['token', 'create', '--state', `${dir}/state`, ...args], {
    cwd: dir,
  })
  return made.token
}

async function repository(
  name: string,
  env: Record<string, string>,
): Promise<{ cwd: string; env: Record<string, string> }> {
  const cwd = path.join(dir, name)
  fs.mkdirSync(cwd)
  await ok(['init'], { cwd, env })
  fs.writeFileSync(`${cwd}/people.csv`, 'id,name\n1,Ada\n2,Grace\n')
  await ok(['track', 'people.csv', '--key', 'id'], { cwd, env })
  await ok(['add', '.'], { cwd, env })
  await ok(['commit', '-m', 'people'], { cwd, env })
  return { cwd, env }
}

function filesBelow(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .flatMap((entry) => (entry.isFile() ? path.join(entry.parentPath, entry.name) : []))
}

test('push, clone and pull with a token from the environment; it is written down nowhere', async () => {
  const { url, log, child } = await start([`${dir}/data`])
  const secret = await token('--name', 'ada', '--scope', 'admin')
  const ada = await repository('ada', { VARVE_TOKEN: secret })
  await ok(['remote', 'add', 'origin', `${url}/people`], ada)
  expect(await json(['push', '-u', 'origin', 'main'], ada)).toMatchObject({
    remote: 'origin',
    url: `${url}/people`,
  })
  const read = await token('--name', 'grace', '--scope', 'read')
  const grace = { cwd: dir, env: { VARVE_TOKEN: read } }
  await ok(['clone', `${url}/people`, 'grace'], grace)
  expect(fs.readFileSync(`${dir}/grace/people.csv`, 'utf8')).toContain('2,Grace')
  fs.appendFileSync(`${ada.cwd}/people.csv`, '3,Joan\n')
  await ok(['commit', '-am', 'more'], ada)
  await ok(['push'], ada)
  await ok(['pull'], { ...grace, cwd: `${dir}/grace` })
  expect(fs.readFileSync(`${dir}/grace/people.csv`, 'utf8')).toContain('3,Joan')
  const refused = await varve(['push'], { ...grace, cwd: `${dir}/grace` })
  expect(refused.code).toBe(0)
  fs.appendFileSync(`${dir}/grace/people.csv`, '4,Mary\n')
  await ok(['commit', '-am', 'mine'], { ...grace, cwd: `${dir}/grace` })
  const narrow = await varve(['push', '-v'], { ...grace, cwd: `${dir}/grace` })
  expect([narrow.code, narrow.stderr]).toEqual([
    61,
    expect.stringContaining("this needs a token of scope 'write'"),
  ])
  const lied = await varve(['push', '-v'], {
    cwd: `${dir}/grace`,
    env: { VARVE_TOKEN: `${secret.slice(0, -3)}abc` },
  })
  expect([lied.code, lied.stderr]).toEqual([61, expect.stringContaining('wrong, expired or revoked')])
  const argv = fs.existsSync('/proc') ? fs.readFileSync(`/proc/${child.pid}/cmdline`, 'utf8') : ''
  const said = [log(), argv, narrow.stderr, lied.stderr, narrow.stdout, lied.stdout].join('\n')
  for (const canary of [secret, read].map((one) => one.slice(-43))) {
    expect(said).not.toContain(canary.slice(0, 30))
    for (const file of filesBelow(dir))
      expect([file, fs.readFileSync(file).includes(canary)]).toEqual([file, false])
  }
  expect(
    log()
      .trim()
      .split('\n')
      .every((line) => typeof JSON.parse(line) === 'object'),
  ).toBe(true)
}, 120_000)

test('a credentials file: for its host alone, and only if nobody else can read it', async () => {
  const { url } = await start([`${dir}/data`])
  const secret = await token('--name', 'ada', '--scope', 'admin')
  fs.mkdirSync(`${dir}/.config/varve`, { recursive: true })
  const file = `${dir}/.config/varve/credentials`
  fs.writeFileSync(file, `# mine\nother.example ${'x'.repeat(20)}\n${new URL(url).host} ${secret}\n`, {
    mode: 0o600,
  })
  const env = { HOME: dir }
  const ada = await repository('ada', env)
  await ok(['push', `${url}/people`, 'main'], ada)
  fs.chmodSync(file, 0o644)
  const open = await varve(['push', `${url}/people`, 'main:other'], ada)
  expect([open.code, open.stderr]).toEqual([61, expect.stringContaining('can be read by others')])
  fs.chmodSync(file, 0o600)
  fs.writeFileSync(file, `other.example ${secret}\n`)
  const none = await varve(['push', `${url}/people`, 'main:other'], ada)
  expect([none.code, none.stderr]).toEqual([61, expect.stringContaining('a token is needed')])
  const elsewhere = await varve(['push', `${url}/people`, 'main:other'], {
    ...ada,
    env: { ...env, VARVE_TOKEN: secret, VARVE_TOKEN_HOST: 'other.example' },
  })
  expect(elsewhere.code).toBe(61)
}, 60_000)

test('a token does not go to another machine in the clear, nor is it taken from a URL', async () => {
  const env = { VARVE_TOKEN: `varve_${'0'.repeat(16)}_${'a'.repeat(43)}` }
  const plain = await varve(['clone', 'http://data.example.org/people', 'x'], { cwd: dir, env })
  expect([plain.code, plain.stderr]).toEqual([61, expect.stringContaining('is not sent to')])
  const inside = await varve(['clone', 'https://ada:secret@data.example.org/people', 'x'], { cwd: dir, env })
  expect([inside.code, inside.stderr.includes('secret')]).toEqual([61, false])
  const query = await varve(['clone', 'https://data.example.org/people?token=x', 'x'], { cwd: dir, env })
  expect(query.code).toBe(2)
}, 30_000)

test('TLS: a certificate that nobody vouches for is refused, one that was given is taken', async () => {
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost,IP:127.0.0.1',
      '-keyout',
      `${dir}/key.pem`,
      '-out',
      `${dir}/cert.pem`,
    ],
    { stdio: 'ignore' },
  )
  const { url } = await start([
    '--tls-cert',
    `${dir}/cert.pem`,
    '--tls-key',
    `${dir}/key.pem`,
    '--anonymous',
    'write',
    '--host',
    '0.0.0.0',
    `${dir}/data`,
  ])
  expect(url).toMatch(/^https:\/\//)
  const local = url.replace('0.0.0.0', '127.0.0.1')
  const secret = await token('--name', 'ada', '--scope', 'admin')
  const ada = await repository('ada', { VARVE_TOKEN: secret })
  const distrusted = await varve(['push', `${local}/people`, 'main'], ada)
  expect([distrusted.code, distrusted.stderr]).toEqual([
    60,
    expect.stringMatching(/self-signed certificate/i),
  ])
  const trusting = { ...ada, env: { ...ada.env, VARVE_CA_FILE: `${dir}/cert.pem` } }
  await ok(['push', `${local}/people`, 'main'], trusting)
  const downgraded = await varve(['push', `${local.replace('https', 'http')}/people`, 'main:x'], trusting)
  expect(downgraded.code).toBe(60)
}, 60_000)

test('SIGTERM: the server stops by itself, and all that was pushed is there', async () => {
  const { child, url } = await start(['--anonymous', 'write', `${dir}/data`])
  const secret = await token('--name', 'ada', '--scope', 'admin')
  const ada = await repository('ada', { VARVE_TOKEN: secret })
  await ok(['push', `${url}/people`, 'main'], ada)
  child.kill('SIGTERM')
  const [code] = (await once(child, 'close')) as [number]
  expect(code).toBe(0)
  await ok(['fsck'], { cwd: `${dir}/data/people` })
  const gone = await varve(['push', `${url}/people`, 'main:x'], ada)
  expect([gone.code, gone.stderr]).toEqual([60, expect.stringContaining('nobody answers there')])
}, 60_000)

test('a kill at any moment of a push leaves the repository whole', async () => {
  const first = await start(['--anonymous', 'write', `${dir}/data`])
  const secret = await token('--name', 'ada', '--scope', 'admin')
  const ada = await repository('ada', { VARVE_TOKEN: secret })
  await ok(['push', `${first.url}/people`, 'main'], ada)
  let { child, url } = first
  for (let delay = 20; delay <= 420; delay += 100) {
    const rows = Array.from({ length: 30_000 }, (_, i) => `${i},${delay * i},${'x'.repeat(i % 30)}\n`)
    fs.writeFileSync(`${ada.cwd}/more-${delay}.csv`, `id,a,b\n${rows.join('')}`)
    await ok(['add', '.'], ada)
    await ok(['commit', '-m', `${delay}`], ada)
    const pushing = varve(['push', `${url}/people`, 'main'], { ...ada })
    await new Promise((done) => setTimeout(done, 300 + delay))
    child.kill('SIGKILL')
    await once(child, 'close')
    ;({ child, url } = await start(['--port', new URL(url).port, '--anonymous', 'write', `${dir}/data`]))
    expect([0, 60]).toContain((await pushing).code)
    await ok(['fsck'], { cwd: `${dir}/data/people` })
    await ok(['push', `${url}/people`, 'main'], ada)
  }
  await ok(['fsck'], { cwd: `${dir}/data/people` })
}, 120_000)

test('tokens: made, listed, revoked; shown once', async () => {
  const run = { cwd: dir }
  const state = ['--state', `${dir}/state`]
  const made = await ok(
    [
      'token',
      'create',
      '--name',
      'ci',
      '--scope',
      'write',
      '--repo',
      'prices',
      '--branch',
      'import/*',
      '--expires',
      '30d',
      ...state,
    ],
    run,
  )
  expect(made).toMatch(/^varve_[0-9a-f]{16}_\S{43}\n$/)
  const listed = await ok(['token', ...state], run)
  expect(listed).toMatch(/ci +write +repo prices +branch import\/\* +good until \d{4}-\d\d-\d\d/)
  expect(listed).not.toContain(made.trim().slice(-43))
  await ok(['token', 'revoke', 'ci', ...state], run)
  expect(await ok(['token', 'list', ...state], run)).toContain('revoked')
  for (const [args, code] of [
    [['token', 'revoke', 'ci'], 43],
    [['token', 'create', '--name', 'x'], 2],
    [['token', 'create', '--name', 'x', '--scope', 'root'], 2],
    [['token', 'create', '--name', 'x', '--scope', 'read', '--expires', 'soon'], 2],
    [['token', 'nope'], 2],
    [['serve', '--anonymous', 'admin'], 2],
    [['serve', '--tls-cert', 'x'], 2],
    [['serve', `${dir}/nothing`], 41],
    [['serve', '--host', '0.0.0.0', '--port', '0', `${dir}/data`], 61],
  ] as const)
    expect([args, (await varve([...args, ...state], run)).code]).toEqual([args, code])
}, 60_000)

test('says who may come in: nobody before there is a token', async () => {
  const said = async (...args: string[]): Promise<string> => {
    const child = spawn(
      process.execPath,
      [varveFile, 'serve', '--port', '0', '--state', `${dir}/state`, ...args, `${dir}/data`],
      { cwd: dir, env: { PATH: process.env['PATH'], HOME: dir }, stdio: ['ignore', 'pipe', 'ignore'] },
    )
    running.push(child)
    const [part] = (await once(child.stdout, 'data')) as [Buffer]
    return part.toString()
  }
  expect(await said()).toMatch(/^serving on http:.*\nnobody has a token yet: 'varve token create/)
  expect(await said('--anonymous', 'read')).not.toContain('token')
  await token('--name', 'ada', '--scope', 'read')
  expect(await said()).toMatch(/^serving on \S+\n$/)
}, 60_000)

test('health is answered while long texts and data files are compared', async () => {
  const { url } = await start(['--anonymous', 'read', `${dir}/data`])
  const cwd = `${dir}/data/long`
  fs.mkdirSync(cwd)
  const env = { VARVE_AUTHOR_NAME: 'Ada', VARVE_AUTHOR_EMAIL: 'ada@example.org' }
  await ok(['init'], { cwd, env })
  const lines = (of: (i: number) => string): string =>
    Array.from({ length: 300_000 }, (_, i) => `${of(i)}\n`).join('')
  for (const round of ['old', 'new']) {
    const part = round === 'old' ? 0 : 1
    fs.writeFileSync(
      `${cwd}/long.txt`,
      lines((i) => `line ${(i * (part === 0 ? 7919 : 104_729)) % 300_000}`),
    )
    fs.writeFileSync(
      `${cwd}/data.csv`,
      `id,name\n${lines((i) => `${i},${i % 3 === 0 ? round : 'same'} ${i}`)}`,
    )
    await ok(['add', '.'], { cwd, env })
    await ok(['commit', '-m', round], { cwd, env })
  }
  for (const [name, found] of [
    ['long.txt', 'hunks'],
    ['data.csv', 'rows'],
  ] as const) {
    let [isUnderWay, answered] = [true, 0]
    const asking = (async () => {
      for (; isUnderWay; answered++) expect((await fetch(`${url}/health`)).status).toBe(200)
    })()
    const answer = await fetch(`${url}/v1/repos/long/diff/file?from=main~1&to=main&path=${name}`)
    isUnderWay = false
    await asking
    const document = (await answer.json()) as Record<string, unknown[]>
    expect([name, document[found]?.length]).toEqual([name, 100])
    // One, where the server's only thread does it.
    expect([name, answered > 5]).toEqual([name, true])
  }
}, 60_000)
