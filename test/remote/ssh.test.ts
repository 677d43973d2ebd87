// Remotes by ssh: the command line's own `varve serve --stdio` at the other end of a real pipe. What stands for ssh is a
// script that runs the words it is given in a shell, as sshd would; where OpenSSH's server is installed, it is the real one.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { cloneInto } from '../../src/remote/clone.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { push } from '../../src/remote/push.ts'
import { openRemote } from '../../src/remote/transports/open.ts'
import { isSshUrl, sshArguments, sshPlaceOf } from '../../src/remote/transports/ssh/place.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import type { Store } from '../../src/store/interface.ts'
import { json, ok, varve } from '../cli/varve.ts'
import { freePort } from '../support/free-port.ts'
import { type SshPipe, sshPipe } from '../support/ssh-pipe.ts'
import { temporaryDir } from '../support/temporary.ts'
import { commitOn, manyRows, problemsOf, refOf } from './history.ts'
import { faultWithExitCode as fault } from '../support/fault.ts'

const main = 'refs/heads/main'
const origin = { remoteName: 'origin' }

let dir = ''
let environment: Record<string, string> = {}
let script: SshPipe['script']

beforeEach(() => {
  dir = temporaryDir()
  ;({ environment, script } = sshPipe(dir))
})

async function withRemote<T>(
  url: string,
  work: (remote: Store) => Promise<T>,
  options: { create?: boolean; environment?: Record<string, string> } = {},
): Promise<T> {
  const remote = await openRemote(url, { cacheDir: path.join(dir, 'cache'), environment, ...options })
  try {
    return await work(remote)
  } finally {
    await remote.close()
  }
}

test('push, clone and fetch through the pipe; the first push makes the repository', async () => {
  const [ada, grace] = [await DiskStore.create(`${dir}/ada`), await DiskStore.create(`${dir}/grace`)]
  const url = `ssh://ada@example.org:2222${dir}/hub%20of%20'all'`
  const first = await commitOn(ada, main, { rows: manyRows(3000), files: { a: '1', b: 'z'.repeat(300_000) } })
  await withRemote(url, (remote) => push(ada, remote, origin), { create: true })
  await withRemote(url, (remote) => cloneInto(grace, remote, { url }))
  expect(await refOf(grace, main)).toBe(first)
  const second = await commitOn(grace, main, { rows: new Map([[7, 'edited']]) })
  expect((await withRemote(url, (remote) => push(grace, remote, origin))).objects).toBeLessThanOrEqual(7)
  await withRemote(url, (remote) => fetchRefs(ada, remote, origin))
  expect(await refOf(ada, 'refs/remotes/origin/main')).toBe(second)
  const hub = await DiskStore.open(`${dir}/hub of 'all'`)
  for (const store of [ada, grace, hub]) {
    expect(await problemsOf(store)).toEqual([])
    await store.close()
  }
  const calls = fs.readFileSync(`${dir}/calls`, 'utf8').trim().split('\n')
  expect(calls[0]).toBe(
    `-p 2222 -- ada@example.org varve serve --stdio --create -- '${dir}/hub of '\\''all'\\'''`,
  )
  // One connection for each command.
  expect(calls).toHaveLength(4)
}, 60_000)

test('whoever cannot be reached, and what is not there, is said in the words of the other end', async () => {
  const fetching = (url: string, options = {}): Promise<string> =>
    fault(withRemote(url, (remote) => remote.manifest(), options))
  expect(await fetching(`ssh://host${dir}/nothing`)).toMatch(
    /^VARVE_UNREACHABLE \(60\): cannot reach 'ssh:\/\/host.*': .*no repository in '.*nothing'/,
  )
  script('ssh', ['echo "Permission denied (publickey)." >&2', 'exit 255'])
  expect(await fetching('ssh://host/x')).toMatch(
    /^VARVE_UNREACHABLE \(60\): .*Permission denied \(publickey\)\./,
  )
  expect(fs.existsSync(`${dir}/calls`) && fs.readFileSync(`${dir}/calls`, 'utf8').split('\n').length).toBe(2)
  script('ssh', ['echo "Welcome to a host without varve"', 'exit 0'])
  expect(await fetching('ssh://host/x')).toContain('VARVE_UNREACHABLE (60)')
  script('ssh', ['yes', 'exit 0'])
  expect(await fetching('ssh://host/x')).toContain('something else than varve answers there')
  const absent = { ...environment, VARVE_SSH: `${dir}/no-such-program` }
  expect(await fetching('ssh://host/x', { environment: absent })).toContain('VARVE_UNREACHABLE (60)')
}, 60_000)

