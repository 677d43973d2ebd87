// Ctrl-C, and other faults, when a command has done its work or a part of it: what is said of it is so.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { type FsCall, watchingFs } from '../support/fs-calls.ts'
import { type RanHere, runHere } from '../support/run-here.ts'
import { temporaryDir } from '../support/temporary.ts'

async function folder(): Promise<string> {
  const dir = path.join(temporaryDir(), 'repo')
  fs.mkdirSync(dir)
  fs.writeFileSync(path.join(dir, 'notes.txt'), 'one\n')
  for (const args of [['init'], ['add', '.'], ['commit', '-m', 'First']])
    expect(await runHere(args, dir)).toMatchObject({ code: 0 })
  return dir
}

/** A command during which something happens as soon as so many of the repository's manifests have their names. */
async function amid(
  dir: string,
  args: readonly string[],
  manifests: number,
  what: () => void,
): Promise<RanHere> {
  let left = manifests
  const after = ({ name, path: file }: FsCall): void => {
    if (name === 'link' && file.startsWith('/.varve/m/') && --left === 0) what()
  }
  return watchingFs(dir, { after }, () => runHere(args, dir))
}

const terminate = (): void => void process.emit('SIGTERM')
const interrupt = (): void => void process.emit('SIGINT')

test('Ctrl-C between the commit and its summary: it is told as made', async () => {
  const dir = await folder()
  fs.writeFileSync(path.join(dir, 'notes.txt'), 'two\n')
  await runHere(['add', '.'], dir)
  const ran = await amid(dir, ['commit', '-m', 'Second'], 1, interrupt)
  expect(ran.code).toBe(0)
  expect(ran.stdout).toMatch(/^\[main [0-9a-f]{8,10}\] Second\n$/)
  expect(ran.stderr).toMatch(
    /^warning: the commit [0-9a-f]{8,10} is made, but not all that it changes was shown: stopped\n$/,
  )
  expect((await runHere(['log', '--oneline'], dir)).stdout).toMatch(/Second/)
})

test('Ctrl-C when changes are staged and the commit is not made leaves nothing staged, and nothing to be told', async () => {
  const dir = await folder()
  fs.writeFileSync(path.join(dir, 'notes.txt'), 'two\n')
  const ran = await amid(dir, ['commit', '-am', 'Second'], 1, interrupt)
  expect(ran).toMatchObject({ code: 130, stdout: '' })
  expect(ran.stderr).toMatch(/^error: stopped[^\n]*\n/)
  expect(ran.stderr).not.toContain('done by then')
  expect((await runHere(['status', '--short'], dir)).stdout).toBe(' M notes.txt\n')
  expect((await runHere(['log', '--oneline'], dir)).stdout).not.toMatch(/Second/)
})

test('a pull that is stopped after the fetch says that, as JSON too', async () => {
  const dir = await folder()
  const other = path.join(path.dirname(dir), 'other')
  await runHere(['push', '../remote', 'main'], dir)
  await runHere(['clone', '../remote', '../other'], dir)
  await runHere(['commit', '--allow-empty', '-m', 'Theirs'], dir)
  await runHere(['push', '../remote', 'main'], dir)
  const ran = await amid(other, ['pull', '--json'], 1, interrupt)
  expect(ran.code).toBe(130)
  expect(JSON.parse(ran.stderr)).toMatchObject({
    error: { code: 'VARVE_ABORTED', data: { done: [{ name: 'fetch', message: 'origin' }] } },
  })
  // It would take back what was done before: what came from a remote stays.
  expect(ran.stderr).not.toContain('varve undo')
  expect(await runHere(['pull'], other)).toMatchObject({ code: 0 })
})

test('a failure of the disk after the commit is made does not sound as if it were not', async () => {
  const dir = await folder()
  let isMade = false
  const before = ({ path: file }: FsCall): void => {
    if (!isMade || !file.startsWith('/.varve')) return
    throw Object.assign(new Error('EIO: injected'), { code: 'EIO', syscall: 'read', path: file })
  }
  const after = ({ name, path: file }: FsCall): void => {
    // From when the manifest's folder is flushed.
    if (name === 'fsync' && file === '/.varve/m') isMade = true
  }
  const ran = await watchingFs(dir, { before, after }, () =>
    runHere(['commit', '--allow-empty', '-m', 'Second'], dir),
  )
  expect(ran.stderr).toMatch(/done by then, and kept: 'commit: Second'|is made, but/)
  expect((await runHere(['log', '--oneline'], dir)).stdout).toMatch(/Second/)
})

test('where nothing was done, nothing is said of it', async () => {
  const dir = await folder()
  fs.writeFileSync(path.join(dir, 'notes.txt'), 'two\n')
  let pressed = false
  const before = ({ writes }: FsCall): void => {
    if (!writes || pressed) return
    pressed = true
    terminate()
  }
  const ran = await watchingFs(dir, { before }, () => runHere(['commit', '-am', 'Second'], dir))
  expect(ran).toMatchObject({ code: 143, stderr: 'error: stopped before it was done\n' })
})
