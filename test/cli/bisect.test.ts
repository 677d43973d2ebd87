// `varve bisect` on the command line, and its API.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { temporaryDir } from '../support/temporary.ts'
import { json, ok, varve, varveFile } from './varve.ts'

const cwd = temporaryDir()
const at = { cwd }
const ids: string[] = []
const count = 12
const breaks = 8
const current = (): string => readFileSync(path.join(cwd, 'n.txt'), 'utf8').trim()

beforeAll(async () => {
  const repo = await Repository.init(cwd, { author: { name: 'Ada', email: 'ada@example.org' } })
  writeFileSync(
    path.join(cwd, 'varve.yaml'),
    'tables:\n  people.csv:\n    key: id\n    rules:\n      columns: { age: { min: 0 } }\n',
  )
  for (let i = 0; i < count; i++) {
    writeFileSync(path.join(cwd, 'n.txt'), `${i}\n`)
    writeFileSync(path.join(cwd, 'people.csv'), `id,age\n1,${i >= breaks ? -1 : 30}\n2,${i}\n`)
    await repo.add(['.'])
    ids.push((await repo.commit({ message: `commit ${i}` })).id)
  }
  await repo.close()
})

test('by hand: goes to the middle, survives as state, tells in status and log, and goes back', async () => {
  expect(await ok(['bisect', 'start'], at)).toContain(
    "a bad and a good commit still to be named: 'varve bisect bad REV'",
  )
  expect(await ok(['status'], at)).toContain('a good and a bad commit have to be named')
  await ok(['bisect', 'bad'], at)
  const first = await ok(['bisect', 'good', ids[0]!], at)
  expect([current(), first]).toEqual([
    '6',
    expect.stringContaining('commit 6\nup to 5 commits left after it'),
  ])
  writeFileSync(path.join(cwd, 'n.txt'), 'mine\n')
  const unsafe = await varve(['bisect', 'good'], at)
  expect([unsafe.code, unsafe.stderr]).toEqual([29, expect.stringContaining('n.txt')])
  await ok(['restore', 'n.txt'], at)
  await ok(['bisect', 'good'], at)
  expect(await ok(['status'], at)).toContain('bisecting, begun at main: up to 2 commits left after this')
  await ok(['gc'], at)
  await ok(['bisect', 'skip'], at)
  const steps: string[] = []
  for (let found: string | null = null; found === null;) {
    steps.push(current())
    const said = Number(current()) >= breaks ? 'bad' : 'good'
    found = (await json<{ found: string | null }>(['bisect', said], at)).found
  }
  expect(steps.length).toBeLessThanOrEqual(4)
  expect(await ok(['status'], at)).toContain(`the first bad commit is ${ids[breaks]!.slice(0, 8)}`)
  expect(await ok(['bisect', 'log'], at)).toMatch(
    new RegExp(
      `^# begun at main\nvarve bisect start\n# bad: \\[${ids[11]!.slice(0, 8)}\\] commit 11\nvarve bisect bad ${ids[11]}\n`,
    ),
  )
  expect((await varve(['bisect', 'start'], at)).code).toBe(20)
  await ok(['bisect', 'reset'], at)
  expect([current(), (await json<{ branch: string }>(['status'], at)).branch]).toEqual(['11', 'main'])
  expect((await varve(['bisect', 'good'], at)).stderr).toContain('no bisection is under way')
})

test('run varve check finds the commit since which a rule is broken', async () => {
  await ok(['bisect', 'start', 'HEAD', ids[0]!], at)
  const output = await ok(['bisect', 'run', process.execPath, varveFile, 'check', '-q'], at)
  expect(output).toContain(`${ids[breaks]} is the first bad commit`)
  await ok(['bisect', 'reset'], at)
  await ok(['bisect', 'start', 'HEAD', ids[0]!], at)
  const result = await json(
    ['bisect', '--json', 'run', 'sh', '-c', 'echo noise; test $(cat n.txt) -lt 3'],
    at,
  )
  expect(result).toMatchObject({ found: ids[3], testing: null, untold: [] })
  await ok(['bisect', 'reset'], at)
})

