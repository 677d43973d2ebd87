// Object stores, as people meet them on the command line: what `remote add` says, which exit code each fault has, and
// that no key is in anything that is printed or kept.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type MemoryS3, startMemoryS3, testEnvironment } from '../support/memory-s3.ts'
import type { Refusal } from '../support/s3-behaviour.ts'
import { temporaryDir } from '../support/temporary.ts'
import { type Finished, json, ok, varve } from './varve.ts'

const url = 's3://bucket/prices'
const dir = temporaryDir()
let store: MemoryS3
let at: { cwd: string; env: Record<string, string> }

beforeAll(async () => {
  const folder = path.join(dir, 'here')
  mkdirSync(folder)
  await ok(['init'], { cwd: folder })
  writeFileSync(path.join(folder, 'a.txt'), 'a\n')
  await ok(['add', '.'], { cwd: folder })
  await ok(['commit', '-m', 'First'], { cwd: folder })
})

beforeEach(async () => {
  store = await startMemoryS3()
  at = { cwd: path.join(dir, 'here'), env: { ...testEnvironment, AWS_ENDPOINT_URL: store.endpoint } }
  await varve(['remote', 'remove', 'origin'], at)
})

async function run(...words: string[]): Promise<Finished> {
  const finished = await varve([...words, '--verbose'], at)
  expect(finished.stdout + finished.stderr).not.toMatch(/secret-canary|AKTEST|Signature=/)
  return finished
}

describe('varve remote add', () => {
  test('says that any number may push, and push, clone, fetch and pull go through', async () => {
    const { code, stdout } = await run('remote', 'add', 'origin', url)
    expect(code).toBe(0)
    expect(stdout).toBe(
      `remote origin is ${url}\nit keeps conditional writes: any number may push to it at once\n`,
    )
    await ok(['push', '-u', 'origin', 'main'], at)
    const there = { ...at, cwd: dir }
    await ok(['clone', url, 'there'], there)
    const clone = { ...at, cwd: path.join(dir, 'there') }
    writeFileSync(path.join(clone.cwd, 'a.txt'), 'b\n')
    await ok(['commit', '-am', 'Second'], clone)
    await ok(['push'], clone)
    expect(await ok(['config', 'remote.origin.conditional'], clone)).toBe('yes\n')
    await ok(['pull'], at)
    expect(await ok(['cat', 'a.txt'], at)).toBe('b\n')
    const grep = (): string =>
      execFileSync('grep', ['-rlE', 'secret-canary|AKTEST', dir], { encoding: 'utf8' })
    expect(grep).toThrow(/Command failed/)
  }, 120_000)

  test('warns of a store that ignores conditions; a push is refused with 61, until --single-writer', async () => {
    store.rule = ({ method }) => (method === 'PUT' ? { ignore: ['if-none-match'] } : undefined)
    const added = await run('remote', 'add', 'origin', url)
    expect(added.code).toBe(0)
    expect(added.stderr).toContain('warning: it ignores conditional writes')
    const [, cure] = /hint: if nobody else ever writes there: varve (.*)/.exec(added.stderr)!
    const pushed = await run('push', 'origin', 'main')
    expect(pushed.code).toBe(61)
    expect(pushed.stderr).toMatch(/does not keep conditional writes[^]*hint: .*--single-writer/)
    await ok(['remote', 'remove', 'origin'], at)
    expect(await json(['remote', 'add', '--single-writer', 'origin', url], at)).toEqual({
      name: 'origin',
      url,
      finding: 'ignored',
      conditional: 'single-writer',
    })
    await ok(['push', 'origin', 'main'], at)
    await ok(['remote', 'remove', 'origin'], at)
    await ok(['remote', 'add', 'origin', url], at)
    expect((await run('push', 'origin', 'main:other')).code).toBe(61)
    await ok(cure!.split(' '), at)
    await ok(['push', 'origin', 'main:other'], at)
  }, 120_000)

  test('warns of a store that rejects conditions, and of one that may only be read', async () => {
    store.rule = ({ headers }) =>
      'if-none-match' in headers ? { refuse: { status: 501, code: 'NotImplemented' } } : undefined
    expect((await run('remote', 'add', 'origin', url)).stderr).toContain('it rejects conditional writes')
    await ok(['remote', 'remove', 'origin'], at)
    store.rule = ({ method }) => (method === 'PUT' ? { refuse: { status: 403 } } : undefined)
    expect((await run('remote', 'add', 'origin', url)).stderr).toContain('it may be read only')
  })

  test.each([
    [['remote', 'add', '--single-writer', 'disk', '../disk'], 2],
    [['remote', '--single-writer'], 2],
    [['remote', 'add', 'origin', 's3://'], 2],
    [['remote', 'add', 'origin', 's3://bucket/a//b'], 2],
    [['remote', 'add', 'origin', 's3://AKTEST:secret-canary@bucket/a'], 61],
  ])('%j is refused', async (words, code) => {
    expect((await run(...words)).code).toBe(code)
    expect(await json(['remote'], at)).toEqual({ items: [] })
  })
})

describe('a fault has its exit code', () => {
  test.each<[string, number, Refusal, RegExp]>([
    [
      'a wrong secret',
      61,
      { status: 403, code: 'SignatureDoesNotMatch' },
      /does not accept these credentials[^]*AWS_ACCESS_KEY_ID/,
    ],
    ['no access', 61, { status: 403, code: 'AccessDenied' }, /refuses access/],
    [
      'a wrong clock',
      61,
      { status: 403, code: 'RequestTimeTooSkewed', headers: { date: '-' } },
      /clock is wrong/,
    ],
    ['no bucket', 60, { status: 404, code: 'NoSuchBucket' }, /no bucket 'bucket'/],
    ['a full store', 53, { status: 507 }, /no space left at 's3:/],
    ['a quota', 53, { status: 403, code: 'QuotaExceeded' }, /no space left at 's3:/],
    ['a busy store', 60, { status: 503, code: 'SlowDown' }, /answers 503: SlowDown/],
    ['a redirect', 61, { status: 302, headers: { location: 'http://169.254.169.254/' } }, /not followed/],
  ])('%s: %i', async (_, code, refusal, message) => {
    await ok(['remote', 'add', 'origin', url], at)
    const files = new Map(store.files)
    store.rule = (call) => ({
      refuse: { ...refusal, message: `secret-canary ${String(call.headers['authorization'])}` },
    })
    const { code: exit, stderr } = await run('push', 'origin', 'main')
    expect(exit).toBe(code)
    expect(stderr).toMatch(message)
    expect(store.files).toEqual(files)
  })

  test('nobody there: 60', async () => {
    at.env['AWS_ENDPOINT_URL'] = 'http://127.0.0.1:9'
    const { code, stderr } = await run('clone', url, 'nobody')
    expect(code).toBe(60)
    expect(stderr).toContain("cannot reach 's3://bucket/prices at http://127.0.0.1:9': nobody answers there")
  })

  test('no credentials: 61, and what to set', async () => {
    at = { ...at, env: { AWS_ENDPOINT_URL: store.endpoint } }
    const { code, stderr } = await run('remote', 'add', 'origin', url)
    expect(code).toBe(61)
    expect(stderr).toMatch(/hint: .*AWS_PROFILE/)
  })
})
