// `varve sync` that keeps running, over several links of which one has a fault that does not pass by itself.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { startSqliteWriter } from '../support/sqlite-writer.ts'
import { temporaryDir } from '../support/temporary.ts'
import { identity, ok, varveFile } from './varve.ts'

const eventually = { timeout: 30_000, interval: 50 }
const running = new Set<ChildProcess>()
afterEach(() => running.forEach((child) => child.kill('SIGKILL')))

/** A folder and a database, both linked; then the database's file, which is put aside as 'whole.db', is none any more. */
async function twoLinks(): Promise<string> {
  const dir = temporaryDir()
  fs.mkdirSync(path.join(dir, 'drop'))
  fs.writeFileSync(path.join(dir, 'drop/people.csv'), 'id,name\n1,Ada\n')
  const writer = startSqliteWriter()
  await writer.run(path.join(dir, 'shop.db'), ['CREATE TABLE orders (id INTEGER PRIMARY KEY)'])
  await writer.stop()
  await ok(['init'], { cwd: dir })
  await ok(['link', 'add', 'good', './drop', '--tables', 'people', '--mode', 'capture'], { cwd: dir })
  await ok(['link', 'add', 'bad', './shop.db', '--tables', 'orders', '--mode', 'capture'], { cwd: dir })
  fs.renameSync(path.join(dir, 'shop.db'), path.join(dir, 'whole.db'))
  fs.writeFileSync(path.join(dir, 'shop.db'), 'this is no database')
  return dir
}

function start(dir: string, args: readonly string[]): { child: ChildProcess; said: () => string } {
  const child = spawn(process.execPath, [varveFile, 'sync', ...args], {
    cwd: dir,
    env: { PATH: process.env['PATH'], HOME: dir, ...identity },
  })
  running.add(child)
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part: Buffer) => (said += String(part)))
  return { child, said: () => said }
}

describe.each([['--every', '1s'], ['--follow']])('%s', { timeout: 60_000 }, (...args) => {
  test('the other links go on, the fault is said once, and the exit code tells of it', async () => {
    const dir = await twoLinks()
    const { child, said } = start(dir, args)
    await expect.poll(said, eventually).toMatch(/good \(capture\)[^]*read \+1/)
    await expect.poll(said, eventually).toContain('trying again later')
    fs.writeFileSync(path.join(dir, 'drop/people.csv'), 'id,name\n1,Ada\n2,Bea\n3,Cyd\n')
    await expect.poll(said, eventually).toContain('read +2')
    expect(said().match(/bad: .*is not a database/g)).toHaveLength(1)
    child.kill('SIGINT')
    expect(await once(child, 'close')).toEqual([20, null])
    expect(said()).toContain('error: bad: ')
  })

  test('a fault that somebody mends is over, and the exit code is 0', async () => {
    const dir = await twoLinks()
    const { child, said } = start(dir, args)
    await expect.poll(said, eventually).toContain('trying again later')
    fs.renameSync(path.join(dir, 'whole.db'), path.join(dir, 'shop.db'))
    await expect.poll(said, eventually).toContain('bad goes on again')
    child.kill('SIGINT')
    expect(await once(child, 'close')).toEqual([0, null])
  })
})

describe.each([['--every', '1s'], ['--follow']])(
  '%s beside somebody who works in the folder',
  { timeout: 60_000 },
  (...args) => {
    interface Work {
      readonly what: string
      begin: readonly (readonly string[])[]
      end: readonly (readonly string[])[]
      readonly message: string
      readonly hint: string
    }
    const works: Work[] = [
      {
        what: 'staged changes',
        begin: [['add', 'note.txt']],
        end: [['commit', '-m', 'a note']],
        message: 'cannot sync: there are staged changes; waiting',
        hint: "commit them with 'varve commit'",
      },
      {
        what: 'a merge under way',
        begin: [['merge', '--no-commit', '--no-ff', 'side']],
        end: [['merge', '--continue']],
        message: 'cannot sync in the middle of a merge; waiting',
        hint: "finish it with 'varve merge --continue'",
      },
      {
        what: 'a revision that is looked at',
        begin: [['switch', '--detach', 'HEAD']],
        end: [['switch', 'main']],
        message: "no branch is checked out for the link 'good'; waiting",
        hint: 'switch to one',
      },
    ]

    test.each(works)('$what: it waits, and goes on', async ({ begin, end, message, hint }) => {
      const dir = temporaryDir()
      const run = (words: readonly string[]): Promise<string> => ok(words, { cwd: dir })
      fs.mkdirSync(path.join(dir, 'drop'))
      fs.writeFileSync(path.join(dir, '.varveignore'), 'drop/\n')
      fs.writeFileSync(path.join(dir, 'drop/people.csv'), 'id,name\n1,Ada\n')
      await run(['init'])
      await run(['link', 'add', 'good', './drop', '--tables', 'people', '--mode', 'capture'])
      await run(['add', '.'])
      await run(['commit', '-m', 'first'])
      await run(['switch', '-c', 'side'])
      await run(['commit', '--allow-empty', '-m', 'beside'])
      await run(['switch', 'main'])
      const { child, said } = start(dir, args)
      await expect.poll(said, eventually).toMatch(/read \+1/)
      fs.writeFileSync(path.join(dir, 'note.txt'), 'mine')
      for (const words of begin) await run(words)
      fs.writeFileSync(path.join(dir, 'drop/people.csv'), 'id,name\n1,Ada\n2,Bea\n3,Cyd\n')
      await expect.poll(said, eventually).toContain(message)
      expect(said()).toContain(hint)
      expect(child.exitCode).toBe(null)
      for (const words of end) await run(words)
      await expect.poll(said, eventually).toContain('good goes on again')
      expect(await run(['export', 'main:good/people'])).toBe('id,name\n1,Ada\n2,Bea\n3,Cyd\n')
      expect(said().split('; waiting')).toHaveLength(2)
      child.kill('SIGINT')
      expect(await once(child, 'close')).toEqual([0, null])
    })
  },
)