test('125 skips; what cannot be run or understood stops, and what was found out stays', async () => {
  await ok(['bisect', 'start', 'HEAD', ids[0]!], at)
  const misspelt = [varveFile, 'chekc', '-q']
  for (const command of [
    ['no-such-command'],
    ['sh', '-c', 'exit 127'],
    ['sh', '-c', 'kill -9 $$'],
    misspelt,
  ]) {
    const { code, stderr } = await varve(['bisect', 'run', ...command], at)
    expect([code, stderr]).toEqual([20, expect.stringContaining('could not be run')])
  }
  const untold = await varve(['bisect', 'run', 'sh', '-c', 'exit 125'], at)
  expect([untold.code, untold.stdout]).toEqual([1, expect.stringContaining('only skipped commits are left')])
  expect((await json<{ log: object[] }>(['bisect', 'log'], at)).log.length).toBe(count)
  await ok(['bisect', 'reset'], at)
  expect(current()).toBe('11')
})

test('words of one’s own for good and bad, as in Git', async () => {
  await ok(['bisect', 'start', '--term-old', 'fast', '--term-new=slow', 'HEAD', ids[0]!], at)
  expect(await ok(['status'], at)).toContain('(varve bisect fast, slow or skip, varve bisect reset)')
  expect(await json(['bisect', 'terms'], at)).toEqual({ good: 'fast', bad: 'slow' })
  for (;;) {
    const said = await ok(['bisect', Number(current()) >= breaks ? 'slow' : 'fast'], at)
    if (!said.includes('first slow commit')) continue
    expect(said).toContain(`${ids[breaks]} is the first slow commit`)
    break
  }
  expect(await ok(['status'], at)).toContain(`the first slow commit is ${ids[breaks]!.slice(0, 8)}`)
  const log = await ok(['bisect', 'log'], at)
  expect(log).toContain(`varve bisect start --term-new 'slow' --term-old 'fast'\n# slow: [`)
  writeFileSync(path.join(cwd, '..', 'terms.log'), log)
  await ok(['bisect', 'reset'], at)
  expect(await ok(['bisect', 'replay', path.join(cwd, '..', 'terms.log')], at)).toContain('first slow commit')
  expect(await ok(['bisect', 'log'], at)).toBe(log)
  await ok(['bisect', 'reset'], at)
  expect((await varve(['bisect', 'fast'], at)).code).toBe(2)
  await ok(['bisect', 'start', '--term-good', 'fine'], at)
  expect(await ok(['bisect', 'fine', ids[0]!], at)).toContain(
    "a bad commit still to be named: 'varve bisect bad REV'",
  )
  await ok(['bisect', 'reset'], at)
  for (const terms of [
    ['--term-old', 'bad'],
    ['--term-new', 'good'],
    ['--term-new', 'skip'],
    ['--term-new', 'x y'],
    ['--term-new', 'same', '--term-old', 'same'],
  ])
    expect(await varve(['bisect', 'start', ...terms], at)).toMatchObject({ code: 2 })
  expect((await varve(['bisect', 'log', '--term-new', 'x'], at)).code).toBe(2)
})

describe('findFirstBad', () => {
  test('asks a function, checks nothing out, and can look with rules', async () => {
    const repo = await Repository.open(cwd)
    const asked: string[] = []
    const { commit, tested } = await repo.findFirstBad({
      good: ids[0]!,
      test: async ({ id, message }) => {
        asked.push(message)
        return (await repo.check({ revision: id })).errors === 0 ? 'good' : 'bad'
      },
    })
    expect([commit!.id, tested, asked.length]).toEqual([ids[breaks], asked.length, 4])
    expect([current(), (await repo.status()).bisecting]).toEqual(['11', null])
    const untold = await repo.findFirstBad({ good: [ids[0]!], bad: ids[3]!, test: () => 'skip' })
    expect(untold).toEqual({ commit: null, untold: [ids[1], ids[2], ids[3]], tested: 2 })
    await repo.close()
  })
})

test('reset names the commits that were made meanwhile, and they can be had again', async () => {
  await ok(['bisect', 'start', 'HEAD', ids[0]!], at)
  writeFileSync(path.join(cwd, 'n.txt'), 'mended\n')
  await ok(['commit', '-am', 'Mend it'], at)
  const made = (await json<{ head: string }>(['status'], at)).head
  const reset = await varve(['bisect', 'reset'], at)
  expect([current(), reset.code]).toEqual(['11', 0])
  expect(reset.stderr).toContain('1 commit left behind that no branch has')
  expect(reset.stderr).toContain(`${made.slice(0, 8)} Mend it`)
  expect(reset.stderr).toContain(`varve branch NAME ${made.slice(0, 8)}`)
  await ok(['branch', 'mended', made.slice(0, 8)], at)
  await ok(['bisect', 'start', 'HEAD', ids[0]!], at)
  expect(await json(['bisect', 'reset'], at)).toEqual({ reset: true, left: [] })
})
