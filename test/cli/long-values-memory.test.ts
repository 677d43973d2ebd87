// What a file of values of 15 MiB takes to be tracked, and to be read and written by links: a few of them are held at a time,
// whatever their number.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { ok, varveFile } from './varve.ts'

const hasTime = fs.existsSync('/usr/bin/time')
const withoutTime = hasTime ? '' : ' (skipped: there is no /usr/bin/time)'
const values = 8
const pattern = 'abcdefghijklmno.'
/** 200 to 275 MB were seen; with chunks of a value in memory that is not used again, 430 to 580. */
const peakBytesMax = 300e6

test.skipIf(!hasTime)(
  `of a file's values of 15 MiB a few are held at a time${withoutTime}`,
  { timeout: 300_000 },
  async () => {
    const cwd = temporaryDir()
    const [from, to] = ['from', 'to'].map((name) => path.join(cwd, name)) as [string, string]
    for (const folder of [from, to]) fs.mkdirSync(folder)
    writeValues(path.join(from, 't.csv'))
    fs.copyFileSync(path.join(from, 't.csv'), path.join(cwd, 't.csv'))
    fs.writeFileSync(path.join(to, 't.csv'), 'id,body\n')
    await ok(['init'], { cwd })
    for (const [name, folder, mode] of [
      ['in', from, 'capture'],
      ['out', to, 'mirror'],
    ] as const) {
      const url = `${pathToFileURL(folder).href.replace('file:', 'folder:')}?settle=0`
      await ok(['link', 'add', name, url, '--mode', mode, '--tables', 't', '--into', 'data'], { cwd })
    }
    const peaks = [
      peakOf(cwd, ['track', 't.csv', '--key', 'id']),
      peakOf(cwd, ['sync', 'in', '-q']),
      peakOf(cwd, ['sync', 'out', '-q']),
    ]
    expect(fs.readFileSync(path.join(to, 't.csv')).equals(fs.readFileSync(path.join(from, 't.csv')))).toBe(
      true,
    )
    expect(Math.max(...peaks)).toBeLessThan(peakBytesMax)
  },
)

/** No two values are the same. */
function writeValues(file: string): void {
  const target = fs.openSync(file, 'w')
  fs.writeSync(target, 'id,body\n')
  for (let id = 11; id < 11 + values; id++)
    fs.writeSync(target, `${id},${`${pattern}${id + 1000} `.repeat((15 << 20) / (pattern.length + 5))}\n`)
  fs.closeSync(target)
}

/** Bytes. */
function peakOf(cwd: string, command: readonly string[]): number {
  const { PATH } = process.env
  const env = { PATH, HOME: cwd, VARVE_AUTHOR_NAME: 'Ada', VARVE_AUTHOR_EMAIL: 'ada@example.org' }
  const args = ['-f', '%M', process.execPath, varveFile, ...command]
  const { status, stderr } = spawnSync('/usr/bin/time', args, { cwd, env, encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, expect.stringMatching(/^\d+\n$/)])
  return Number(stderr) * 1024
}
