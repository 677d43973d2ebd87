// Webhooks that carry rows, through the command line: received, killed at any moment, and received again.
import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import { Webhook } from 'standardwebhooks'
import { beforeEach, expect, test } from 'vitest'
import { secret } from '../sync/sinks/webhook-receiver.ts'
import { freePort } from '../support/free-port.ts'
import { temporaryDir } from '../support/temporary.ts'
import { json, ok, varve, varveFile } from './varve.ts'

const author = { VARVE_AUTHOR_NAME: 'A', VARVE_AUTHOR_EMAIL: 'a@b.c' }

const config = (file: string): string => `links:
  crm:
    endpoint: inbox://${file}
    mode: capture
    tables: [ people ]
    inbox:
      people:
        items: data
        columns: { id: int, name: text, seen: int }
        when: { type: [ person.changed, person.patched, person.deleted ] }
        deletes: { type: person.deleted }
        patches: { type: person.patched }
`

let dir: string
let port: number
const env = { VARVE_LINK_CRM_SECRET: secret }

beforeEach(async () => {
  dir = temporaryDir()
  port = await freePort()
  await ok(['init'], { cwd: dir })
  fs.writeFileSync(`${dir}/varve.yaml`, config(`${dir}/../${dir.split('/').at(-1)}.inbox`))
})

