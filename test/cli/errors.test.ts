// What goes wrong, and the exit code that scripts read.
import { mkdirSync, rmSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { ok, varve } from './varve.ts'

const dir = temporaryDir()
const at = { cwd: path.join(dir, 'repository') }

beforeAll(async () => {
  mkdirSync(at.cwd)
  await ok(['init'], at)
  writeFileSync(path.join(at.cwd, 'a.csv'), 'id,x\n1,2\n')
  await ok(['add', '.'], at)
  await ok(['commit', '-m', 'First'], at)
}, 60_000)

async function failure(args: readonly string[], options: Parameters<typeof varve>[1] = at): Promise<object> {
  const { code, stderr, stdout } = await varve(['--json', ...args], options)
  expect(stdout).toBe('')
  return { exit: code, ...(JSON.parse(stderr) as { error: object }).error }
}

describe('errors', () => {
  test('are one JSON document on standard error with --json, and two lines without', async () => {
    expect(await failure(['switch', 'nowhere'])).toEqual({
      exit: 43,
      code: 'VARVE_REF_NOT_FOUND',
      message: expect.stringContaining("'nowhere'"),
      hint: expect.any(String),
      data: expect.any(Object),
    })
    const { stderr } = await varve(['switch', 'nowhere'], at)
    expect(stderr).toMatch(/^error: .*'nowhere'.*\nhint: .*\n$/)
  })

  test('2: a wrong command line, with the nearest name', async () => {
    expect(await failure(['stauts'])).toMatchObject({
      exit: 2,
      code: 'VARVE_USAGE',
      hint: "did you mean 'varve status'?",
    })
    expect(await failure(['checkout', 'main'])).toMatchObject({
      exit: 2,
      hint: "did you mean 'varve switch'?",
    })
    expect(await failure(['commit', '--mesage', 'x'])).toMatchObject({
      exit: 2,
      hint: "did you mean '--message'?",
    })
    expect(await failure(['commit', '-m'])).toMatchObject({ exit: 2, hint: "see 'varve help commit'" })
    expect(await failure(['add', '--intent-to-add'])).toMatchObject({ exit: 2, hint: "see 'varve help add'" })
    expect(await failure(['mv', 'a.csv'])).toMatchObject({ exit: 2, hint: "see 'varve help mv'" })
    expect(await failure(['log', '-n', 'x'])).toMatchObject({ exit: 2 })
    expect((await varve([], at)).code).toBe(2)
  })

  test('2: revisions behind paths, or too many of them', async () => {
    const hint = "revisions come first, two as 'A..B'"
    expect(await failure(['log', '.', 'HEAD'])).toMatchObject({ exit: 2, hint })
    expect(await failure(['diff', '.', 'HEAD'])).toMatchObject({ exit: 2, hint })
    expect(await ok(['log', '--oneline', '..HEAD'], at)).toBe('')
  })

  test('20: nobody has said who commits', async () => {
    const env = { VARVE_AUTHOR_NAME: '', VARVE_AUTHOR_EMAIL: '' }
    expect(await failure(['commit', '--allow-empty', '-m', 'x'], { ...at, env })).toMatchObject({
      exit: 20,
      hint: expect.stringMatching(/varve config user\.name .*varve config user\.email/),
    })
  })

  test('52: a file that cannot be read, and why', async () => {
    const gone = { exit: 52, message: "cannot read 'gone.pem': no such file or folder" }
    expect(await failure(['serve', '--tls-cert', 'gone.pem', '--tls-key', 'gone.pem', '.'])).toMatchObject(
      gone,
    )
    expect(
      await failure(['clone', 'https://127.0.0.1:9/x', 'y'], { ...at, env: { VARVE_CA_FILE: 'gone.pem' } }),
    ).toMatchObject({
      exit: 52,
      message: "cannot read the certificates in 'gone.pem': no such file or folder",
    })
    expect(await failure(['config', 'user.name'], { ...at, env: { VARVE_CONFIG: dir } })).toMatchObject({
      exit: 52,
      message: `cannot read your settings in '${dir}': it is a folder`,
    })
  })

  test.each([
    [['switch', '-'], 43, "'varve branch' lists branches"],
    [['branch', '--unset-upstream'], 43, "'varve branch -u REMOTE/BRANCH' sets one"],
    [['mv', 'gone.csv', 'b.csv'], 40, "'varve ls-files' lists tracked files"],
    [['mv', 'a.csv', 'a.csv'], 20, 'choose another destination'],
    [['clean', '-n', 'gone'], 40, "'varve clean -n' lists what can be removed"],
    [['track', 'gone.csv', '--key', 'id'], 40, 'paths are relative to the current folder'],
    [['config', 'gc.auto', 'many'], 2, "'varve config --unset gc.auto' goes back to the default"],
    [['config', 'a.b', 'two\nlines'], 2, 'a value is one line'],
    [['revert', '-m', '2', 'HEAD'], 20, "it is not a merge commit: leave out '-m'"],
    [['cherry-pick', 'main...HEAD'], 2, "write it with two dots: 'main..HEAD'"],
    [['sql', '--worktree', '--at', 'HEAD', 'SELECT 1'], 2, "leave out '--worktree' or '--at'"],
    [['cherry-pick', 'HEAD'], 44, 'this branch already has what it would change'],
    [['remote', 'add', 'far', ''], 2, 'it looks like /srv/data/prices'],
    [['token', 'create', '--name', 'ci'], 2, 'say what it may do: --scope read, write or admin'],
    [['token', 'create', '--name', 'ci', '--scope', 'all'], 2, 'read, write (also push), or admin'],
  ])('say what to do next: %j', async (args, exit, hint) => {
    expect(await failure(args)).toMatchObject({ exit, hint: expect.stringContaining(hint) })
  })

  test('2: a link without a mode', async () => {
    expect(await failure(['link', 'add', 'shop', './a.db', '--tables', 'a'])).toMatchObject({
      exit: 2,
      message: expect.stringContaining("'--mode capture|"),
    })
  })

  test('23: a key that is used twice', async () => {
    writeFileSync(path.join(at.cwd, 'twice.csv'), 'id,x\n1,2\n1,3\n')
    expect(await failure(['track', 'twice.csv', '--key', 'id'])).toMatchObject({
      exit: 23,
      code: 'VARVE_RULE_VIOLATED',
    })
    rmSync(path.join(at.cwd, 'twice.csv'))
  })

  test('29: changes that would be lost', async () => {
    await ok(['switch', '-c', 'other'], at)
    writeFileSync(path.join(at.cwd, 'a.csv'), 'id,x\n1,3\n')
    await ok(['commit', '-am', 'Second'], at)
    writeFileSync(path.join(at.cwd, 'a.csv'), 'id,x\n1,4\n')
    expect(await failure(['switch', 'main'])).toMatchObject({ exit: 29, code: 'VARVE_UNCOMMITTED' })
    await ok(['switch', '--discard-changes', 'main'], at)
  })

  test('40, 41, 43 and 44: no such path, no repository, no such name, nothing to commit', async () => {
    expect(await failure(['add', 'missing.csv'])).toMatchObject({ exit: 40 })
    expect(await failure(['cat', 'HEAD:missing.csv'])).toMatchObject({ exit: 40 })
    expect(await failure(['add', '../elsewhere'])).toMatchObject({
      exit: 40,
      message: expect.stringContaining('outside the repository'),
      hint: expect.stringContaining('in that folder'),
    })
    expect(await failure(['rm', '.VARVE/format'])).toMatchObject({
      exit: 23,
      message: expect.stringContaining('reserved'),
      hint: expect.stringContaining('choose a name'),
    })
    expect(await failure(['status'], { cwd: dir })).toMatchObject({ exit: 41, code: 'VARVE_NO_REPOSITORY' })
    expect(await failure(['show', 'v9'])).toMatchObject({ exit: 43 })
    expect(await failure(['diff', 'mian'])).toMatchObject({
      exit: 43,
      hint: expect.stringContaining("'-- mian'"),
    })
    expect((await varve(['log', '--', 'gone.csv'], at)).code).toBe(0)
    expect(await failure(['commit', '-m', 'nothing'])).toMatchObject({
      exit: 44,
      code: 'VARVE_NOTHING_TO_COMMIT',
    })
  })

  test('40 and 52: files of the system, in words and with what to do', async () => {
    expect(await failure(['merge-file', 'nowhere.csv', 'a.csv', 'a.csv'])).toMatchObject({
      exit: 40,
      message: "no such file: 'nowhere.csv'",
      hint: expect.stringContaining('OURS, BASE and THEIRS'),
    })
    for (const words of [
      ['bundle', 'verify', 'nowhere'],
      ['bundle', 'list', 'nowhere'],
      ['car', 'import', '--branch', 'theirs', 'nowhere'],
      ['import', 'nowhere', '--as', 'new.csv', '--key', 'id'],
      ['import', 'nowhere', '--as', 'new.csv'],
    ])
      expect(await failure(words)).toMatchObject({ exit: 40, message: "no such file: 'nowhere'" })
    expect(await failure(['merge-file', 'a.csv', '.', 'a.csv'])).toMatchObject({
      exit: 52,
      message: "cannot read '.': it is a folder",
      data: { path: '.', errno: 'EISDIR' },
    })
    expect(await failure(['commit', '-F', '.', '-m', 'x'])).toMatchObject({ exit: 2 })
    expect(await failure(['commit', '-F', '.'])).toMatchObject({
      exit: 40,
      message: "cannot read the message from '.': it is a folder",
    })
    expect(await failure(['init', 'a.csv'])).toMatchObject({
      exit: 52,
      message: expect.stringMatching(
        /^cannot make the folder '.*': there is a file where a folder is needed$/,
      ),
    })
    expect(await failure(['-C', 'nowhere', 'status'])).toMatchObject({
      exit: 2,
      message: "cannot change to 'nowhere': no such file or folder",
    })
    expect(await failure(['track', '.', '--key', 'id'])).toMatchObject({
      exit: 40,
      message: "'.' is a folder",
    })
    await ok(['track', 'a.csv', '--key', 'id'], at)
    await ok(['commit', '-am', 'A table'], at)
    for (const [file, words] of [
      ['.', "'.' is a folder"],
      ['nowhere/a.csv', "cannot write 'nowhere/a.csv': no such file or folder"],
    ] as const) {
      expect((await failure(['export', 'a.csv', '-o', file])) as { message: string }).toMatchObject({
        message: words,
      })
    }
  })

  test('43: of what is written like a revision it is told which part is not there', async () => {
    for (const [words, message] of [
      [['diff', 'HEAD~1~1..HEAD'], /^no revision 'HEAD~1~1': commit [0-9a-f]{10} has no parent$/],
      [['log', 'main...nowhere'], /^no revision 'nowhere'$/],
      [['diff', 'HEAD~9'], /^no revision 'HEAD~9': history ends 1 commit back$/],
      [['diff', 'gone.csv'], /^'gone.csv' is neither a revision nor a file that is there$/],
    ] as const) {
      expect(await failure(words)).toMatchObject({ exit: 43, message: expect.stringMatching(message) })
    }
  })

  test('40 and 43: a branch, revision or path that is almost one is proposed', async () => {
    for (const [words, near] of [
      [['switch', 'mian'], 'main'],
      [['branch', '-d', 'mian'], 'main'],
      [['merge', 'mian'], 'main'],
      [['log', 'mian~1..HEAD'], 'main'],
      [['cat', 'a.cvs'], 'a.csv'],
      [['blame', 'a.cvs'], 'a.csv'],
    ] as const)
      expect(await failure(words)).toMatchObject({ hint: `did you mean '${near}'?` })
    expect(await failure(['switch', 'elsewhere'])).toMatchObject({
      hint: expect.stringContaining('varve branch'),
    })
  })

  test('20 and 43: before the first commit it is said that there is none, and without a merge what to do', async () => {
    const empty = { cwd: path.join(dir, 'empty') }
    await ok(['init', 'empty'], { cwd: dir })
    for (const words of [['diff', 'HEAD'], ['log', 'HEAD'], ['show'], ['bundle', 'create', 'x']])
      expect(await failure(words, empty)).toMatchObject({
        exit: 43,
        message: "branch 'main' has no commits yet",
        hint: expect.stringContaining('varve commit'),
      })
    expect(await failure(['commit', '--amend', '-m', 'x'], empty)).toMatchObject({
      exit: 20,
      message: 'there is no commit to amend',
      hint: "make the first one without '--amend'",
    })
    expect(await failure(['merge', '--abort'], empty)).toMatchObject({
      exit: 20,
      hint: "to take back one that is committed: 'varve undo'",
    })
  })

  test('20: no file is written where a repository keeps its history, by whatever name', async () => {
    await ok(['init', '--bare', '../bare'], at)
    symlinkSync('.varve', path.join(at.cwd, 'sneaky'))
    for (const words of [
      ['export', 'a.csv', '-o', '.varve/format'],
      ['export', 'a.csv', '-o', 'sneaky/format'],
      ['export', 'a.csv', '-o', '../bare/packs/x.csv'],
      ['bundle', 'create', './.varve/../.varve/newest'],
      ['car', 'export', '-o', '.varve/m/x'],
    ]) {
      const hint = 'name a file outside of that folder'
      expect(await failure(words)).toMatchObject({ exit: 20, code: 'VARVE_NOT_POSSIBLE', hint })
    }
    rmSync(path.join(at.cwd, 'sneaky'))
    await ok(['fsck'], at)
  })

  test('60: a remote that is not there', async () => {
    await ok(['remote', 'add', 'gone', '../gone'], at)
    expect(await failure(['fetch', 'gone'])).toMatchObject({
      exit: expect.any(Number),
      code: expect.stringMatching(/VARVE_(UNREACHABLE|NO_REPOSITORY)/),
    })
  })

  test('50: damaged bytes are found by fsck', async () => {
    const packs = path.join(at.cwd, '.varve/packs')
    for (const file of readdirSync(packs, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.pack'),
    )) {
      rmSync(path.join(packs, file))
    }
    const { code, stdout } = await varve(['fsck', '--json'], at)
    expect(code).toBe(50)
    if (stdout !== '')
      expect((JSON.parse(stdout) as { problems: object[] }).problems.length).toBeGreaterThan(0)
  })

  test('50: a repair that brings not all back names what is lost, and 0 when it does', async () => {
    const cwd = path.join(dir, 'broken')
    await ok(['init', cwd], { cwd: dir })
    writeFileSync(path.join(cwd, 'a.txt'), 'one')
    await ok(['add', '.'], { cwd })
    await ok(['commit', '-m', 'first'], { cwd })
    await ok(['clone', cwd, 'backup'], { cwd: dir })
    rmSync(path.join(cwd, 'a.txt'))
    rmSync(path.join(cwd, '.varve/packs'), { recursive: true })
    const tried = await varve(['fsck', '--repair'], { cwd })
    expect([tried.code, tried.stdout]).toEqual([50, expect.stringContaining('lost: ')])
    const mended = await varve(['fsck', '--repair', '--from', '../backup'], { cwd })
    expect([mended.code, mended.stdout]).toEqual([
      0,
      expect.stringContaining("brought back from '../backup'"),
    ])
    await ok(['fsck'], { cwd })
    expect((await varve(['fsck', '--from', 'x'], { cwd })).code).toBe(2)
  })
})
