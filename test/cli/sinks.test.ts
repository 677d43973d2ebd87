// Links to systems that are only written to, through the command line: declared, tried, told, killed and told again.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Hook, secret, startHook } from '../sync/sinks/webhook-receiver.ts'
import { temporaryDir } from '../support/temporary.ts'
import { ok, varve, varveFile } from './varve.ts'

test('varve sync --listen: a signed webhook starts a round, and Ctrl-C ends it', async () => {
  const dir = temporaryDir()
  let items = '[{"id":1}]'
  const api = http.createServer((_, response) => void response.end(items))
  await once(api.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}/v1`
  const env = { VARVE_LINK_CRM_SECRET: secret }
  await ok(['init'], { cwd: dir })
  await ok(['link', 'add', 'crm', url, '--tables', 'people', '--mode', 'capture'], { cwd: dir })
  const secretless = await varve(['sync', 'crm', '--listen', '0'], { cwd: dir })
  expect([secretless.code, secretless.stderr]).toEqual([61, expect.stringContaining('VARVE_LINK_CRM_SECRET')])
  const child = spawn(process.execPath, [varveFile, 'sync', 'crm', '--listen', '127.0.0.1:0'], {
    cwd: dir,
    env: {
      PATH: process.env['PATH'],
      HOME: dir,
      VARVE_AUTHOR_NAME: 'A',
      VARVE_AUTHOR_EMAIL: 'a@b.c',
      ...env,
    },
  })
  const ended = once(child, 'close')
  const said = { out: '', error: '' }
  child.stdout.on('data', (part: Buffer) => void (said.out += part.toString()))
  child.stderr.on('data', (part: Buffer) => void (said.error += part.toString()))
  await expect.poll(() => said.out, { timeout: 20_000 }).toContain('read +1 ~0 -0')
  const hook = /http:\/\/\S+\/crm/.exec(said.error)![0]
  items = '[{"id":1},{"id":2},{"id":3}]'
  const time = new Date()
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(time.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign('msg_1', time, '{}'),
  }
  expect((await fetch(hook, { method: 'POST', body: '{"forged":1}', headers })).status).toBe(401)
  expect((await fetch(hook, { method: 'POST', body: '{}', headers })).status).toBe(202)
  await expect.poll(() => said.out, { timeout: 20_000 }).toContain('read +2 ~0 -0')
  child.kill('SIGINT')
  await ended
  expect(said.out.match(/crm \(capture\)/g)).toHaveLength(2)
  api.closeAllConnections()
  api.close()
}, 60_000)

test('varve sync --follow: a webhook is told of a commit when it is made, and so is who looks on', async () => {
  const dir = temporaryDir()
  const hook = await startHook()
  fs.writeFileSync(`${dir}/people.csv`, 'id,name\n1,Ada\n')
  await ok(['init'], { cwd: dir })
  await ok(['track', 'people.csv', '--key', 'id'], { cwd: dir })
  await ok(['add', '.'], { cwd: dir })
  await ok(['commit', '-m', 'first'], { cwd: dir })
  const env = { VARVE_LINK_HOOK_SECRET: secret }
  const link = ['link', 'add', 'hook', hook.url, '--tables', 'people.csv', '--mode', 'materialize']
  expect((await varve(link, { cwd: dir, env })).code).toBe(0)
  expect(await ok(['link', 'test', 'hook'], { cwd: dir, env })).toBe(
    `${hook.url.replace('webhook+', '')} answers\nit is only written to: it is told what changes on the branch\nit keeps no record of what it was told: let one repository alone run the link, for another tells it all rows again\n`,
  )
  const child = spawn(process.execPath, [varveFile, 'sync', '--follow', '--json'], {
    cwd: dir,
    env: { PATH: process.env['PATH'], HOME: dir, ...env },
  })
  const ended = once(child, 'close')
  let said = ''
  child.stdout.on('data', (part: Buffer) => void (said += part.toString()))
  await expect.poll(() => said, { timeout: 30_000 }).toContain('"added":1')
  fs.writeFileSync(`${dir}/people.csv`, 'id,name\n1,Ada\n2,Grace\n3,Barbara\n')
  await ok(['commit', '-am', 'second'], { cwd: dir })
  await expect.poll(() => said, { timeout: 30_000 }).toContain('"added":2')
  child.kill('SIGINT')
  expect((await ended)[0]).toBe(0)
  await hook.close()
}, 90_000)

describe('varve link and sync with a webhook', () => {
  const dir = temporaryDir()
  const env = { VARVE_LINK_HOOK_SECRET: secret }
  let hook: Hook
  beforeAll(async () => {
    hook = await startHook()
    await ok(['init'], { cwd: dir })
    fs.writeFileSync(`${dir}/people.csv`, 'id,name\n1,Ada\n2,Grace\n')
    await ok(['track', 'people.csv', '--key', 'id'], { cwd: dir })
    await ok(['add', '.'], { cwd: dir })
    await ok(['commit', '-m', 'first'], { cwd: dir })
  })
  afterAll(() => hook.close())

  const add = (mode: string): string[] => [
    'link',
    'add',
    'hook',
    hook.url,
    '--tables',
    'people.csv',
    '--mode',
    mode,
  ]

  test('another mode and a missing secret are refused with the next step', async () => {
    const twoWay = await varve(add('two-way'), { cwd: dir, env })
    expect([twoWay.code, twoWay.stderr]).toEqual([2, expect.stringContaining("its mode is 'materialize'")])
    const secretless = await varve(add('materialize'), { cwd: dir })
    expect([secretless.code, secretless.stderr]).toEqual([
      61,
      expect.stringContaining('VARVE_LINK_HOOK_SECRET'),
    ])
    expect(fs.readFileSync(`${dir}/varve.yaml`, 'utf8')).not.toContain('hook')
  })

  test('killed (-9) when the receiver has kept a batch: the next round sends it again under the same ids', async () => {
    await ok([...add('materialize'), '--commits', 'each'], { cwd: dir, env })
    expect(fs.readFileSync(`${dir}/varve.yaml`, 'utf8')).toContain('commits: each')
    expect(await ok(['sync', '--dry-run'], { cwd: dir, env })).toContain('written +2 ~0 -0')
    const child = spawn(process.execPath, [varveFile, 'sync', 'hook'], {
      cwd: dir,
      env: {
        PATH: process.env['PATH'],
        HOME: dir,
        VARVE_AUTHOR_NAME: 'A',
        VARVE_AUTHOR_EMAIL: 'a@b.c',
        ...env,
      },
      stdio: 'ignore',
    })
    const ended = once(child, 'close')
    hook.kept = () => child.kill('SIGKILL')
    const [, signal] = await ended
    expect([signal, hook.batches.length]).toEqual(['SIGKILL', 1])
    hook.kept = () => false
    expect(await ok(['sync'], { cwd: dir, env })).toContain('cut short')
    expect(hook.batches[1]).toEqual(hook.batches[0])
    expect(hook.batches[0]!.rows.map(({ after }) => after)).toEqual([
      { id: 1, name: 'Ada' },
      { id: 2, name: 'Grace' },
    ])
    await ok(['sync'], { cwd: dir, env })
    expect([hook.batches.length, hook.refused]).toEqual([2, []])
  }, 60_000)

  test('a refused row is listed with the reason, outlives a gc, and goes out with retry', async () => {
    hook.judge = (rows) => (rows.some(({ key }) => key['id'] === 3) ? 422 : null)
    fs.writeFileSync(`${dir}/people.csv`, 'id,name\n1,Ada\n2,Grace\n3,Barbara\n4,Edsger\n')
    await ok(['commit', '-am', 'two more'], { cwd: dir })
    const round = await varve(['sync'], { cwd: dir, env })
    expect([round.code, round.stdout]).toEqual([21, expect.stringContaining('written +1 ~0 -0')])
    expect(await ok(['sync', 'rejected'], { cwd: dir })).toMatch(/3.*answers 422: it is refused/)
    await ok(['gc'], { cwd: dir })
    await ok(['fsck'], { cwd: dir })
    expect((await varve(['sync'], { cwd: dir, env })).code).toBe(21)
    hook.judge = () => null
    await ok(['sync', 'retry', 'hook'], { cwd: dir, env })
    expect(hook.batches.at(-1)!.rows.map(({ after }) => after)).toEqual([{ id: 3, name: 'Barbara' }])
    expect(await ok(['sync', 'rejected'], { cwd: dir })).not.toContain('422')
  }, 60_000)

  test('rows that vanish in masses are shown, let through, or brought back', async () => {
    const rows = fs.readFileSync(`${dir}/people.csv`, 'utf8')
    const told = hook.batches.length
    fs.writeFileSync(`${dir}/people.csv`, 'id,name\n')
    await ok(['commit', '-am', 'nobody'], { cwd: dir })
    expect((await varve(['sync'], { cwd: dir, env })).code).toBe(21)
    expect(await ok(['sync', 'pending'], { cwd: dir })).toContain("all 4 rows of 'people.csv' are gone")
    expect(await ok(['show', 'refs/links/hook/pending'], { cwd: dir })).toMatch(/^ *- .*Barbara/m)
    await ok(['sync', 'discard', 'hook'], { cwd: dir, env })
    expect(fs.readFileSync(`${dir}/people.csv`, 'utf8')).toBe(rows)
    await ok(['sync'], { cwd: dir, env })
    expect(hook.batches.length).toBe(told)
    fs.writeFileSync(`${dir}/people.csv`, 'id,name\n')
    await ok(['commit', '-am', 'nobody after all'], { cwd: dir })
    expect((await varve(['sync'], { cwd: dir, env })).code).toBe(21)
    await ok(['sync', 'approve', 'hook'], { cwd: dir, env })
    expect(hook.batches.at(-1)!.rows.map(({ kind, key }) => [kind, key['id']])).toEqual(
      [1, 2, 3, 4].map((id) => ['delete', id]),
    )
  }, 60_000)

  test('a file is told as varve.yaml transforms it, and a dry run shows no more', async () => {
    fs.writeFileSync(
      `${dir}/people.csv`,
      'id,name,mail,age\n1,Ada,ada@example.org,36\n2,Grace,grace@example.org,12\n',
    )
    const yaml = fs.readFileSync(`${dir}/varve.yaml`, 'utf8')
    const transform = '{people.csv: {where: age > 18, columns: {mail: {mask: redact}, age: {rename: years}}}}'
    const link = `endpoint: ${hook.url}\n    mode: materialize\n    tables: [people.csv]\n    transform: ${transform}`
    fs.writeFileSync(`${dir}/varve.yaml`, yaml.replace('links:\n', `links:\n  masked:\n    ${link}\n`))
    await ok(['commit', '-am', 'people again'], { cwd: dir })
    const secrets = { VARVE_LINK_MASKED_SECRET: secret }
    const plan = await ok(['sync', 'masked', '--dry-run'], { cwd: dir, env: secrets })
    expect(plan).toContain('[redacted]')
    expect(plan).not.toContain('example.org')
    await ok(['sync', 'masked'], { cwd: dir, env: secrets })
    expect(hook.batches.at(-1)!.rows.map(({ key, after }) => [key, after])).toEqual([
      [{ id: 1 }, { id: 1, name: 'Ada', mail: '[redacted]', years: 36 }],
    ])
  }, 60_000)

  test.each(['redis', 'rediss', 'nats', 'mqtt', 'amqp', 'amqps', 'kafka', 'kafkas'])(
    '%s: where nobody answers, that is said (60)',
    async (scheme) => {
      const url = `${scheme}://127.0.0.1:9/0`
      const added = await varve(
        ['link', 'add', 'x', url, '--tables', 'people.csv', '--mode', 'materialize'],
        { cwd: dir },
      )
      expect([added.code, added.stderr]).toEqual([60, expect.stringMatching(/cannot reach .*127\.0\.0\.1:9/)])
    },
  )
})
