// Many people push to one branch at once, and pull and rebase until they get through, as people do: all of their
// commits arrive, each once, whatever kind of remote it is.
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { DiskStore, Repository } from '../../src/index.ts'
import { serve } from '../../src/server/serve.ts'
import { bareGit, environment } from '../support/git-host.ts'
import { type GitHttpServer, serveGit } from '../support/git-http-server.ts'
import { sshPipe } from '../support/ssh-pipe.ts'
import { temporaryDir } from '../support/temporary.ts'

const servers: Pick<GitHttpServer, 'close'>[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

interface Hub {
  readonly url: string
  readonly environment?: Record<string, string>
}

type Options = (name: string) => NonNullable<Parameters<typeof Repository.open>[1]>

function optionsAt(hub: Hub): Options {
  return (name) => ({
    author: { name, email: `${name}@example.org` },
    environment: { ...environment, ...hub.environment },
  })
}

/** Resolves for all when so many have come. */
function barrier(count: number): () => Promise<void> {
  let [waiting, open] = [count, (): void => {}]
  const opened = new Promise<void>((done) => (open = done))
  return () => {
    if (--waiting === 0) open()
    return opened
  }
}

async function served(): Promise<Hub> {
  const dir = temporaryDir()
  await (await DiskStore.create(path.join(dir, 'hub/data'))).close()
  const dirs = [path.join(dir, 'hub')]
  const serving = await serve({ dirs, stateDir: path.join(dir, 'state'), anonymous: 'write' })
  servers.push(serving)
  return { url: `${serving.url}/data` }
}

async function pushUntilIn(
  { url, dir, options, ready }: { url: string; dir: string; options: Options; ready: () => Promise<void> },
  i: number,
): Promise<number> {
  await using repo = await Repository.clone(url, dir, options(`p${i}`))
  const file = path.join(dir, 'rows.csv')
  fs.appendFileSync(file, `${i + 1},of pusher ${i}\n`)
  fs.writeFileSync(path.join(dir, `file${i}.txt`), `${i}\n`)
  await repo.add(['.'])
  await repo.commit({ message: `from ${i}` })
  // All stand on the same commit: of the first pushes one gets through.
  await ready()
  for (let attempts = 1; ; attempts++) {
    try {
      await repo.push()
      return attempts
    } catch (error) {
      if (!isVarveError(error, 'VARVE_REFUSED')) throw error
    }
    // As scripts wait: longer each time, and not all of them the same.
    await pause(Math.random() * 200 * 2 ** Math.min(attempts, 6))
    const { merged } = await repo.pull(undefined, undefined, { mode: 'rebase' })
    expect(merged.outcome).not.toBe('conflict')
  }
}

test.each<[number, string, () => Promise<Hub>]>([
  [16, 'file://', async () => ({ url: `file://${temporaryDir()}/hub` })],
  [16, 'varve serve', served],
  // Each of their commands starts processes over there.
  [8, 'git+file://', async () => ({ url: bareGit().url })],
  [
    8,
    'ssh:// (a pipe to a shell)',
    async () => {
      const dir = temporaryDir()
      return { url: `ssh://ada@example.org${dir}/hub`, environment: sshPipe(dir).environment }
    },
  ],
  [
    8,
    'git+http://',
    async () => {
      const host = bareGit()
      const server = await serveGit(host.folder)
      servers.push(server)
      return { url: `git+${server.url}/host.git` }
    },
  ],
])(
  '%d pushers over %s: all commits arrive, none is lost and none comes twice',
  async (pushers, _, makeHub) => {
    const hub = await makeHub()
    const { url } = hub
    const options = optionsAt(hub)
    const dir = temporaryDir()
    await using seed = await Repository.init(path.join(dir, 'seed'), options('seed'))
    fs.writeFileSync(path.join(dir, 'seed/rows.csv'), 'id,text\n0,seed\n')
    await seed.track('rows.csv', { key: ['id'] })
    await seed.add(['.'])
    await seed.commit({ message: 'seed' })
    await seed.addRemote('origin', url)
    await seed.push('origin', ['main'], { setUpstream: true })

    const numbers = Array.from({ length: pushers }, (_unused, i) => i)
    const ready = barrier(pushers)
    const attempts = await Promise.all(
      numbers.map((i) => pushUntilIn({ url, dir: path.join(dir, `p${i}`), options, ready }, i)),
    )
    expect(attempts.filter((count) => count > 1)).toHaveLength(pushers - 1)

    await seed.pull()
    const messages: string[] = []
    for await (const commit of seed.log()) messages.push(commit.message)
    expect(messages.sort()).toEqual(['seed', ...numbers.map((i) => `from ${i}`)].sort())
    const lines = fs.readFileSync(path.join(dir, 'seed/rows.csv'), 'utf8').trimEnd().split('\n')
    expect(lines.sort()).toEqual(
      ['id,text', '0,seed', ...numbers.map((i) => `${i + 1},of pusher ${i}`)].sort(),
    )
    for (const i of numbers) expect(fs.existsSync(path.join(dir, `seed/file${i}.txt`))).toBe(true)
    expect((await seed.fsck()).problems).toEqual([])
    await using clone = await Repository.clone(url, path.join(dir, 'last'), options('last'))
    expect((await clone.fsck()).problems).toEqual([])
  },
  1_200_000,
)
