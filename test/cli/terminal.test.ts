// What a shell and a terminal see: pipes that close, colour, escapes, settings of the user, several processes at once.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { json, ok, varve, varveFile } from './varve.ts'

const dir = temporaryDir()
const at = { cwd: path.join(dir, 'r') }

beforeAll(async () => {
  mkdirSync(path.join(at.cwd, 'sub'), { recursive: true })
  await ok(['init'], at)
  const rows = Array.from({ length: 30_000 }, (_, i) => `${i},${'x'.repeat(20)}`)
  writeFileSync(path.join(at.cwd, 'big.csv'), `id,x\n${rows.join('\n')}\n`)
  writeFileSync(path.join(at.cwd, 'bad.csv'), 'id,x\n1,\u001b[31mred\u0007\n')
  await ok(['track', 'big.csv', '--key', 'id'], at)
  await ok(['track', 'bad.csv', '--key', 'id'], at)
  await ok(['add', '.'], at)
}, 60_000)

describe('in a shell', () => {
  test('a reader that goes away ends the command without a word', () => {
    const script = `"$0" "${varveFile}" diff --staged 2>../err | head -1; cat ../err >&2`
    const { stdout, stderr } = spawnSync('bash', ['-c', script, process.execPath], {
      ...at,
      encoding: 'utf8',
    })
    expect(stdout.split('\n')).toHaveLength(2)
    expect(stderr).toBe('')
    const code = spawnSync(
      'bash',
      [
        '-c',
        `"$0" "${varveFile}" diff --staged | head -1 >/dev/null; exit \${PIPESTATUS[0]}`,
        process.execPath,
      ],
      at,
    )
    expect(code.status).toBe(141)
  })

  test('colour is for terminals, and for those who ask', async () => {
    expect(await ok(['status'], at)).not.toContain('\u001b')
    expect(await ok(['status', '--color'], at)).toContain('\u001b[32m')
    expect(await ok(['status'], { ...at, env: { FORCE_COLOR: '1' } })).toContain('\u001b[32m')
    expect(await ok(['status'], { ...at, env: { FORCE_COLOR: '1', NO_COLOR: '1' } })).not.toContain('\u001b')
    expect(await ok(['status', '--color', '--no-color'], at)).not.toContain('\u001b')
  })

  test('-C and --help stand anywhere they may, paths are relative to where one is', async () => {
    expect(await ok(['-C', 'sub', 'status'], at)).toContain('../big.csv')
    expect(await json(['-C', 'sub', 'restore', '--staged', '../varve.yaml'], at)).toEqual({
      items: ['varve.yaml'],
    })
    await ok(['add', 'varve.yaml'], at)
    for (const args of [
      ['commit', '--help'],
      ['help', 'commit'],
      ['--help', 'commit'],
    ]) {
      expect(await ok(args, at)).toMatch(/^usage: varve commit [^]*examples\n {2}varve commit/)
    }
    expect(await ok(['--version'], at)).toMatch(/^varve \d+\.\d+\.\d+\n$/)
    expect(await ok(['-C', '.', '--version'], at)).toMatch(/^varve \d+\.\d+\.\d+\n$/)
  })

  test('cells and messages cannot drive the terminal', async () => {
    expect(await ok(['diff', '--staged', 'bad.csv'], at)).toContain('+ id=1  x: \\x1b[31mred\\x07\n')
    expect(await ok(['commit', '--allow-empty', '-m', 'a\u001b[2Jb'], at)).toContain('a\\x1b[2Jb')
    expect(await ok(['log'], at)).toContain('    a\\x1b[2Jb')
  })

  test("the user's own settings come after the repository's, which come after the environment", async () => {
    const file = path.join(dir, 'own/config.json')
    const env = { VARVE_AUTHOR_NAME: '', VARVE_AUTHOR_EMAIL: '', VARVE_CONFIG: file }
    await ok(['config', '--global', 'user.name', 'Own'], { ...at, env })
    await ok(['config', '--global', 'user.email', 'own@example.org'], { ...at, env })
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      'user.email': 'own@example.org',
      'user.name': 'Own',
    })
    const authorOf = async (extra: Record<string, string>): Promise<object> =>
      (
        await json<{ author: object }>(['commit', '-m', 'x', '--allow-empty'], {
          ...at,
          env: { ...env, ...extra },
        })
      ).author
    expect(await authorOf({})).toMatchObject({ name: 'Own', email: 'own@example.org' })
    await ok(['config', 'user.name', 'Here'], { ...at, env })
    expect(await authorOf({})).toMatchObject({ name: 'Here', email: 'own@example.org' })
    expect(await authorOf({ VARVE_AUTHOR_NAME: 'Now' })).toMatchObject({
      name: 'Now',
      email: 'own@example.org',
    })
  })

  test('-q is quiet, and errors stay', async () => {
    expect(await varve(['commit', '-q', '--allow-empty', '-m', 'x'], at)).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    })
    expect((await varve(['switch', '-q', 'nowhere'], at)).stderr).toContain('error:')
  })
})

describe('signals', () => {
  test('Ctrl-C ends a command that waits for input, with 130, last words and nothing changed', async () => {
    const before = await ok(['log', '--oneline'], at)
    const child = spawn(process.execPath, [varveFile, 'import', '-', '--as', 'x.csv', '--key', 'id'], {
      ...at,
      env: { ...process.env, VARVE_AUTHOR_NAME: 'Ada', VARVE_AUTHOR_EMAIL: 'ada@example.org' },
    })
    // More than the pipe holds: when it is through, the command is reading.
    const rows = Array.from({ length: 300_000 }, (_, i) => `${i},word ${i}`)
    await new Promise((read) => child.stdin.write(`id,x\n${rows.join('\n')}\n1,`, read))
    child.kill('SIGINT')
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close') as Promise<[number]>])
    expect(code).toBe(130)
    expect(said).toMatch(
      /^error: ended at once, before the work had stopped by itself\nhint: .*'varve reflog'/,
    )
    expect(await ok(['log', '--oneline'], at)).toBe(before)
  })
})

describe('several processes', () => {
  test('commits at once all arrive, and status reads a whole state meanwhile', async () => {
    const before = (await json<{ items: object[] }>(['log'], at)).items.length
    const runs = await Promise.all([
      varve(['commit', '--allow-empty', '-m', 'one'], at),
      varve(['status', '--json'], at),
      varve(['commit', '--allow-empty', '-m', 'two'], at),
      varve(['status', '--json'], at),
    ])
    expect(runs.map(({ stderr }) => stderr)).toEqual(['', '', '', ''])
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 0])
    const { items } = await json<{ items: { message: string }[] }>(['log'], at)
    expect(items).toHaveLength(before + 2)
    expect(new Set(items.slice(0, 2).map(({ message }) => message.trim()))).toEqual(new Set(['one', 'two']))
    expect(await json(['status'], at)).toMatchObject({ staged: [], unstaged: [] })
  })
})