function listen(): ChildProcess {
  return spawn(process.execPath, [varveFile, 'sync', 'crm', '--listen', String(port)], {
    cwd: dir,
    env: { PATH: process.env['PATH'], HOME: dir, ...author, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** null: nobody answered. */
async function post(id: string, body: unknown, path = 'crm'): Promise<number | null> {
  const text = JSON.stringify(body)
  const time = new Date()
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(time.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, time, text),
  }
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/${path}`, { method: 'POST', body: text, headers })
    return answer.status
  } catch {
    return null
  }
}

const rows = async (): Promise<string[]> =>
  (await ok(['export', 'crm/people', '--format', 'jsonl'], { cwd: dir })).trim().split('\n')

test('varve sync --listen keeps what a webhook holds before it confirms it, and a round brings it into the branch', async () => {
  const child = listen()
  const ended = once(child, 'close')
  await expect
    .poll(() => post('msg_1', { type: 'person.changed', data: { id: 1, name: 'Ada' } }), { timeout: 30_000 })
    .toBe(202)
  expect(await post('msg_1', { type: 'person.changed', data: { id: 1, name: 'Ada' } })).toBe(200)
  expect(
    await post('msg_2', { type: 'person.changed', data: [{ id: 2 }, { name: 'nobody' }] }, 'crm/people'),
  ).toBe(202)
  expect(await post('msg_3', {}, 'crm/orders')).toBe(404)
  expect(await post('msg_4', { type: 'person.patched', data: { id: 1, seen: 7 } })).toBe(202)
  await expect
    .poll(() => varve(['sync', 'rejected'], { cwd: dir }).then(({ stdout }) => stdout), { timeout: 30_000 })
    .toContain('webhook msg_2, item 2')
  await expect.poll(rows, { timeout: 30_000 }).toEqual(['{"id":1,"name":"Ada","seen":7}', '{"id":2}'])
  child.kill('SIGINT')
  await ended
  const given = await json<{ items: unknown[] }>(['sync', 'resolve', 'crm', '--ours'], { cwd: dir })
  expect(given.items).toHaveLength(1)
  expect((await varve(['sync', 'crm'], { cwd: dir })).code).toBe(0)
}, 120_000)

test('a link says how its webhooks are signed; GitHub, say, and with the old secret as well as the new one', async () => {
  const add = (...words: string[]): Promise<{ code: number | null; stderr: string }> =>
    varve(['link', 'add', 'hub', `inbox://${dir}/../${dir.split('/').at(-1)}.hub`, ...words], { cwd: dir })
  const words = ['--tables', 'issues', '--mode', 'capture', '--items', 'issue', '--signature']
  expect((await add(...words, 'gitlab')).stderr).toContain('standard, github, stripe, shopify')
  expect((await add(...words, 'github')).code).toBe(0)
  expect(fs.readFileSync(`${dir}/varve.yaml`, 'utf8')).toContain('signature: github')
  expect(await ok(['link', 'show', 'hub'], { cwd: dir })).toMatch(/signature +github/)
  const child = spawn(process.execPath, [varveFile, 'sync', 'hub', '--listen', String(port)], {
    cwd: dir,
    env: { PATH: process.env['PATH'], HOME: dir, VARVE_LINK_HUB_SECRET: 'my old one\nmy new one', ...author },
    stdio: 'ignore',
  })
  const ended = once(child, 'close')
  const deliver = async (id: string, key: string): Promise<number | null> => {
    const body = JSON.stringify({ action: 'opened', issue: { id: Number(id), title: 'It leaks' } })
    const mac = createHmac('sha256', key).update(body).digest('hex')
    const headers = { 'x-github-delivery': id, 'x-hub-signature-256': `sha256=${mac}` }
    return fetch(`http://127.0.0.1:${port}/hub`, { method: 'POST', body, headers }).then(
      ({ status }) => status,
      () => null,
    )
  }
  await expect.poll(() => deliver('1', 'my old one'), { timeout: 30_000 }).toBe(202)
  expect(await deliver('2', 'my new one')).toBe(202)
  expect(await deliver('3', 'my other one')).toBe(401)
  const issues = (): Promise<string> =>
    varve(['export', 'hub/issues', '--format', 'jsonl'], { cwd: dir }).then(({ stdout }) => stdout)
  await expect.poll(issues, { timeout: 30_000 }).toMatch(/"id":1,.*\n.*"id":2,/)
  child.kill('SIGINT')
  await ended
}, 120_000)

test('killed again and again while webhooks come in and are sent again, it loses none that it confirmed and applies none twice', async () => {
  let isOver = false
  const confirmed = new Map<number, boolean>()
  let child = listen()
  const sending = (async () => {
    for (let id = 1; !isOver; id++)
      for (const [part, event] of ['person.changed', 'person.changed', 'person.deleted'].entries()) {
        // Every third row is deleted in the end.
        if (part === 2 && id % 3 !== 0) continue
        const body = { type: event, data: { id, name: `n${part}`, seen: part } }
        for (let status: number | null = null; !isOver && (status === null || status >= 300);)
          if ((status = await post(`msg_${id}_${part}`, body)) === null)
            await new Promise((done) => setTimeout(done, 20))
          else if (status < 300) confirmed.set(id, part === 2)
      }
  })()
  for (const ms of [1800, 900, 1500, 1100]) {
    await new Promise((done) => setTimeout(done, ms))
    child.kill('SIGKILL')
    await once(child, 'close')
    child = listen()
  }
  await expect.poll(() => confirmed.size, { timeout: 60_000 }).toBeGreaterThan(3)
  isOver = true
  await sending
  child.kill('SIGINT')
  await once(child, 'close')
  await ok(['sync', 'crm'], { cwd: dir })
  const found = (await rows()).map((line) => JSON.parse(line) as { id: number; seen: number })
  const last = Math.max(...confirmed.keys())
  for (const [id, isGone] of confirmed)
    if (id !== last)
      expect([id, found.find((row) => row.id === id)?.seen]).toEqual([id, isGone ? undefined : 1])
  expect(found.length).toBeLessThanOrEqual(confirmed.size)
}, 120_000)

test('patches that could not be applied are refused where they are declared', async () => {
  const told = async (text: string): Promise<string> => {
    fs.writeFileSync(`${dir}/varve.yaml`, text)
    const { code, stderr } = await varve(['link', 'list'], { cwd: dir })
    return `${code}: ${stderr}`
  }
  const whole = config(`${dir}/../x.inbox`)
  expect(await told(whole.replace(/ +columns: .*\n/, ''))).toMatch(
    /^23: .*'patches' of 'people' needs its 'columns'/,
  )
  expect(await told(`${whole}    transform: { people: { where: 'id > 1' } }\n`)).toMatch(
    /^23: .*tell too little for 'where'/,
  )
  expect(await told(`${whole}    transform: { people: { columns: { name: { rename: who } } } }\n`)).toMatch(
    /^0: /,
  )
})
