import { describe, expect, test } from 'vitest'
import { countLeading, parseArguments } from '../../src/cli/parse-arguments.ts'
import { fixedClock, parseAuthor } from '../../src/cli/identity.ts'
import type { OptionSpecs } from '../../src/cli/interface.ts'
import { nearest } from '../../src/base/nearest.ts'

const specs: OptionSpecs = {
  message: { type: 'list', short: 'm', about: '' },
  all: { type: 'flag', short: 'a', about: '' },
  amend: { type: 'flag', about: '' },
  'no-commit': { type: 'flag', about: '' },
  staged: { type: 'flag', aliases: ['cached'], about: '' },
  limit: { type: 'text', short: 'n', about: '' },
  lease: { type: 'optional', short: 'l', about: '' },
}

describe('arguments', () => {
  test('short flags stick together and the last one may take a value', () => {
    const given = parseArguments(['-am', 'two words'], specs)
    expect(given.flag('all')).toBe(true)
    expect(given.list('message')).toEqual(['two words'])
  })

  test('a value that may be left out stands in the same word', () => {
    const given = parseArguments(['--lease', 'origin', '--lease=main:', '-l7', '-al', '1'], specs)
    expect(given.optional('lease')).toEqual(['', 'main:', '7', ''])
    expect(given.words).toEqual(['origin', '1'])
    expect(parseArguments(['x'], specs).optional('lease')).toBeUndefined()
  })

  test('a value may begin with a dash', () => {
    expect(parseArguments(['-m', '- one'], specs).list('message')).toEqual(['- one'])
  })

  test('a value may stick to its letter, even after flags', () => {
    const given = parseArguments(['-amfix', '-n7', '-m=x'], specs)
    expect(given.flag('all')).toBe(true)
    expect(given.list('message')).toEqual(['fix', '=x'])
    expect(given.number('limit')).toBe(7)
  })

  test("what looks like a number, a truth or nothing stays the text it is, and '--' can be a value", () => {
    const given = parseArguments(
      ['--all', 'true', '0x10', '1e3', '', '--message=', '-m', '--', '-m-5'],
      specs,
    )
    expect(given.words).toEqual(['true', '0x10', '1e3', ''])
    expect(given.list('message')).toEqual(['', '--', '-5'])
  })

  test('of a text given twice the last counts, of a list all', () => {
    const given = parseArguments(['--limit=1', '-n', '2', '-m', 'a', '--message', 'b'], specs)
    expect(given.text('limit')).toBe('2')
    expect(given.list('message')).toEqual(['a', 'b'])
  })

  test("a flag may be called 'no-', and makes no negation of others", () => {
    expect(parseArguments(['--no-commit'], specs).flag('no-commit')).toBe(true)
    expect(() => parseArguments(['--no-all'], specs)).toThrow("unknown option '--no-all'")
  })

  test('names that mean something to the parser or to JavaScript are unknown options', () => {
    for (const word of [
      '--_',
      '--$0=x',
      '--constructor',
      '--__proto__=x',
      '--get-yargs-completions',
      '---',
      '--a',
    ]) {
      expect(() => parseArguments([word], specs)).toThrow(`unknown option '${word.split('=')[0]}'`)
    }
    for (const word of ['-5', '-.5', '-a5', '-x'])
      expect(() => parseArguments([word], specs)).toThrow('unknown')
  })

  test('options before the command end where their values end', () => {
    for (const [words, count] of [
      [['log'], 0],
      [['-a', 'log', '-a'], 1],
      [['--limit', '5', 'log'], 2],
      [['--limit=5', 'log'], 1],
      [['-n', '5', '-a', 'log'], 3],
      [['-an', '5', 'log'], 2],
      [['-an5', 'log'], 1],
      [['--cached', '--lease', 'log'], 2],
      [['--unknown', 'log'], 1],
      [['-', 'log'], 1],
      [['--limit'], 1],
    ] as const)
      expect([words, countLeading(words, specs)]).toEqual([words, count])
  })

  test('an alias is the option itself', () => {
    expect(parseArguments(['--cached'], specs).flag('staged')).toBe(true)
  })

  test("words after '--' are never options, and their place is known", () => {
    const given = parseArguments(['A', '--', '--amend', '-5'], specs, { numberOption: 'limit' })
    expect(given.words).toEqual(['A', '--amend', '-5'])
    expect(given.wordsBeforeDashes).toBe(1)
    expect(given.flag('amend')).toBe(false)
  })

  test("'-5' is the number option", () => {
    expect(parseArguments(['-5'], specs, { numberOption: 'limit' }).number('limit')).toBe(5)
  })

  test('an unknown option names the nearest one', () => {
    expect(() => parseArguments(['--ammend'], specs)).toThrow(
      expect.objectContaining({ code: 'VARVE_USAGE', hint: "did you mean '--amend'?" }),
    )
  })

  test('a missing value, a value for a flag and a number that is none are usage errors', () => {
    expect(() => parseArguments(['-n'], specs)).toThrow("option '-n' needs a value")
    expect(() => parseArguments(['--message'], specs)).toThrow("option '--message' needs a value")
    expect(() => parseArguments(['--all=yes'], specs)).toThrow(
      expect.objectContaining({ code: 'VARVE_USAGE', message: "option '--all' takes no value" }),
    )
    expect(() => parseArguments(['-n', 'many'], specs).number('limit')).toThrow(
      "needs a whole number, not 'many'",
    )
  })
})

describe('names', () => {
  test('the nearest name is found over typos, swaps included, and not over nonsense', () => {
    const verbs = ['status', 'commit', 'merge', 'rm']
    expect(nearest('stauts', verbs)).toBe('status')
    expect(nearest('comit', verbs)).toBe('commit')
    expect(nearest('frobnicate', verbs)).toBe(null)
  })
})

describe('identity', () => {
  test("an author is 'Name <email>'", () => {
    expect(parseAuthor('Ada Lovelace <ada@example.org>')).toEqual({
      name: 'Ada Lovelace',
      email: 'ada@example.org',
    })
    expect(() => parseAuthor('Ada')).toThrow("author 'Ada' is not of the form 'Name <email>'")
  })

  test('dates are ISO 8601 or seconds, with their zone', () => {
    expect(fixedClock('1795424400 +0100')()).toEqual({ timeMs: 1795424400000, zoneMinutes: 60 })
    expect(fixedClock('1795424400')()).toEqual({ timeMs: 1795424400000, zoneMinutes: 0 })
    expect(fixedClock('2026-11-23T10:00:00+01:00')()).toEqual({ timeMs: 1795424400000, zoneMinutes: 60 })
    expect(fixedClock('2026-11-23T04:30:00-0430')()).toEqual({ timeMs: 1795424400000, zoneMinutes: -270 })
    expect(fixedClock('2026-11-23T09:00Z')()).toEqual({ timeMs: 1795424400000, zoneMinutes: 0 })
    for (const text of ['yesterday', '2026-13-01', '2026-11-23T10:00:00+1']) {
      expect(() => fixedClock(text)).toThrow(`date '${text}' is not understood`)
    }
  })
})
