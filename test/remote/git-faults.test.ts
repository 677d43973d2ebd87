// Git hosts that lie, refuse, break off or hang, and surroundings that would lead Git astray: nothing is half done,
// nothing of the host's is believed unseen, and the next run carries on.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { cloneInto } from '../../src/remote/clone.ts'
import { fetchRefs } from '../../src/remote/fetch.ts'
import { push } from '../../src/remote/push.ts'
import { openRemote } from '../../src/remote/transports/open.ts'
import type { Store } from '../../src/store/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { ok, varveFile } from '../cli/varve.ts'
import { type GitFolder, bareGit, dataRef, environment, rewriteTree } from '../support/git-host.ts'
import type { GitHttpServer } from '../support/git-http-server.ts'
import { gitOpenings } from '../support/git-openings.ts'
import { temporaryDir } from '../support/temporary.ts'
import { commitOn, manyRows, problemsOf, refOf } from './history.ts'
import { faultWithHint as fault } from '../support/fault.ts'

const main = 'refs/heads/main'
const { open, keep, serve } = gitOpenings()

/** A host with one commit of some rows, and the store that it came from. */
async function pushed(): Promise<{ host: GitFolder; local: Store }> {
  const host = bareGit()
  const local = MemoryStore.create()
  await commitOn(local, main, { rows: manyRows(500) })
  await push(local, await open(host.url, { create: true }))
  return { host, local }
}

const blobOf = (host: GitFolder, content: string | Uint8Array): string =>
  `100644 ${host.git(['hash-object', '-w', '--stdin'], content)}`

describe('a tree that is no store is refused, and nothing is changed here', () => {
  const packOf = (entries: Map<string, string>): string =>
    [...entries.keys()].find((name) => name.startsWith('packs/'))!
  const cases: Record<string, (host: GitFolder, entries: Map<string, string>) => void> = {
    'a symbolic link': (host, entries) =>
      entries.set('format', `120000 ${blobOf(host, '/etc/passwd').slice(7)}`),
    'a link for a pack': (host, entries) =>
      entries.set(packOf(entries), `120000 ${blobOf(host, '/etc/passwd').slice(7)}`),
    'a submodule': (host, entries) => entries.set('idx/sub', `160000 ${host.git(['rev-parse', dataRef])}`),
    'an executable': (_, entries) =>
      entries.set('format', entries.get('format')!.replace('100644', '100755')),
    'another file': (host, entries) => entries.set('README', blobOf(host, 'hello')),
    'a name that is no text': (host, entries) => entries.set('packs/\xff', blobOf(host, 'hello')),
    'a file in tmp': (host, entries) => entries.set('tmp/x', blobOf(host, 'hello')),
    'a pack in the wrong folder': (_, entries) =>
      entries.set(`packs/zz/${'a'.repeat(64)}.pack`, entries.get(packOf(entries))!),
    'a manifest of a megabyte': (host, entries) =>
      entries.set(`m/${'9'.padStart(20, '0')}`, blobOf(host, Buffer.alloc(1 << 20))),
    'a format of a megabyte': (host, entries) => entries.set('format', blobOf(host, Buffer.alloc(1 << 20))),
    'parts with a gap': (_, entries) => {
      const name = packOf(entries)
      const facts = entries.get(name)!
      entries.delete(name)
      entries.set(`${name}/000`, facts).set(`${name}/002`, facts)
    },
    'no format': (_, entries) => entries.delete('format'),
    'no manifest': (_, entries) => {
      for (const name of entries.keys()) if (name.startsWith('m/')) entries.delete(name)
    },
    'a manifest under another number': (_, entries) => {
      const newest = [...entries.keys()].filter((name) => name.startsWith('m/')).at(-1)!
      entries.set(`m/${'77'.padStart(20, '0')}`, entries.get(newest)!)
    },
  }
  test.each(Object.keys(cases))('%s', async (name) => {
    const { host } = await pushed()
    rewriteTree(host, (entries) => cases[name]!(host, entries))
    const store = MemoryStore.create()
    const message = await fault(open(host.url).then((remote) => cloneInto(store, remote, { url: host.url })))
    expect(message).toMatch(/^VARVE_CORRUPT: /)
    expect((await store.manifest()).sequence).toBe(1)
    expect((await store.stats()).objects).toBe(0)
  })
})

