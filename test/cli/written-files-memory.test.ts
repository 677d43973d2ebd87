// What `varve sync` takes to read and write a file of a million rows: bounded, whatever the file's size.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { ok, varveFile } from './varve.ts'

const hasTime = fs.existsSync('/usr/bin/time')
const withoutTime = hasTime ? '' : ' (skipped: there is no /usr/bin/time)'
const rowCount = 1_000_000
/** 300 MB are promised for databases. Files took 250 to 290, and 440 when a table lay in memory. */
const peakBytesMax = 340e6

test.skipIf(!hasTime)(
  `a million rows go from file to file in bounded memory${withoutTime}`,
  { timeout: 300_000 },
  async () => {
    const cwd = temporaryDir()
    const [from, to] = ['from', 'to'].map((name) => path.join(cwd, name)) as [string, string]
    for (const folder of [from, to]) fs.mkdirSync(folder)
    writeRows(path.join(from, 't.csv'), 'name')
    fs.writeFileSync(path.join(to, 't.csv'), 'id,name,note\n')
    await ok(['init'], { cwd })
    const link = (name: string, folder: string, mode: string): Promise<unknown> => {
      const url = `${pathToFileURL(folder).href.replace('file:', 'folder:')}?settle=0`
      return ok(['link', 'add', name, url, '--mode', mode, '--tables', 't', '--into', 'data'], { cwd })
    }
    await link('in', from, 'capture')
    await link('out', to, 'mirror')
    const peaks = [peakOf(cwd, 'in'), peakOf(cwd, 'out')]
    writeRows(path.join(from, 't.csv'), 'another')
    peaks.push(peakOf(cwd, 'in'), peakOf(cwd, 'out'))
    expect(fs.readFileSync(path.join(to, 't.csv')).equals(fs.readFileSync(path.join(from, 't.csv')))).toBe(
      true,
    )
    expect(Math.max(...peaks)).toBeLessThan(peakBytesMax)
  },
)

/** One row in ten has another name under another `word`. */
function writeRows(file: string, word: string): void {
  const target = fs.openSync(file, 'w')
  fs.writeSync(target, 'id,name,note\n')
  for (let id = 0; id < rowCount; id += 10_000) {
    let text = ''
    for (let i = id; i < id + 10_000; i++)
      text += `${i},${i % 10 === 7 ? word : 'name'} ${Math.imul(i, 0x9e3779b1) >>> 0} of many,${'n'.repeat(i % 60)}\n`
    fs.writeSync(target, text)
  }
  fs.closeSync(target)
}

/** Bytes. */
function peakOf(cwd: string, link: string): number {
  const { PATH } = process.env
  const env = { PATH, HOME: cwd, VARVE_AUTHOR_NAME: 'Ada', VARVE_AUTHOR_EMAIL: 'ada@example.org' }
  const args = ['-f', '%M', process.execPath, varveFile, 'sync', link, '-q']
  const { status, stderr } = spawnSync('/usr/bin/time', args, { cwd, env, encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, expect.stringMatching(/^\d+\n$/)])
  return Number(stderr) * 1024
}
