// Many people push to one branch at once, and pull and rebase until they get through, as people do: all of their
// commits arrive, each once, whatever kind of remote it is.
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { Repository } from '../../src/index.ts'
import { bareGit, environment } from '../support/git-host.ts'
import { type GitHttpServer, serveGit } from '../support/git-http-server.ts'
import { temporaryDir } from '../support/temporary.ts'

const servers: GitHttpServer[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

const options = (name: string): Parameters<typeof Repository.open>[1] => ({
  author: { name, email: `${name}@example.org` },
  environment,
})

async function pushUntilIn(url: string, dir: string, i: number): Promise<number> {
  await using repo = await Repository.clone(url, dir, options(`p${i}`))
  const file = path.join(dir, 'rows.csv')
  fs.appendFileSync(file, `${i + 1},of pusher ${i}\n`)
  fs.writeFileSync(path.join(dir, `file${i}.txt`), `${i}\n`)
  await repo.add(['.'])
  await repo.commit({ message: `from ${i}` })
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

test.each([
  [16, 'file://', async () => `file://${temporaryDir()}/hub`],
  [16, 'git+file://', async () => bareGit().url],
  [
    8,
    'git+http://',
    async () => {
      const host = bareGit()
      const server = await serveGit(host.folder)
      servers.push(server)
      return `git+${server.url}/host.git`
    },
  ],
])(
  '%d pushers over %s: all commits arrive, none is lost and none comes twice',
  async (pushers, _, makeUrl) => {
    const url = await makeUrl()
    const dir = temporaryDir()
    await using seed = await Repository.init(path.join(dir, 'seed'), options('seed'))
    fs.writeFileSync(path.join(dir, 'seed/rows.csv'), 'id,text\n0,seed\n')
    await seed.track('rows.csv', { key: ['id'] })
    await seed.add(['.'])
    await seed.commit({ message: 'seed' })
    await seed.addRemote('origin', url)
    await seed.push('origin', ['main'], { setUpstream: true })

    const numbers = Array.from({ length: pushers }, (_unused, i) => i)
    const attempts = await Promise.all(numbers.map((i) => pushUntilIn(url, path.join(dir, `p${i}`), i)))
    expect(Math.max(...attempts)).toBeGreaterThan(1)

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
  300_000,
)
