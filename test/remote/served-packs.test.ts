// Whole packs on their way to a server of ours: it hashes every object and names each pack anew, so they are not hashed here
// before they go. What is damaged here is found there, and then looked for here.
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { push } from '../../src/remote/push.ts'
import { openRemote } from '../../src/remote/transports/open.ts'
import { packPath } from '../../src/store/disk/layout.ts'
import { DiskStore } from '../../src/store/disk/store.ts'
import { type Serving, serve } from '../server/serving.ts'
import { temporaryDir } from '../support/temporary.ts'
import { commitOn, problemsOf, refOf } from './history.ts'

const main = 'refs/heads/main'
const large = (): string => randomBytes(2 << 20).toString('latin1')

interface Sender {
  readonly dir: string
  readonly local: DiskStore
  push(signal?: AbortSignal): Promise<unknown>
}

async function sender(serving: Serving): Promise<Sender> {
  const dir = temporaryDir()
  const local = await DiskStore.create(path.join(dir, 'local'))
  return {
    dir,
    local,
    push: async (signal) => {
      const environment = { VARVE_TOKEN: serving.admin }
      const cacheDir = path.join(dir, 'cache')
      const remote = await openRemote(`${serving.url}/prices`, {
        cacheDir,
        environment,
        create: true,
        signal,
      })
      try {
        return await push(await DiskStore.open(local.location), remote, { refspecs: ['main'], signal })
      } finally {
        await remote.close()
      }
    },
  }
}

function packsOf(store: DiskStore): { name: string; bytes: number }[] {
  return store.segments().flatMap(({ packs }) => [...packs])
}

function uploadsOf(serving: Serving): Set<string> {
  const puts = serving.lines.filter((line) => line['method'] === 'PUT').map((line) => String(line['path']))
  return new Set(puts.flatMap((line) => /uploads\/([0-9a-f]{64})/.exec(line)?.[1] ?? []))
}

test('a whole pack goes under a name that nobody else has, and gets one of the server’s', async () => {
  const serving = await serve()
  const from = await sender(serving)
  const head = await commitOn(from.local, main, { files: { a: large() } })
  await from.push()
  const there = await DiskStore.open(path.join(serving.dir, 'prices'))
  expect(await refOf(there, main)).toBe(head)
  expect(await problemsOf(there)).toEqual([])
  const sent = uploadsOf(serving)
  expect(sent.size).toBeGreaterThan(0)
  for (const { name } of [...packsOf(from.local), ...packsOf(there)]) expect(sent).not.toContain(name)
})

test('a pack that is damaged here is refused there, then found here, and nothing moves', async () => {
  const serving = await serve()
  const from = await sender(serving)
  await commitOn(from.local, main, { files: { a: large() } })
  const { name } = packsOf(from.local).reduce((a, b) => (a.bytes > b.bytes ? a : b))
  const file = path.join(from.local.location, packPath(name))
  const bytes = fs.readFileSync(file)
  bytes[bytes.length >> 1]! ^= 1
  fs.chmodSync(file, 0o600)
  fs.writeFileSync(file, bytes)
  await expect(from.push()).rejects.toMatchObject({
    code: 'VARVE_CORRUPT',
    message: expect.not.stringContaining('refuses') as string,
  })
  const there = await DiskStore.open(path.join(serving.dir, 'prices'))
  expect(await refOf(there, main)).toBeUndefined()
  const waiting = fs.readdirSync(path.join(serving.stateDir, 'uploads'), {
    recursive: true,
    encoding: 'utf8',
  })
  expect(waiting.filter((one) => one.endsWith('.pack'))).toEqual([])
  bytes[bytes.length >> 1]! ^= 1
  fs.writeFileSync(file, bytes)
  await from.push()
  expect(await problemsOf(await DiskStore.open(there.location))).toEqual([])
})

test('a push that was stopped goes on with the packs it had begun to send', async () => {
  const serving = await serve()
  const from = await sender(serving)
  for (let i = 0; i < 3; i++) await commitOn(from.local, main, { files: { [`f${i}`]: large() } })
  const stop = new AbortController()
  const watch = setInterval(() => uploadsOf(serving).size > 0 && stop.abort(), 1)
  await expect(from.push(stop.signal)).rejects.toMatchObject({ code: 'VARVE_ABORTED' })
  clearInterval(watch)
  const begun = uploadsOf(serving)
  const lines = serving.lines.length
  await from.push()
  const heads = serving.lines.slice(lines).filter((line) => line['method'] === 'HEAD')
  const asked = heads.map((line) => /[0-9a-f]{64}/.exec(String(line['path']))?.[0])
  expect(asked).toEqual(expect.arrayContaining([...begun]))
  expect(await problemsOf(await DiskStore.open(path.join(serving.dir, 'prices')))).toEqual([])
})