test('a shell that greets before is no trouble; nor is what comes right behind the greeting', async () => {
  const store = await DiskStore.create(`${dir}/hub`)
  await commitOn(store, main, { files: { a: '1' } })
  await store.close()
  script('ssh', [
    'echo "Last login: today"',
    'echo "varve serve 1 is installed here"',
    `exec varve serve --stdio '${dir}/hub'`,
  ])
  const manifest = await withRemote('host:hub', (remote) => remote.manifest())
  expect([...manifest.refs.keys()]).toEqual([main])
}, 30_000)

test('a process at the other end that dies in the middle: an error, and nothing here has changed', async () => {
  const store = await DiskStore.create(`${dir}/hub`)
  await commitOn(store, main, { rows: manyRows(5000) })
  await store.close()
  // Lets 2000 bytes of the answer through, and no more.
  script('ssh', [`varve serve --stdio '${dir}/hub' | { dd bs=1 count=2000 2>/dev/null; kill -9 $$; }`])
  const local = await DiskStore.create(`${dir}/local`)
  const result = await fault(withRemote('host:hub', (remote) => fetchRefs(local, remote, origin)))
  expect(result).toMatch(/^VARVE_UNREACHABLE \(60\)/)
  expect((await local.manifest()).sequence).toBe(1)
  await local.close()
}, 60_000)

test.each([
  ['ssh://host/path', 'host', null, '/path'],
  ['ssh://ada@host.example:22/a%20b', 'ada@host.example', '22', '/a b'],
  ['ssh://[::1]:2222/x', '::1', '2222', '/x'],
  ['ssh://host/~/data', 'host', null, 'data'],
  ['ada@host:data/prices', 'ada@host', null, 'data/prices'],
  ['host:/srv/data', 'host', null, '/srv/data'],
  ['host:~/data', 'host', null, 'data'],
])('%s is understood', (url, destination, port, place) => {
  expect(isSshUrl(url)).toBe(true)
  expect(sshPlaceOf(url)).toEqual({ destination, port, path: place })
})

test.each([
  'ssh://-oProxyCommand=evil/path',
  'ssh://-l@host/path',
  'ssh://ada@-host/path',
  'ssh://host:22x/path',
  'ssh://host:99999/path',
  'ssh://host',
  'ssh:///path',
  'ssh://ho st/path',
  'ssh://host;evil/path',
  'ssh://$(evil)/path',
  '-oProxyCommand=evil:path',
  'ada;evil@host:path',
  'ssh://host/%zz',
])('%s is refused before anything is run', async (url) => {
  expect(await fault(withRemote(url, (remote) => remote.manifest()))).toMatch(/^VARVE_(USAGE|UNREACHABLE)/)
  expect(fs.existsSync(`${dir}/calls`)).toBe(false)
})

test('a path is one word for the shell over there, whatever it holds', () => {
  const evil = `/x'; touch /tmp/evil; '$(id)\`id\``
  const words = sshArguments({ destination: 'host', port: null, path: evil }, 'find').at(-1)!
  const script_ = words.replace('varve serve --stdio --', 'printf %s')
  expect(execFileSync('sh', ['-c', script_]).toString()).toBe(evil)
  const dashed = sshArguments({ destination: 'host', port: null, path: '-rf' }, 'find').at(-1)!
  expect(dashed).toBe("varve serve --stdio -- '-rf'")
})