test('names that lead out of the folder are refused by Git before we look', async () => {
  const { host } = await pushed()
  // Git's own tools make no such tree: written as raw bytes.
  const blob = host.git(['hash-object', '-w', '--stdin'], 'evil')
  const entry = (mode: string, name: string, id: string): Buffer =>
    Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')])
  const inner = host.git(
    ['hash-object', '-w', '--literally', '-t', 'tree', '--stdin'],
    entry('100644', 'evil', blob),
  )
  const outer = host.git(
    ['hash-object', '-w', '--literally', '-t', 'tree', '--stdin'],
    entry('40000', '..', inner),
  )
  const who = ['-c', 'user.name=x', '-c', 'user.email=x@y']
  host.git(['update-ref', dataRef, host.git([...who, 'commit-tree', outer, '-m', 'evil'])])
  expect(await fault(open(host.url))).toMatch(/^VARVE_(UNREACHABLE|CORRUPT): /)
})

test('a tree that grows without end when it is walked is cut off', async () => {
  const { host } = await pushed()
  const blob = host.git(['hash-object', '-w', '--stdin'], '')
  let tree = host.git(
    ['mktree'],
    Array.from({ length: 10 }, (_, i) => `100644 blob ${blob}\tf${i}\n`).join(''),
  )
  for (let level = 0; level < 9; level++)
    tree = host.git(['mktree'], Array.from({ length: 10 }, (_, i) => `040000 tree ${tree}\td${i}\n`).join(''))
  const who = ['-c', 'user.name=x', '-c', 'user.email=x@y']
  host.git(['update-ref', dataRef, host.git([...who, 'commit-tree', tree, '-m', 'bomb'])])
  expect(await fault(open(host.url))).toContain('VARVE_CORRUPT: the remote has more files than any store')
})

test('a pack whose bytes were changed is noticed, and nothing of it is kept', async () => {
  const { host } = await pushed()
  rewriteTree(host, (entries) => {
    for (const [name, facts] of entries) {
      if (!name.startsWith('packs/')) continue
      const file = path.join(temporaryDir(), 'pack')
      fs.writeFileSync(file, Buffer.from(host.git(['cat-file', 'blob', facts.slice(7)]), 'latin1'))
      const bytes = Buffer.alloc(fs.statSync(file).size, 0x5a)
      entries.set(name, blobOf(host, bytes))
    }
  })
  const store = MemoryStore.create()
  const remote = await open(host.url)
  expect(await fault(cloneInto(store, remote, { url: host.url }))).toMatch(
    /^VARVE_CORRUPT: cannot fetch from 'origin'/,
  )
  expect((await store.stats()).objects).toBe(0)
})

test('a host whose hook says no is reported with its words, and both sides are as they were', async () => {
  const { host, local } = await pushed()
  const hook = path.join(host.dir, 'hooks/update')
  fs.mkdirSync(path.dirname(hook), { recursive: true })
  fs.writeFileSync(hook, '#!/bin/sh\necho "not on a Sunday" >&2\nexit 1\n', { mode: 0o755 })
  const before = host.git(['rev-parse', dataRef])
  await commitOn(local, main, { files: { a: '1' } })
  const remote = await open(host.url)
  const message = await fault(push(local, remote, { remoteName: 'origin' }))
  expect(message).toContain('VARVE_REFUSED')
  expect(message).toContain('hook declined')
  expect(host.git(['rev-parse', dataRef])).toBe(before)
  expect(await refOf(local, 'refs/remotes/origin/main')).toBe(undefined)
  fs.rmSync(hook)
  await push(local, remote, { remoteName: 'origin' })
  expect(await refOf(await open(host.url), main)).toBe(await refOf(local, main))
})

test('a host that wants a password it does not get is a refusal, told without secrets', async () => {
  const { host } = await pushed()
  const server = await serve(host.folder)
  server.meet = (request, response) => {
    if (request.headers.authorization !== undefined) return false
    response.writeHead(401, { 'www-authenticate': 'Basic realm="data"' }).end()
    return true
  }
  const url = `git+${server.url}/host.git`
  const message = await fault(open(url))
  expect(message).toMatch(/^VARVE_REFUSED: .*does not let you in/)
  expect(message).toContain('credential')
  // As a credential helper of the user's would: the secret is in no argument and no URL.
  const helper = path.join(temporaryDir(), 'helper')
  fs.writeFileSync(helper, '#!/bin/sh\n[ "$1" = get ] && printf "username=ada\\npassword=s3cret\\n"\n', {
    mode: 0o755,
  })
  const config = path.join(temporaryDir(), 'config')
  fs.writeFileSync(config, `[credential]\n\thelper = ${helper}\n`)
  const remote = await open(url, { environment: { ...environment, GIT_CONFIG_GLOBAL: config } })
  expect((await remote.manifest()).refs.size).toBe(1)
})

