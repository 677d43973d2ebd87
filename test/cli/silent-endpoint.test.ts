// Endpoints that take a connection and never say a word: whoever waits at a prompt is told so.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net, { type AddressInfo, type Socket } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { identity, ok, varveFile } from './varve.ts'

const dir = temporaryDir()
const sockets: Socket[] = []
const server = net.createServer((socket) => void sockets.push(socket.on('error', () => undefined)))
let place: string

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  place = `127.0.0.1:${(server.address() as AddressInfo).port}`
  await ok(['init'], { cwd: dir })
  fs.writeFileSync(path.join(dir, 'people.csv'), 'id\n1\n')
  await ok(['track', 'people.csv', '--key', 'id'], { cwd: dir })
  const links = {
    db: `{ endpoint: 'postgres://ada@${place}/shop', mode: capture, tables: [people] }`,
    api: `{ endpoint: 'http://${place}/v1', mode: capture, tables: [people] }`,
    cache: `{ endpoint: 'redis://${place}/0', mode: materialize, tables: [people.csv] }`,
    hook: `{ endpoint: 'webhook+http://${place}/x', mode: materialize, tables: [people.csv] }`,
  }
  const lines = Object.entries(links).map(([name, link]) => `  ${name}: ${link}\n`)
  fs.appendFileSync(path.join(dir, 'varve.yaml'), `links:\n${lines.join('')}`)
  await ok(['add', '.'], { cwd: dir })
  await ok(['commit', '-m', 'people'], { cwd: dir })
})
afterAll(() => {
  sockets.forEach((socket) => socket.destroy())
  server.close()
})

/** What it says on standard error until it is stopped, a moment after it has said something. */
async function saidBy(words: readonly string[]): Promise<string> {
  const secret = `whsec_${Buffer.alloc(32).toString('base64')}`
  const child = spawn(process.execPath, [varveFile, 'sync', ...words], {
    cwd: dir,
    env: { PATH: process.env['PATH'], HOME: dir, ...identity, VARVE_LINK_HOOK_SECRET: secret },
  })
  const closed = once(child, 'close')
  let said = ''
  child.stderr.on('data', (part: Buffer) => (said += String(part)))
  const late = setTimeout(() => child.kill('SIGINT'), 5_000)
  while (said === '' && child.exitCode === null) await new Promise((done) => setTimeout(done, 50))
  child.kill('SIGINT')
  await closed
  clearTimeout(late)
  return said
}

test.each([
  ['db', 'postgres://ada@PLACE/shop', '15 s'],
  ['api', 'http://PLACE/v1', '5 min'],
  ['cache', 'redis://PLACE/0', '1 min'],
  ['hook', 'http://PLACE/x', '5 min'],
])('after two seconds it says that it waits for %s', async (link, url, most) => {
  const line = `waiting for an answer from '${url.replace('PLACE', place)}', for ${most} at most\n`
  expect(await saidBy([link])).toMatch(line)
})

test('--json and --quiet say nothing of it', async () => {
  const said = await Promise.all([saidBy(['db', '--json']), saidBy(['db', '--quiet'])])
  expect(said.join('')).not.toContain('waiting')
})
