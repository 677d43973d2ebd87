// A push to several places goes to them side by side: none waits for another, and none hides what another did.
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { sshPipe } from '../support/ssh-pipe.ts'
import { temporaryDir } from '../support/temporary.ts'
import { json, ok, varve } from './varve.ts'

vi.setConfig({ testTimeout: 120_000 })

const dir = temporaryDir()
const here = { cwd: path.join(dir, 'work') }
const hub = path.join(dir, 'hub')
const backup = path.join(dir, 'backup')

/** Answers nobody before the hub has our commit. */
let waiting: Server
let waitingUrl = ''

async function headOf(place: string): Promise<string | null> {
  const { code, stdout } = await varve(['log', '-n', '1', '--json'], { cwd: place })
  return code === 0 ? (JSON.parse(stdout) as { items: { id: string }[] }).items[0]!.id : null
}

async function commit(name: string): Promise<string> {
  writeFileSync(path.join(here.cwd, `${name}.txt`), `${name}\n`.repeat(1000))
  await ok(['add', '.'], here)
  await ok(['commit', '-m', name], here)
  return (await headOf(here.cwd))!
}

beforeAll(async () => {
  mkdirSync(here.cwd)
  await ok(['init'], here)
  await commit('first')
  await ok(['init', '--bare', hub], { cwd: dir })
  await ok(['init', '--bare', backup], { cwd: dir })
  waiting = createServer((_, answer) => {
    const until = async (): Promise<void> => {
      while ((await headOf(hub)) !== (await headOf(here.cwd))) await new Promise(setImmediate)
      answer.writeHead(404).end()
    }
    until().catch((error: unknown) => answer.destroy(error as Error))
  })
  waiting.listen(0, '127.0.0.1')
  await once(waiting, 'listening')
  waitingUrl = `http://127.0.0.1:${(waiting.address() as AddressInfo).port}/data`
}, 60_000)

afterAll(() => {
  waiting.closeAllConnections()
  waiting.close()
})

test('a place that does not answer holds back no other one, and each result is told', async () => {
  await ok(['remote', 'add', 'origin', hub], here)
  await ok(['remote', 'set-url', '--push', 'origin', waitingUrl], here)
  for (const place of [hub, '/dev/null', backup])
    await ok(['remote', 'set-url', '--add', '--push', 'origin', place], here)
  const { code, stderr } = await varve(['push', '--json', 'origin', 'main'], here)
  const { error } = JSON.parse(stderr) as { error: { code: string; data: object } }
  const updates = [{ ref: 'refs/heads/main', before: null, forced: false }]
  expect(error.data).toMatchObject({
    pushed: [
      { url: hub, updates },
      { url: backup, updates },
    ],
    failed: [
      { url: waitingUrl, exitCode: code, code: error.code },
      { url: '/dev/null', exitCode: 61, code: 'VARVE_REFUSED' },
    ],
  })
  expect([await headOf(hub), await headOf(backup)]).toEqual(Array(2).fill(await headOf(here.cwd)))
  expect(await ok(['log', '-n', '1', 'origin/main'], here)).toContain('first')
})

test('what one place refuses, the others have', async () => {
  await ok(['remote', 'set-url', '--push', 'origin', hub], here)
  await ok(['remote', 'set-url', '--add', '--push', 'origin', backup], here)
  await ok(['clone', hub, 'other'], { cwd: dir })
  const other = { cwd: path.join(dir, 'other') }
  writeFileSync(path.join(other.cwd, 'theirs.txt'), 'theirs\n')
  await ok(['add', '.'], other)
  await ok(['commit', '-m', 'theirs'], other)
  await ok(['push'], other)
  const ours = await commit('second')
  const refused = await varve(['push', 'origin', 'main'], here)
  expect([refused.code, refused.stderr]).toEqual([
    61,
    expect.stringContaining(`pushed to '${backup}', but not to '${hub}': the remote's 'main' has commits`),
  ])
  expect(await headOf(backup)).toBe(ours)
  expect(await ok(['log', '-n', '1', 'origin/main'], here)).toContain('first')
  await ok(['pull', 'origin', 'main'], here)
  expect(await ok(['push', 'origin', 'main'], here)).toMatch(/to .*hub.*\n.*\nto .*backup/)
  expect(await ok(['push', 'origin', 'main'], here)).toMatch(
    /hub: everything up to date\n.*backup: everything up to date\n/,
  )
})

test('progress names the place, and each place ends its own phase', async () => {
  await commit('third')
  const { code, stderr } = await varve(['push', '--progress=json', 'origin', 'main'], here)
  expect(code).toBe(0)
  const lines = stderr
    .trim()
    .split('\n')
    .map(
      (line) => (JSON.parse(line) as { progress: { phase: string; place: string; done: number } }).progress,
    )
  for (const place of [hub, backup]) {
    const last = lines.findLast((line) => line.place === place && line.phase === 'pushing')
    expect(last?.done).toBeGreaterThan(2)
  }
  await commit('fourth')
  expect((await varve(['push', '-v', 'origin', 'main'], here)).stderr).toContain(`pushing to ${backup}`)
})

test('two places by ssh are asked one after the other, for both may ask for a password', async () => {
  const { environment, script } = sshPipe(dir)
  const ssh = readFileSync(path.join(dir, 'bin', 'ssh'), 'utf8')
    .split('\n')
    .slice(1)
  script('ssh', [`ls '${dir}/one/packs' >> '${dir}/seen' 2>&1; echo "$*" >> '${dir}/seen'`, ...ssh])
  for (const name of ['one', 'two'])
    await ok(['remote', 'set-url', '--add', '--push', 'origin', `ssh://host${dir}/${name}`], here)
  const { copies } = await json<{ copies: { url: string }[] }>(['push', 'origin', 'main'], {
    ...here,
    env: environment,
  })
  expect(copies.map(({ url }) => path.basename(url))).toEqual(['backup', 'one', 'two'])
  // When the second was called, the first had its packs.
  expect(readFileSync(path.join(dir, 'seen'), 'utf8')).toMatch(/^ls: .*\n.*\/one'.*\n(\w+\n)+.*\/two'.*\n$/)
  expect(await headOf(path.join(dir, 'two'))).toBe(await headOf(here.cwd))
})