test('a host of the old protocol with many refs is one without data', async () => {
  const host = bareGit()
  const tree = host.git(['mktree'], '')
  const commit = host.git(['-c', 'user.name=x', '-c', 'user.email=x@y', 'commit-tree', tree, '-m', 'x'])
  const refs = Array.from({ length: 1000 }, (_, i) => `create refs/heads/${i} ${commit}\n`)
  host.git(['update-ref', '--stdin'], refs.join(''))
  const server = await serve(host.folder)
  const config = path.join(temporaryDir(), 'config')
  fs.writeFileSync(config, '[protocol]\n\tversion = 0\n')
  const surroundings = { ...environment, GIT_CONFIG_GLOBAL: config }
  const remote = await open(`git+${server.url}/host.git`, { create: true, environment: surroundings })
  expect((await remote.manifest()).refs.size).toBe(0)
})

test.each(['<html>Please sign in</html>', ''])(
  'a host in whose place somebody answers %j is not one without data',
  async (page) => {
    const { host, local } = await pushed()
    const server = await serve(host.folder)
    const url = `git+${server.url}/host.git`
    server.meet = (_, response) => (response.writeHead(200, { 'content-type': 'text/html' }).end(page), true)
    for (const create of [true, false])
      expect(await fault(open(url, { create }))).toMatch(/^VARVE_UNREACHABLE: .*no Git host answers there/)
    server.meet = () => false
    await push(local, await open(url))
  },
)

describe('connections that are cut', () => {
  /** Pushes over HTTP while the server cuts the n-th request of a push, and once more without. */
  test.each([
    ['before the host has read the push', (server: GitHttpServer) => cutAt(server, 'git-receive-pack', 0)],
    ['in the middle of the packs', (server: GitHttpServer) => cutAt(server, 'git-receive-pack', 40_000)],
    ['when the refs are listed', (server: GitHttpServer) => cutAt(server, 'info/refs', 0)],
  ])(
    '%s: both sides whole, and the next run carries on',
    async (_, cut) => {
      const { host, local } = await pushed()
      const server = await serve(host.folder)
      const url = `git+${server.url}/host.git`
      const remote = await open(url)
      const before = host.git(['rev-parse', dataRef])
      await commitOn(local, main, { rows: manyRows(20_000) })
      cut(server)
      expect(await fault(push(local, remote))).toMatch(/^VARVE_UNREACHABLE: /)
      expect(host.git(['rev-parse', dataRef])).toBe(before)
      expect(await problemsOf(await open(host.url))).toEqual([])
      server.meet = () => false
      await push(local, remote)
      const reader = await open(host.url)
      expect(await refOf(reader, main)).toBe(await refOf(local, main))
      expect(await problemsOf(reader)).toEqual([])
      host.git(['fsck', '--strict'])
    },
    60_000,
  )

  test('once only: the push tries again by itself', async () => {
    const { host, local } = await pushed()
    const server = await serve(host.folder)
    const remote = await open(`git+${server.url}/host.git`)
    await commitOn(local, main, { rows: manyRows(20_000) })
    cutAt(server, 'git-receive-pack', 40_000, 1)
    await push(local, remote)
    expect(await refOf(await open(host.url), main)).toBe(await refOf(local, main))
  })

  test('after the host has done it: the push counts, and is done once', async () => {
    const { host, local } = await pushed()
    const server = await serve(host.folder)
    const remote = await open(`git+${server.url}/host.git`)
    await commitOn(local, main, { files: { a: '1' } })
    let lost = 0
    server.meet = (request, response) => {
      if (!request.url!.endsWith('/git-receive-pack') || request.method !== 'POST') return false
      // All of the host's answer is thrown away.
      response.write = (() => true) as typeof response.write
      response.end = (() => {
        lost++
        response.destroy()
        return response
      }) as typeof response.end
      return false
    }
    await push(local, remote)
    // Libraries below Git may send a request again by themselves: the host takes it once.
    expect(lost).toBeGreaterThan(0)
    const reader = await open(host.url)
    expect(await refOf(reader, main)).toBe(await refOf(local, main))
    expect(host.git(['rev-list', '--count', dataRef])).toBe('2')
  })

  test('in a fetch: nothing has changed here, and the next one brings all', async () => {
    const { host, local } = await pushed()
    await commitOn(local, main, { rows: manyRows(20_000) })
    await push(local, await open(host.url))
    const server = await serve(host.folder)
    const url = `git+${server.url}/host.git`
    const [clone, cacheDir] = [MemoryStore.create(), temporaryDir()]
    server.meet = (request, response) => {
      if (request.method !== 'POST') return false
      let sent = 0
      const write = response.write.bind(response)
      response.write = ((piece: Uint8Array) => {
        sent += piece.length
        if (sent > 30_000) return void response.destroy()
        return write(piece)
      }) as typeof response.write
      return false
    }
    expect(await fault(open(url, { cacheDir }))).toMatch(/^VARVE_UNREACHABLE: /)
    server.meet = () => false
    await cloneInto(clone, await open(url, { cacheDir }), { url })
    expect(await refOf(clone, main)).toBe(await refOf(local, main))
    expect(await problemsOf(clone)).toEqual([])
  }, 60_000)
})

