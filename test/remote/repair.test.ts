// What is lost here comes back from every kind of remote.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { startMemoryS3, testEnvironment } from '../support/memory-s3.ts'
import { sshPipe } from '../support/ssh-pipe.ts'
import { temporaryDir } from '../support/temporary.ts'

const author = { name: 'Ada', email: 'ada@example.org' }

async function bucket(): Promise<{ url: string; environment: Record<string, string> }> {
  const store = await startMemoryS3()
  return { url: 's3://bucket/data', environment: { ...testEnvironment, AWS_ENDPOINT_URL: store.endpoint } }
}

async function gitHost(): Promise<{ url: string; environment: Record<string, string> }> {
  const dir = `${temporaryDir()}/host.git`
  execFileSync('git', ['init', '-q', '--bare', dir])
  return { url: `git+file://${dir}`, environment: { PATH: process.env['PATH']! } }
}

async function bySsh(): Promise<{ url: string; environment: Record<string, string> }> {
  const dir = temporaryDir()
  return { url: `ssh://host${dir}/hub`, environment: sshPipe(dir).environment }
}

test.each([
  ['a folder by ssh', bySsh],
  ['an object store', bucket],
  ['a Git host', gitHost],
])('from %s', async (_, start) => {
  const { url, environment } = await start()
  const dir = `${temporaryDir()}/repo`
  const repo = await Repository.init(dir, { author, environment })
  await repo.addRemote('origin', url)
  fs.writeFileSync(`${dir}/big.bin`, 'text '.repeat(50_000))
  await repo.add(['.'])
  const { id } = await repo.commit({ message: 'all' })
  await repo.push('origin', ['main'])
  await repo.close()
  fs.rmSync(`${dir}/big.bin`)
  fs.rmSync(`${dir}/.varve/packs`, { recursive: true })
  const { done, lost, problems } = await Repository.repair(dir, { environment })
  expect([lost, problems]).toEqual([[], []])
  expect(done.at(-1)!.what).toContain(`remote 'origin' (${url})`)
  const again = await Repository.open(dir)
  let bytes = 0
  for await (const part of again.cat(id, 'big.bin')) bytes += part.length
  expect(bytes).toBe(250_000)
  await again.close()
})
