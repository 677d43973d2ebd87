// Options of `varve diff`, each beside Git's: renames, white space, binary patches, --check.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { beforeEach, describe, expect, test } from 'vitest'
import { besideGit } from '../support/beside-git.ts'
import { gitEnvironment } from '../support/git-in.ts'

const { at, begin, both, git, ok, put, varve } = besideGit()

const lines = (count: number, changed = 0): string =>
  Array.from({ length: count }, (_, i) => `${i < changed ? 'changed' : 'line'} ${i} of a text\n`).join('')

/** Git's diff, which may end with 1 or 2. */
function gitDiff(...args: string[]): { code: number | null; stdout: string } {
  const { status, stdout } = spawnSync('git', ['diff', ...args], {
    cwd: at('theirs'),
    encoding: 'utf8',
    env: gitEnvironment,
  })
  return { code: status, stdout }
}

beforeEach(begin)

describe('renames', () => {
  beforeEach(async () => {
    put('same', lines(20))
    put('alike', lines(20).replaceAll('text', 'poem'))
    await both('add', '.')
    await both('commit', '-q', '-m', 'First')
    for (const name of ['same', 'alike']) put(name, null)
    put('moved', lines(20))
    put('edited', lines(20, 7).replaceAll('text', 'poem'))
    await both('add', '-A')
  })

  test.each([
    [[]],
    [['--no-renames']],
    [['-M']],
    [['-M90%']],
    [['-M9']],
    [['-M05']],
    [['--find-renames=20%']],
    [['--find-renames=100%']],
  ])('%j pairs what Git pairs', async (options) => {
    const theirs = gitDiff('--staged', '--name-status', ...(options.length === 0 ? ['-M'] : options)).stdout
    expect(await ok('diff', '--staged', '--name-status', ...options)).toBe(theirs.replaceAll(/^R\d+/gm, 'R'))
    const stat = await ok('diff', '--staged', '--stat', ...options)
    expect(stat.includes('=>')).toBe(theirs.includes('R'))
  })

  test('in log, show and as JSON, and what is no share is refused', async () => {
    await both('commit', '-q', '-m', 'Second')
    const names = 'D\talike\nA\tedited\nA\tmoved\nD\tsame\n'
    for (const args of [
      ['show', '--format=%n'],
      ['log', '-1', '--format=%n'],
    ])
      expect((await ok(...args, '--name-status', '--no-renames')).trimStart()).toBe(names)
    const { items } = JSON.parse(await ok('diff', 'HEAD^', 'HEAD', '--no-renames', '--json')) as {
      items: object[]
    }
    expect(items).toHaveLength(4)
    for (const wrong of ['-Mx', '--find-renames=101%', '-M-1'])
      expect(await varve('diff', wrong)).toMatchObject({ code: 2 })
    expect(await varve('diff', '-M', '--no-renames')).toMatchObject({ code: 2 })
  })
})

describe('white space', () => {
  const before = 'all one\n  in front\namount of  it\nend\nsame\nmixed here\n'
  const after = 'allone\n    in front\namount  of it\nend \t\nsame\nmixed  there\n'

  test.each([['-w'], ['-b'], ['--ignore-space-change'], ['--ignore-space-at-eol'], ['-w -b']])(
    '%s shows the lines that Git shows',
    async (options) => {
      put('f', before)
      await both('add', '.')
      put('f', after)
      const changed = (text: string): string[] =>
        text.split('\n').filter((line) => /^[-+](?![-+])/.test(line))
      const theirs = changed(gitDiff(...options.split(' ')).stdout)
      expect(changed(await ok('diff', ...options.split(' ')))).toEqual(theirs)
      expect(theirs.length).toBeGreaterThan(0)
    },
  )

  test('a file that differs in nothing else does not differ', async () => {
    put('f', 'a b\nc\n')
    await both('add', '.')
    put('f', 'a   b \nc  \n')
    expect([await ok('diff', '-b'), await ok('diff', '-b', '--stat')]).toEqual(['', ''])
    expect((await varve('diff', '-b', '--quiet')).code).toBe(0)
    expect((await varve('diff', '--ignore-space-at-eol', '--quiet')).code).toBe(1)
  })
})