test.each(['C:\\data', 'C:/data', './a:b', '/a:b', 'file:///x', 'a/b:c'])(
  '%s is a path, not a host',
  (url) => {
    expect(isSshUrl(url)).toBe(false)
  },
)

test('the command line: remote add, push, clone, fetch', async () => {
  const cwd = `${dir}/work`
  fs.mkdirSync(cwd)
  const run = { cwd, env: environment }
  await ok(['init'], run)
  fs.writeFileSync(`${cwd}/people.csv`, 'id,name\n1,Ada\n')
  await ok(['track', 'people.csv', '--key', 'id'], run)
  await ok(['add', '.'], run)
  await ok(['commit', '-m', 'one'], run)
  await ok(['remote', 'add', 'origin', 'ada@example.org:hub'], run)
  expect(await json(['push', '-u', 'origin', 'main'], run)).toMatchObject({ url: 'ada@example.org:hub' })
  await ok(['clone', 'ada@example.org:hub', `${dir}/clone`], run)
  expect(fs.readFileSync(`${dir}/clone/people.csv`, 'utf8')).toBe('id,name\n1,Ada\n')
  const { code, stderr } = await varve(['clone', 'ada@example.org:nothing', `${dir}/none`], run)
  expect([code, stderr]).toEqual([60, expect.stringContaining("no repository in '")])
  expect(fs.existsSync(`${dir}/none`)).toBe(false)
}, 60_000)

// The real one.

const sshd = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find((file) => fs.existsSync(file))
/** Root's sshd wants a folder that the system makes when it first starts. */
const canRun = sshd !== undefined && (process.getuid?.() !== 0 || fs.existsSync('/run/sshd'))
const daemons: ChildProcess[] = []
afterAll(() => {
  for (const daemon of daemons) daemon.kill()
})

test.skipIf(!canRun)(
  'OpenSSH’s own client and server (skipped where sshd is not installed, or not set up)',
  async () => {
    const key = `${dir}/key`
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', `${dir}/hostkey`])
    fs.copyFileSync(`${key}.pub`, `${dir}/authorized`)
    const port = await freePort()
    fs.writeFileSync(
      `${dir}/sshd_config`,
      [
        `Port ${port}`,
        'ListenAddress 127.0.0.1',
        `HostKey ${dir}/hostkey`,
        `AuthorizedKeysFile ${dir}/authorized`,
        `PidFile ${dir}/sshd.pid`,
        'StrictModes no',
        'UsePAM no',
        `SetEnv PATH=${environment['PATH']!}`,
      ].join('\n'),
    )
    daemons.push(spawn(sshd!, ['-D', '-e', '-f', `${dir}/sshd_config`], { stdio: 'ignore' }))
    const ssh = script('real-ssh', [
      `exec /usr/bin/ssh -i '${key}' -o StrictHostKeyChecking=no -o UserKnownHostsFile='${dir}/known' -o BatchMode=yes "$@"`,
    ])
    const store = await DiskStore.create(`${dir}/local`)
    await commitOn(store, main, { rows: manyRows(1000) })
    const url = `ssh://127.0.0.1:${port}${dir}/hub`
    const real = { ...environment, VARVE_SSH: ssh }
    for (let i = 0; i < 50; i++) {
      const result = await fault(
        withRemote(url, (remote) => push(store, remote, origin), { create: true, environment: real }),
      )
      if (result === 'no error') break
      if (!result.includes('refused')) throw new Error(result)
      await new Promise((done) => setTimeout(done, 100))
    }
    const hub = await DiskStore.open(`${dir}/hub`)
    expect(await refOf(hub, main)).toBe(await refOf(store, main))
    expect(await problemsOf(hub)).toEqual([])
    for (const one of [store, hub]) await one.close()
  },
  60_000,
)
