// `clean -i` on a terminal: nothing goes that somebody has not chosen.
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { type Step, hasScript, onTerminal } from './on-terminal.ts'
import { ok, varve } from './varve.ts'

async function folder(): Promise<string> {
  const cwd = temporaryDir()
  await ok(['init'], { cwd })
  for (const name of ['a.txt', 'b.log', 'c.txt']) fs.writeFileSync(path.join(cwd, name), name)
  return cwd
}

const menu = /\[q\]uit: $/
const left = (cwd: string): string[] => fs.readdirSync(cwd).filter((name) => name !== '.varve')

const cases: readonly (readonly [what: string, steps: readonly Step[], left: readonly string[]])[] = [
  ['all', [{ sees: menu, types: 'c\n' }], []],
  ['nothing', [{ sees: menu, types: 'q\n' }], ['a.txt', 'b.log', 'c.txt']],
  ['nothing at the end of the input', [{ sees: menu, types: '\u0004' }], ['a.txt', 'b.log', 'c.txt']],
  [
    'what no pattern keeps',
    [
      { sees: menu, types: 'f\n' },
      { sees: /would: $/, types: '*.txt\n' },
      { sees: /would remove b\.log\r?\n.*\[q\]uit: $/s, types: 'c\n' },
    ],
    ['a.txt', 'c.txt'],
  ],
  [
    'what was agreed to one by one',
    [
      { sees: menu, types: 'what\n' },
      { sees: menu, types: 'a\n' },
      { sees: 'remove a.txt? ', types: 'y\n' },
      { sees: 'remove b.log? ', types: '\n' },
      { sees: 'remove c.txt? ', types: 'yes\n' },
    ],
    ['b.log'],
  ],
  [
    'nothing where somebody changes their mind',
    [
      { sees: menu, types: 'a\n' },
      { sees: 'remove a.txt? ', types: 'y\n' },
      { sees: 'remove b.log? ', types: 'q\n' },
    ],
    ['a.txt', 'b.log', 'c.txt'],
  ],
]

describe.runIf(hasScript)('on a terminal clean -i removes', () => {
  test.each(cases)('%s', async (_, steps, kept) => {
    const cwd = await folder()
    const { code, screen } = await onTerminal(['clean', '-i'], { cwd, steps })
    expect([code, screen.includes('would remove a.txt')]).toEqual([0, true])
    expect(left(cwd)).toEqual(kept)
  })
})

test('without a terminal it is refused, and removes nothing', async () => {
  const cwd = await folder()
  for (const args of [['-i'], ['-i', '--json'], ['-i', '-f'], ['-i', '-n']])
    expect(await varve(['clean', ...args], { cwd })).toMatchObject({ code: 2 })
  expect(left(cwd)).toHaveLength(3)
})
