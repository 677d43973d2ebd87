import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { commandWord } from '../../src/base/command-word.ts'

test('a shell reads the name that was meant, whatever is in it', () => {
  const names = [
    'b c.csv',
    'q"uo`te',
    '$HOME/x',
    'a;b',
    'back\\slash',
    "it's",
    '*.csv',
    '~',
    '#x',
    'Größe.csv',
  ]
  const line = names.map(commandWord).join(' ')
  expect(
    execFileSync('sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' })
      .trimEnd()
      .split('\n'),
  ).toEqual(names)
})

test('a name is never an option', () => {
  expect(['-x.csv', '--all', '-'].map(commandWord)).toEqual(['./-x.csv', './--all', './-'])
})

test('a plain name stays as it is', () => {
  for (const name of ['people.csv', 'data/2024/prices-1.csv', 'Größe.csv'])
    expect(commandWord(name)).toBe(name)
})
