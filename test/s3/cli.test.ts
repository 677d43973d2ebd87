// The command line on a real S3 server: killed in the middle of a push, and where the store is full.
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { json, ok, varve, varveFile } from '../cli/varve.ts'
import type { S3User } from '../support/ceph.ts'
import { temporaryDir } from '../support/temporary.ts'
import { makeBucket, onS3, poorUser, server, withoutPoor } from './bucket.ts'
import { startFront } from './front.ts'

interface At {
  readonly cwd: string
  readonly env: Record<string, string>
}

function variables(user: S3User, endpoint: string): Record<string, string> {
  return { AWS_ACCESS_KEY_ID: user.key, AWS_SECRET_ACCESS_KEY: user.secret, AWS_ENDPOINT_URL_S3: endpoint }
}

async function withFile(bytes: number, env: Record<string, string>): Promise<At & { digest: string }> {
  const cwd = path.join(temporaryDir(), 'r')
  mkdirSync(cwd)
  const content = randomBytes(bytes)
  writeFileSync(path.join(cwd, 'big.bin'), content)
  const at = { cwd, env }
  await ok(['init'], at)
  await ok(['add', '.'], at)
  await ok(['commit', '-m', 'big'], at)
  return { ...at, digest: createHash('sha256').update(content).digest('hex') }
}

onS3('the command line', () => {
  test('a push that is killed carries on: parts that are there are not sent again', async () => {
    const front = await startFront()
    const url = `s3://${await makeBucket()}/data`
    const { digest, ...at } = await withFile(64 << 20, variables(server().owner, front.endpoint))
    await ok(['remote', 'add', 'origin', url], at)
    const isPart = ({ method, query }: { method: string; query: URLSearchParams }): boolean =>
      method === 'PUT' && query.has('partNumber')
    const child = spawn(process.execPath, [varveFile, 'push', 'origin', 'main'], {
      cwd: at.cwd,
      env: { PATH: process.env['PATH'], ...at.env },
      stdio: 'ignore',
    })
    // Four parts travel at once, so when the sixth comes two are there for certain.
    front.rule = ({ query }) => {
      if (query.get('partNumber') === '6') child.kill('SIGKILL')
      return undefined
    }
    expect((await once(child, 'exit'))[1]).toBe('SIGKILL')
    front.rule = () => undefined
    const before = front.calls.length
    await ok(['push', 'origin', 'main'], at)
    const nameOf = ({ key, query }: { key: string; query: URLSearchParams }): string =>
      `${key} ${query.get('partNumber')}`
    const all = new Set(front.calls.filter(isPart).map(nameOf))
    expect(front.calls.slice(before).filter(isPart).length).toBeLessThanOrEqual(all.size - 2)
    const begun = front.calls.filter(({ method, query }) => method === 'POST' && query.has('uploads'))
    expect(new Set(begun.map(({ key }) => key)).size).toBe(begun.length)
    const clone = path.join(temporaryDir(), 'c')
    await ok(['clone', url, clone], at)
    expect(
      createHash('sha256')
        .update(readFileSync(path.join(clone, 'big.bin')))
        .digest('hex'),
    ).toBe(digest)
  }, 240_000)

  test.skipIf(withoutPoor !== '')(
    `a push to a full store exits with 53 and moves nothing; with room it goes through${withoutPoor}`,
    async () => {
      const { owner, endpoint } = server()
      const poor = poorUser()
      const url = `s3://${await makeBucket(poor)}/data`
      const at = await withFile(100_000, variables(poor, endpoint))
      await ok(['remote', 'add', 'origin', url], at)
      await ok(['push', 'origin', 'main'], at)
      writeFileSync(path.join(at.cwd, 'big.bin'), randomBytes(8 << 20))
      await ok(['commit', '-am', 'bigger'], at)
      const { code, stderr } = await varve(['push', 'origin', 'main'], at)
      expect(code).toBe(53)
      expect(stderr).toMatch(/no space left at 's3:[^]*hint: no ref there has moved/)
      expect(stderr).not.toContain(poor.secret)
      const clone = path.join(temporaryDir(), 'c')
      await ok(['clone', url, clone], at)
      expect(readFileSync(path.join(clone, 'big.bin'))).toHaveLength(100_000)
      const roomy = { ...at, env: variables(owner, endpoint) }
      await ok(['remote', 'add', 'roomy', `s3://${await makeBucket()}/data`], roomy)
      expect(await json(['push', 'roomy', 'main'], roomy)).toMatchObject({
        updates: [{ ref: 'refs/heads/main' }],
      })
    },
  )
})