/** Cuts requests for `what` once that many bytes of the body have come; the first `times` of them. */
function cutAt(server: GitHttpServer, what: string, bytes: number, times = Infinity): void {
  let left = times
  server.meet = (request) => {
    if (!request.url!.includes(what) || left-- <= 0) return false
    if (bytes === 0) {
      request.destroy()
      return true
    }
    let seen = 0
    request.on('data', (piece: Buffer) => {
      seen += piece.length
      if (seen > bytes) request.destroy()
    })
    return false
  }
}

test('a host that hangs is left when the signal says so, and Git goes with it', async () => {
  const { host } = await pushed()
  const server = await serve(host.folder)
  const stop = new AbortController()
  let left = false
  server.meet = (request) => {
    request.socket.on('close', () => (left = true))
    setTimeout(() => stop.abort(), 20)
    return true
  }
  const work = fault(open(`git+${server.url}/host.git`, { signal: stop.signal }))
  expect(await work).toMatch(/^VARVE_ABORTED/)
  // The process that held the connection is gone.
  while (!left) await new Promise((resolve) => setTimeout(resolve, 10))
})

test('a process that is killed in the middle of a push leaves both sides whole, and the next run carries on', async () => {
  const host = bareGit()
  const cwd = temporaryDir()
  const run = (...args: string[]): Promise<string> => ok(args, { cwd })
  await run('init')
  fs.writeFileSync(path.join(cwd, 'a.txt'), 'one\n')
  await run('add', 'a.txt')
  await run('commit', '-m', 'one')
  await run('remote', 'add', 'origin', host.url)
  await run('push', '-u', 'origin')
  const before = host.git(['rev-parse', dataRef])
  const hook = path.join(host.dir, 'hooks/pre-receive')
  const [reached, go] = [path.join(host.folder, 'reached'), path.join(host.folder, 'go')]
  fs.mkdirSync(path.dirname(hook), { recursive: true })
  // Everything has arrived and waits for leave; then the pusher dies, and the host gives the push up.
  const script = `#!/bin/sh\ntouch '${reached}'\nwhile [ ! -e '${go}' ]; do sleep 0.05; done\nexit 1\n`
  fs.writeFileSync(hook, script, { mode: 0o755 })
  fs.writeFileSync(path.join(cwd, 'a.txt'), 'two\n')
  await run('commit', '-a', '-m', 'two')
  const child = spawn(process.execPath, [varveFile, 'push'], { cwd, env: environment, stdio: 'ignore' })
  while (!fs.existsSync(reached)) await new Promise((resolve) => setTimeout(resolve, 20))
  child.kill('SIGKILL')
  await once(child, 'close')
  fs.writeFileSync(go, '')
  expect(host.git(['rev-parse', dataRef])).toBe(before)
  fs.rmSync(hook)
  expect(await problemsOf(await open(host.url))).toEqual([])
  await run('fsck')
  await run('push')
  const reader = await open(host.url)
  expect(await refOf(reader, main)).toBe(await headOf(cwd))
  expect(await problemsOf(reader)).toEqual([])
}, 60_000)

