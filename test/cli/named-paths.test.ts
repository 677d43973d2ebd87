// Paths that somebody names and that stand for nothing, or for something else than it seems: what is said, as Git has it.
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { runHere } from '../support/run-here.ts'
import { temporaryDir } from '../support/temporary.ts'

let dir: string
beforeAll(async () => {
  dir = path.join(temporaryDir(), 'repo')
  fs.mkdirSync(path.join(dir, 'real'), { recursive: true })
  fs.mkdirSync(path.join(dir, 'empty'))
  fs.mkdirSync(path.join(dir, 'build'))
  for (const [name, text] of [
    ['.varveignore', '*.log\nbuild/\n'],
    ['a.log', 'log\n'],
    ['build/x', 'x\n'],
    ['real/f', 'f\n'],
    ['run.sh', 'echo\n'],
  ] as const)
    fs.writeFileSync(path.join(dir, name), text)
  fs.symlinkSync('real', path.join(dir, 'link'))
  for (const args of [['init'], ['add', '.'], ['commit', '-m', 'First']])
    expect(await runHere(args, dir)).toMatchObject({ code: 0 })
})

test.each([
  ['a.log', 'is ignored, by a line in .varveignore'],
  ['build', 'is ignored, by a line in .varveignore'],
  ['build/x', 'is ignored, by a line in .varveignore'],
  ['link/f', "is beyond the symlink 'link'"],
  ['nope', 'matches no file'],
  ['real/f/x', 'matches no file'],
])('add %s: %s', async (name, why) => {
  const ran = await runHere(['add', name], dir)
  const hint = "hint: see 'varve ls' for what is committed, and 'varve status' for what has changed\n"
  const stderr = `error: path '${name}' ${why}\n${why === 'matches no file' ? hint : ''}`
  expect(ran).toMatchObject({ code: 40, stderr })
})

test("':/' and ':(top)' begin at the repository's folder, wherever the command runs", async () => {
  const inside = path.join(dir, 'real')
  fs.writeFileSync(path.join(dir, 'run.sh'), 'echo changed\n')
  for (const typed of [':/run.sh', ':(top)run.sh', ':/', ':(top)'])
    expect(await runHere(['diff', '--name-only', typed], inside)).toMatchObject({
      code: 0,
      stdout: 'run.sh\n',
    })
  expect(await runHere(['log', '--format=%s', ':/run.sh'], inside)).toMatchObject({ stdout: 'First\n' })
  // Also '.' in that folder, and a path that is named twice.
  for (const typed of [['.'], ['.', 'run.sh'], ['run.sh', './run.sh'], ['--', '.']])
    expect(await runHere(['diff', '--name-only', ...typed], dir)).toMatchObject({
      code: 0,
      stdout: 'run.sh\n',
    })
  expect(await runHere(['log', '--format=%s', '.'], dir)).toMatchObject({ stdout: 'First\n' })
  expect(await runHere(['log', '--format=%s', '--', ':/'], inside)).toMatchObject({ stdout: 'First\n' })
  expect(await runHere(['restore', ':/run.sh'], inside)).toMatchObject({ code: 0 })
  expect(fs.readFileSync(path.join(dir, 'run.sh'), 'utf8')).toBe('echo\n')
  expect(await runHere(['add', ':/nope'], inside)).toMatchObject({
    code: 40,
    stderr: expect.stringContaining("error: path 'nope' matches no file\n") as string,
  })
})

test('an empty folder keeps no other path from being added', async () => {
  fs.writeFileSync(path.join(dir, 'new'), 'new\n')
  expect(await runHere(['add', 'empty', 'new'], dir)).toMatchObject({ code: 0, stdout: 'staged 1 path\n' })
})

test('a file is not moved to the name of a folder that is not there, and the whole repository nowhere', async () => {
  expect(await runHere(['mv', 'run.sh', 'nope/'], dir)).toMatchObject({ code: 2 })
  expect(await runHere(['mv', '.', 'real'], dir)).toMatchObject({
    code: 20,
    stderr: expect.stringContaining("the repository's own folder cannot be moved") as string,
  })
  expect(await runHere(['mv', 'real', 'moved/'], dir)).toMatchObject({ code: 0 })
  expect(fs.existsSync(path.join(dir, 'moved/f'))).toBe(true)
})

test('diff says that a file has become executable', async () => {
  fs.chmodSync(path.join(dir, 'run.sh'), 0o755)
  expect((await runHere(['diff'], dir)).stdout).toBe(
    'run.sh: (executable now)\ndiff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n',
  )
  fs.appendFileSync(path.join(dir, 'run.sh'), 'echo 2\n')
  expect((await runHere(['diff'], dir)).stdout).toMatch(
    /^run\.sh: \(executable now\)\ndiff --git .*\nold mode 100644\nnew mode 100755\n--- a\/run\.sh\n\+\+\+/,
  )
  await runHere(['commit', '-am', 'Run'], dir)
  fs.chmodSync(path.join(dir, 'run.sh'), 0o644)
  expect((await runHere(['diff'], dir)).stdout).toMatch(
    /^run\.sh: \(no longer executable\)\ndiff .*\nold mode 100755\nnew mode 100644\n$/,
  )
})
