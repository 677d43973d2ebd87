// A merge that waits over changes that were put aside ends by two operations. Each call of the file system that they make
// fails once: the changes are then in the file, or in the stash that was named.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { type FsCall, watchingFs } from '../support/fs-calls.ts'
import { runHere } from '../support/run-here.ts'
import { faultsIn, foldersFor } from './local-commands.ts'

const edited = { file: 'repo/notes.txt', text: 'edited\n' }

async function begin(end: string): Promise<string> {
  const dir = await foldersFor({ name: '', args: [], prepare: [edited] })
  const repo = path.join(dir, 'repo')
  expect(await runHere(['merge', '--autostash', 'clash'], repo)).toMatchObject({ code: 21 })
  if (end === '--continue')
    expect(await runHere(['resolve', 'people.csv', '--theirs'], repo)).toMatchObject({ code: 0 })
  return dir
}

async function atEachWrite(end: string, step: number, wrong: (call: FsCall) => void): Promise<void> {
  const args = ['merge', end, ...(end === '--continue' ? ['-m', 'Merge'] : [])]
  let all = 0
  const whole = path.join(await begin(end), 'repo')
  const count = ({ writes }: FsCall): void => void (all += Number(writes))
  expect(await watchingFs(whole, { after: count }, () => runHere(args, whole))).toMatchObject({ code: 0 })
  expect(all).toBeGreaterThan(30)
  for (let at = 0; at < all; at += step) {
    const dir = await begin(end)
    const repo = path.join(dir, 'repo')
    let writes = 0
    const after = (call: FsCall): void => {
      if (call.writes && writes++ === at) wrong(call)
    }
    const ran = await watchingFs(dir, { after }, () => runHere(args, repo))
    const told = `call ${at} of ${all}: ${ran.code} ${ran.stderr}`
    expect(await faultsIn(dir), told).toEqual([])
    const stash = (await runHere(['stash', 'list', '--json'], repo)).stdout
    const stashed = await runHere(['cat', 'stash/1:notes.txt'], repo)
    const file = fs.readFileSync(path.join(repo, 'notes.txt'), 'utf8')
    expect([file, stashed.stdout], told).toContain('edited\n')
    // What was said to be over is over, and nothing is in two places.
    if (ran.code === 0) expect([file, stash], told).toEqual(['edited\n', '{"items":[]}\n'])
    if (stashed.code === 0 && file !== 'edited\n') {
      if ((await runHere(['merge', '--abort'], repo)).code !== 0)
        expect(await runHere(['stash', 'pop', 'stash/1'], repo), told).toMatchObject({ code: 0 })
      expect(fs.readFileSync(path.join(repo, 'notes.txt'), 'utf8'), told).toBe('edited\n')
    }
    fs.rmSync(dir, { recursive: true })
  }
}

test.each(['--continue', '--abort'])(
  'merge %s after --autostash: one write fails',
  (end) =>
    atEachWrite(end, 5, ({ name, path: target }) => {
      throw Object.assign(new Error(`EIO: injected, ${name} '${target}'`), { code: 'EIO', syscall: name })
    }),
  600_000,
)

test.each(['--continue', '--abort'])(
  'merge %s after --autostash: Ctrl-C',
  (end) => atEachWrite(end, 5, () => process.emit('SIGINT')),
  600_000,
)
