// What --dry-run tells of a command is what the command then does, and it leaves everything as it was.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { runHere } from '../support/run-here.ts'
import { temporaryDir } from '../support/temporary.ts'

const files = { 'people.csv': 'id,name\n1,Ada\n2,Grace\n', 'old/notes.txt': 'one\n' }

async function folder(): Promise<string> {
  const dir = path.join(temporaryDir(), 'repo')
  for (const [name, text] of Object.entries(files)) put(dir, name, text)
  for (const args of [
    ['init'],
    ['track', 'people.csv', '--key', 'id'],
    ['add', '.'],
    ['commit', '-m', 'First'],
  ])
    expect(await runHere(args, dir)).toMatchObject({ code: 0 })
  return dir
}

function put(dir: string, name: string, text: string): void {
  fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true })
  fs.writeFileSync(path.join(dir, name), text)
}

/** Manifests and files: what nothing may add to. */
function state(dir: string): string[] {
  const names = fs.readdirSync(dir, { recursive: true }) as string[]
  return names.filter((name) => !name.startsWith('.varve/cache')).sort()
}

async function said<T>(args: readonly string[], dir: string): Promise<T> {
  const { code, stdout, stderr } = await runHere([...args, '--json'], dir)
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as T
}

test('commit --dry-run: the tree, the paths and the refusals of the commit itself', async () => {
  const dir = await folder()
  expect(await runHere(['commit', '--dry-run'], dir)).toMatchObject({ code: 44 })
  put(dir, 'people.csv', 'id,name\n1,Ada\n2,Grace Hopper\n')
  put(dir, 'new.txt', 'new\n')
  await runHere(['add', 'new.txt'], dir)
  const before = state(dir)
  const staged = await said<{ changes: { path: string }[] }>(['commit', '--dry-run'], dir)
  expect(staged.changes.map(({ path: name }) => name)).toEqual(['new.txt'])
  const all = await said<{ branch: string; tree: string; parents: string[]; changes: { path: string }[] }>(
    ['commit', '-a', '--dry-run'],
    dir,
  )
  expect(all.branch).toBe('main')
  expect(all.changes).toMatchObject([
    { path: 'new.txt', state: 'added', lines: { added: 1 } },
    { path: 'people.csv', state: 'modified', rows: { changed: 1, cells: 1 } },
  ])
  const { stdout } = await runHere(['commit', '-a', '--dry-run'], dir)
  expect(stdout).toMatch(/^would commit to main\n new\.txt \(new\) .*\n people\.csv .*\n 2 paths changed/)
  expect(state(dir)).toEqual(before)
  const made = await said<{ tree: string; parents: string[] }>(['commit', '-am', 'Both'], dir)
  expect(made).toMatchObject({ tree: all.tree, parents: all.parents })
  const amended = await said<{ parents: string[]; changes: object[] }>(
    ['commit', '--amend', '--dry-run'],
    dir,
  )
  expect(amended).toMatchObject({ parents: made.parents, changes: all.changes })
})

test('commit -a --dry-run refuses the rows that the commit would refuse', async () => {
  const dir = await folder()
  put(dir, 'people.csv', 'id,name\n1,Ada\n1,Grace\n')
  const [dry, real] = [
    await runHere(['commit', '-a', '--dry-run'], dir),
    await runHere(['commit', '-am', 'x'], dir),
  ]
  expect(dry.code).not.toBe(0)
  expect([dry.code, dry.stderr]).toEqual([real.code, real.stderr])
})

test('rm -n and mv -n', async () => {
  const dir = await folder()
  const before = state(dir)
  expect(await runHere(['rm', '-n', 'old', 'people.csv'], dir)).toEqual({
    code: 0,
    stdout: 'would remove old/notes.txt\nwould remove people.csv\n',
    stderr: '',
  })
  expect(await said(['rm', '-n', 'old'], dir)).toEqual({ items: ['old/notes.txt'] })
  expect(await runHere(['mv', '-n', 'people.csv', 'old'], dir)).toMatchObject({
    code: 0,
    stdout: 'would rename people.csv => old/people.csv\n',
  })
  expect(await runHere(['mv', '-n', 'old', 'far/away'], dir)).toMatchObject({ code: 0 })
  // Refused as without it.
  expect(await runHere(['mv', '-n', 'people.csv', 'old/notes.txt'], dir)).toMatchObject({ code: 20 })
  put(dir, 'old/notes.txt', 'edited\n')
  expect(await runHere(['rm', '-n', 'old'], dir)).toMatchObject({ code: 29 })
  expect(state(dir)).toEqual(before)
})

test('push -n, and a push with a lease', async () => {
  const dir = await folder()
  const hub = path.join(path.dirname(dir), 'hub')
  await runHere(['remote', 'add', 'origin', hub], dir)
  // The first push makes it; a dry run says what would be new there.
  expect(await said(['push', '-n'], dir)).toMatchObject({
    updates: [{ ref: 'refs/heads/main', before: null }],
  })
  expect(fs.existsSync(hub)).toBe(false)
  await runHere(['push', '-u', 'origin', 'main'], dir)
  put(dir, 'old/notes.txt', 'two\n')
  await runHere(['commit', '--amend', '-am', 'First, better'], dir)
  const before = state(dir)
  expect(await runHere(['push', '-n'], dir)).toMatchObject({ code: 61 })
  const dry = await said<{ updates: object[] }>(['push', '-n', '--force-with-lease'], dir)
  expect(dry.updates).toMatchObject([{ ref: 'refs/heads/main', forced: true }])
  expect((await runHere(['push', '-n', '--force-with-lease'], dir)).stdout).toMatch(
    /^would go to .*hub\n {2}\+ \w+\.\.\w+ +main +\(forced\)\n$/,
  )
  expect(state(dir)).toEqual(before)
  expect(await runHere(['push', '--force-with-lease=main:HEAD'], dir)).toMatchObject({
    code: 61,
    stderr: expect.stringContaining('is not what was last seen of it') as string,
  })
  expect(await runHere(['push', '-f', '--force-with-lease'], dir)).toMatchObject({ code: 2 })
  expect((await said<{ updates: object[] }>(['push', '--force-with-lease=main'], dir)).updates).toEqual(
    dry.updates,
  )
})
