// Help in lines that fit the terminal: nothing is lost, lists stay lists, and brackets of a usage stay whole.
import { expect, test } from 'vitest'
import { commands } from '../../src/cli/commands.ts'
import { fill, fillParagraphs, fillTerms, fillUsage } from '../../src/cli/help/fill.ts'
import { commandHelp } from '../../src/cli/help/help.ts'

const words = (text: string): string[] => text.match(/\S+/g) ?? []
const plain = (_: unknown, text: string): string => text

test('lines are as wide as there is room, and a word that is wider stands alone', () => {
  expect(fill('one two three', 7)).toEqual(['one two', 'three'])
  expect(fill('  one two three', 7, '    ')).toEqual(['  one', '    two', '    three'])
  expect(fill('a wonderful thing', 5)).toEqual(['a', 'wonderful', 'thing'])
  expect(fill('日本語 日本', 6)).toEqual(['日本語', '日本'])
  expect(fill('', 5)).toEqual([])
})

test('what stands in brackets stays together', () => {
  expect(fillUsage('varve log [-n N] [[--] PATH...]', 14, '  ')).toEqual([
    'varve log',
    '  [-n N]',
    '  [[--] PATH...]',
  ])
})

test('what a term means goes on beneath itself', () => {
  expect(
    fillTerms(
      [
        ['REV', 'one two three'],
        ['A..B', 'four'],
      ],
      17,
    ),
  ).toEqual(['  REV   one two three', '  A..B  four'])
  const long = 'word '.repeat(20).trim()
  expect(fillTerms([['REV', long]], 50)).toEqual([
    `  REV  ${'word '.repeat(8).trim()}`,
    `       ${'word '.repeat(8).trim()}`,
    `       ${'word '.repeat(4).trim()}`,
  ])
})

test('paragraphs are set anew, lists of terms keep their terms', () => {
  expect(fillParagraphs('one\ntwo\nthree\n\n  a  first\n     one\n  b  second\n\nend', 60)).toEqual([
    'one two three',
    '',
    '  a  first one',
    '  b  second',
    '',
    'end',
  ])
})

test.each(commands.map((entry) => [entry.name, entry] as const))(
  'the help of %s fits into 100 columns and says all',
  async (_, entry) => {
    const { command } = await entry.load()
    const lines = commandHelp(entry, command, plain, 400)
    for (const line of lines.slice(0, lines.indexOf('examples'))) {
      const isOneWord = words(line.slice(34)).length <= 1
      if (!isOneWord) expect(line.length, line).toBeLessThanOrEqual(100)
    }
    const text = words(lines.join(' ')).join(' ')
    for (const { about } of Object.values(command.options)) expect(text).toContain(words(about).join(' '))
    for (const word of words(command.description)) expect(text).toContain(word)
    expect(commandHelp(entry, command, plain, 60).every((line) => line === line.trimEnd())).toBe(true)
  },
)
