import { describe, expect, test } from 'vitest'
import { parseArguments } from '../../src/cli/arguments.ts'
import { fixedClock, parseAuthor } from '../../src/cli/identity.ts'
import type { OptionSpecs } from '../../src/cli/interface.ts'
import { nearest } from '../../src/cli/nearest.ts'

const specs: OptionSpecs = {
  message: { type: 'list', short: 'm', about: '' },
  all: { type: 'flag', short: 'a', about: '' },
  amend: { type: 'flag', about: '' },
  staged: { type: 'flag', aliases: ['cached'], about: '' },
  limit: { type: 'text', short: 'n', about: '' },
}

describe('arguments', () => {
  test('short flags stick together and the last one may take a value', () => {
    const given = parseArguments(['-am', 'two words'], specs)
    expect(given.flag('all')).toBe(true)
    expect(given.list('message')).toEqual(['two words'])
  })

  test('a value may begin with a dash', () => {
    expect(parseArguments(['-m', '- one'], specs).list('message')).toEqual(['- one'])
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
    for (const argv of [['-n'], ['--all=yes']]) {
      expect(() => parseArguments(argv, specs)).toThrow(expect.objectContaining({ code: 'VARVE_USAGE' }))
    }
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