describe('diff --binary', () => {
  const bytes = (count: number, seed: number): Buffer =>
    Buffer.from(Array.from({ length: count }, (_, i) => (i === 0 ? 0 : (i * seed * 7919) >>> 3) & 255))

  test('is a patch that `git apply` takes, and takes back', async () => {
    const write = (name: string, content: Buffer | null): void => {
      if (content === null) fs.rmSync(at('ours', name))
      else fs.writeFileSync(at('ours', name), content)
    }
    const first = {
      grown: bytes(10, 3),
      'gone and': bytes(77, 5),
      emptied: bytes(4, 9),
      moved: bytes(900, 11),
    }
    for (const [name, content] of Object.entries(first)) write(name, content)
    put('text', 'one\n')
    fs.cpSync(at('ours'), at('theirs'), { recursive: true, filter: (one) => !one.includes('.varve') })
    await both('add', '-A')
    await both('commit', '-q', '-m', 'First')
    write('grown', bytes(100_000, 13))
    write('gone and', null)
    write('emptied', Buffer.alloc(0))
    write('come', bytes(53, 17))
    write('moved', null)
    write('there', Buffer.concat([bytes(900, 11), bytes(3, 2)]))
    fs.writeFileSync(at('ours', 'text'), 'two\n')
    fs.chmodSync(at('ours', 'grown'), 0o755)
    await ok('add', '-A')
    const patch = await ok('diff', '--staged', '--binary')
    expect(patch).toContain('rename from moved')
    fs.writeFileSync(at('patch'), patch)
    git('apply', '--index', at('patch'))
    const files = (place: string): unknown =>
      fs
        .readdirSync(at(place))
        .filter((name) => !name.startsWith('.'))
        .map((name) => [
          name,
          fs.readFileSync(at(place, name)).toString('base64'),
          fs.statSync(at(place, name)).mode & 0o111,
        ])
    expect(files('theirs')).toEqual(files('ours'))
    git('apply', '--index', '-R', at('patch'))
    expect(git('status', '--porcelain')).toBe('')
    // And Git's own words for the same, but for how they are packed.
    git('apply', '--index', at('patch'))
    const heads = (text: string): string[] =>
      text
        .split('\n')
        .filter((line) => /^(index|diff|new|deleted|old|rename|GIT)/.test(line) && !/text/.test(line))
    const indexOfText = /^index 5626abf.*/
    const theirs = heads(gitDiff('--staged', '--binary', '--full-index', '-M').stdout)
    expect(heads(patch)).toEqual(theirs.filter((line) => !indexOfText.test(line)))
  })

  test('of what is too large it tells the sizes', async () => {
    fs.writeFileSync(at('ours', 'large'), Buffer.alloc((16 << 20) + 1))
    await ok('add', '.')
    expect(await ok('diff', '--staged', '--binary')).toMatch(/^large \(new\): binary, /)
  })
})

test('diff --check says what Git says, and exits with 2', async () => {
  put('f', 'one\n\ttabbed\nthree\n')
  put('g', 'x\n')
  put('fine', 'x\n')
  await both('add', '.')
  await both('commit', '-q', '-m', 'First')
  expect(await ok('diff', '--check')).toBe('')
  put('f', 'one\n\ttabbed\n  \tmixed\nends  \n<<<<<<< HEAD\n=======\n>>>>>>> x\nthree\n\n\n')
  put('g', 'x\ny\t\n   \n')
  put('fine', 'x\n=======y\nz\n')
  const { code, stdout } = await varve('diff', '--check')
  expect({ code, stdout }).toEqual(gitDiff('--check'))
  expect(code).toBe(2)
  const { items } = JSON.parse((await varve('diff', '--check', '--json')).stdout) as { items: object[] }
  expect(items[0]).toEqual({ path: 'f', line: 3, faults: ['space before tab in indent'], text: '  \tmixed' })
})
