// `--date=format:…`: every part, at the edges of years, weeks and halves of days, held against Git.
import { beforeEach, expect, test } from 'vitest'
import { strftime } from '../../src/cli/format/strftime.ts'
import { isVarveError } from '../../src/base/errors.ts'
import { besideGit } from '../support/beside-git.ts'

let date = ''
const { begin, git, varve } = besideGit(() => ({
  GIT_AUTHOR_DATE: date,
  GIT_COMMITTER_DATE: date,
  LC_ALL: 'C',
}))

beforeEach(begin)

test('each part is what Git makes of it', async () => {
  const moments: [string, string, number][] = [
    ['1970-01-01T00:00:00Z', '+0000', 0],
    ['1999-12-31T23:59:59Z', '+0000', 0],
    ['2000-01-01T00:30:00Z', '+0000', 0],
    ['2005-01-02T12:00:00Z', '+0530', 330],
    ['2008-12-29T11:59:59Z', '-0800', -480],
    ['2009-12-31T23:00:00Z', '+0100', 60],
    ['2012-02-29T13:05:09Z', '-0330', -210],
    ['2016-12-31T00:00:01Z', '+1400', 840],
    ['2021-01-03T06:07:08Z', '+0000', 0],
    ['2026-11-28T20:59:00Z', '+0200', 120],
  ]
  const format = 'aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ%'
    .split('')
    .map((name) => `%${name}`)
    .join('|')
  const ours: string[] = []
  for (const [time, zone, zoneMinutes] of moments) {
    const timeMs = Date.parse(time)
    date = `@${timeMs / 1000} ${zone}`
    git('commit', '-q', '--allow-empty', '-m', time)
    ours.unshift(`${strftime(format)({ timeMs, zoneMinutes })}-end`)
  }
  const theirs = git('log', `--date=format:${format}`, '--format=%ad-end')
  expect(ours).toEqual(theirs.split(/(?<=-end)\n/).filter((text) => text !== ''))
})

test('what is no part is refused, by name', async () => {
  for (const [format, fault] of [
    ['%Q', "'%Q'"],
    ['100%', "'%'"],
    ['%EY', "'%E'"],
  ] as const)
    try {
      strftime(format)
      expect.unreachable()
    } catch (error) {
      expect([isVarveError(error, 'VARVE_USAGE'), String(error)]).toEqual([
        true,
        expect.stringContaining(fault),
      ])
    }
  expect(await varve('log', '--date=format:%Q')).toMatchObject({ code: 2 })
})