async function headOf(cwd: string): Promise<string> {
  const store = await DiskStore.open(path.join(cwd, '.varve'))
  const head = await refOf(store, main)
  await store.close()
  return head!
}

describe('surroundings', () => {
  test('variables of another Git repository lead nowhere, and no hook of the user runs', async () => {
    const { host, local } = await pushed()
    const other = bareGit()
    const marker = path.join(temporaryDir(), 'ran')
    const hooks = temporaryDir()
    for (const name of ['pre-push', 'post-checkout', 'pre-auto-gc'])
      fs.writeFileSync(path.join(hooks, name), `#!/bin/sh\ntouch '${marker}'\n`, { mode: 0o755 })
    const config = path.join(temporaryDir(), 'config')
    fs.writeFileSync(config, `[core]\n\thooksPath = ${hooks}\n`)
    await commitOn(local, main, { files: { a: '1' } })
    const surroundings = {
      ...environment,
      GIT_CONFIG_GLOBAL: config,
      GIT_DIR: other.dir,
      GIT_INDEX_FILE: '/nonexistent/index',
      GIT_OBJECT_DIRECTORY: path.join(other.dir, 'objects'),
      GIT_NAMESPACE: 'elsewhere',
    }
    await push(local, await open(host.url, { environment: surroundings }))
    expect(await refOf(await open(host.url), main)).toBe(await refOf(local, main))
    expect(other.git(['count-objects'])).toBe('0 objects, 0 kilobytes')
    expect(fs.existsSync(marker)).toBe(false)
  })

  test("a user's setting cannot turn a host into a program", async () => {
    const marker = path.join(temporaryDir(), 'ran')
    const config = path.join(temporaryDir(), 'config')
    fs.writeFileSync(config, `[url "ext::touch ${marker} "]\n\tinsteadOf = https://example.org/\n`)
    const surroundings = { ...environment, GIT_CONFIG_GLOBAL: config }
    const message = await fault(open('git+https://example.org/x', { environment: surroundings }))
    expect(message).toMatch(/^VARVE_UNREACHABLE: .*'ext' not allowed/)
    expect(fs.existsSync(marker)).toBe(false)
  })

  test('without any environment Git is found all the same', async () => {
    const { host } = await pushed()
    const remote = await openRemote(host.url, {})
    keep(remote)
    expect((await remote.manifest()).refs.size).toBe(1)
  })

  test('without Git the error says so', async () => {
    expect(await fault(open(bareGit().url, { environment: { PATH: '/nonexistent' } }))).toMatch(
      /^VARVE_NOT_POSSIBLE: .*git.*not found/,
    )
  })

  test.each([
    'git+https://',
    'git+https://example.org',
    'git+ssh://-oProxyCommand=x/y',
    'git+ssh://git@-oProxyCommand=x/y',
    'git+file://relative/path',
  ])('the URL %s is refused before Git sees it', async (url) => {
    expect(await fault(open(url))).toMatch(/^VARVE_USAGE: /)
  })

  test.each(['git+ext://sh/x', 'ext::sh -c true', 'git+fd://3/x', 'git://example.org/x'])(
    'there is no remote of the kind %s',
    async (url) => {
      expect(await fault(open(url))).toMatch(/^VARVE_(UNREACHABLE|USAGE): /)
    },
  )
})

test('a cache that two runs use at once serves both', async () => {
  const { host, local } = await pushed()
  const cacheDir = temporaryDir()
  await commitOn(local, main, { files: { a: '1' } })
  const results = await Promise.all(
    Array.from({ length: 6 }, async (_, i) => {
      const clone = MemoryStore.create()
      const remote = await open(host.url, { cacheDir })
      await cloneInto(clone, remote, { url: host.url })
      await commitOn(clone, `refs/heads/b${i}`, { files: { [`b${i}`]: '1' } })
      await push(clone, remote, { refspecs: [`b${i}`] })
      await fetchRefs(clone, remote, { remoteName: 'origin' })
      return problemsOf(clone)
    }),
  )
  expect(results.flat()).toEqual([])
  expect((await (await open(host.url)).manifest()).refs.size).toBe(7)
})
