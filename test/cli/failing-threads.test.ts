// Worker threads that cannot start, die or run out of memory amid a command: it ends, says so, leaves nothing half done, and
// the same command ends well afterwards.
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { json, ok, varve } from './varve.ts'

const rowCount = 130_000
const preload = path.join(import.meta.dirname, '../support/failing-threads.cjs')

/** Some nine megabytes: from eight on, files are taken apart by threads. */
const rows = (word: string): string => {
  const line = (_: unknown, i: number): string =>
    `${i},${word} ${(i * 7919) % rowCount},${(i / 7).toFixed(3)},${'x'.repeat(32)},${i % 977}\n`
  return `id,name,n,text,city\n${Array.from({ length: rowCount }, line).join('')}`
}

const line = (_: unknown, i: number): string => `{"id":${i},"text":"${'x'.repeat(60)}"}\n`
const lines = Array.from({ length: rowCount }, line).join('')

let template: string
beforeAll(async () => {
  template = path.join(temporaryDir(), 'repo')
  fs.mkdirSync(template)
  fs.writeFileSync(path.join(template, 'people.csv'), rows('first'))
  fs.writeFileSync(path.join(template, 'new.csv'), rows('new'))
  fs.writeFileSync(path.join(template, 'new.jsonl'), lines)
  await ok(['init', '-q'], { cwd: template })
  await ok(['track', 'people.csv', '--key', 'id'], { cwd: template })
  await ok(['add', 'people.csv', 'varve.yaml'], { cwd: template })
  await ok(['commit', '-qm', 'First'], { cwd: template })
  fs.writeFileSync(path.join(template, 'people.csv'), rows('second'))
})

const commands = [
  ['track', 'new.csv', '--key', 'id'],
  ['track', 'new.jsonl', '--key', 'id'],
  ['add', '.'],
  ['commit', '-am', 'Second'],
  ['stash', 'push'],
  ['gc', '--aggressive'],
  ['import', 'new.csv', '--as', 'more.csv', '--key', 'id', '--branch', 'more', '-m', 'More'],
]
const faults = [
  ['missing', /^a worker thread cannot start: '.*worker\.js' is not whole$/],
  ['killed:1', /^a worker thread ended in the middle of its work: /],
  ['killed:4', /^a worker thread ended in the middle of its work: /],
  ['ends:3', /^a worker thread ended in the middle of its work: it ended with code 0$/],
  ['memory:2', /^a worker thread ran out of memory$/],
] as const

const cases = commands.flatMap((args, i) => {
  const chosen = i === 0 ? faults : [faults[2], faults[4]]
  return chosen.map((fault) => ({ args, fault, verb: args[0], how: fault[0] }))
})

test.each(cases)('amid $verb a thread is $how', async ({ args, fault: [how, message] }) => {
  const cwd = path.join(temporaryDir(), 'repo')
  fs.cpSync(template, cwd, { recursive: true, preserveTimestamps: true })
  const before = await json(['log', '--all'], { cwd })
  const env = { NODE_OPTIONS: `--require ${preload}`, VARVE_TEST_THREADS: how }
  const { code, stderr } = await varve([...args, '--json'], { cwd, env })
  const { error } = JSON.parse(stderr) as { error: { code: string; message: string; hint: string } }
  expect(error.message).toMatch(message)
  expect([code, error.code]).toEqual([52, 'VARVE_IO'])
  expect(error.hint).not.toBe('')
  expect(await json(['log', '--all'], { cwd })).toEqual(before)
  expect(await json(['fsck'], { cwd })).toMatchObject({ problems: [] })
  await ok(args, { cwd })
  expect(await json(['fsck'], { cwd })).toMatchObject({ problems: [] })
})
