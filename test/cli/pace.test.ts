import { expect, test } from 'vitest'
import { Pace, durationText } from '../../src/cli/pace.ts'

const at = (done: number, bytes: number, total = 1000, phase = 'fetching') =>
  ({ phase, done, total, unit: 'objects', bytes }) as const

test('nothing is guessed before there is something to guess from', () => {
  const pace = new Pace()
  expect(pace.of(at(0, 0), 0)).toEqual({ bytes: 0, bytesPerSecond: null, secondsLeft: null })
  expect(pace.of(at(500, 5000), 1000)).toEqual({ bytes: 5000, bytesPerSecond: null, secondsLeft: null })
  expect(pace.of(at(800, 8000), 2000)).toEqual({ bytes: 8000, bytesPerSecond: 4000, secondsLeft: 1 })
})

test('the rate is that of the last seconds, and begins anew with each phase', () => {
  const pace = new Pace()
  for (let ms = 0; ms <= 60_000; ms += 250) pace.of(at(ms / 250, ms), ms)
  // Ten times slower from now on.
  let last = pace.of(at(240, 60_000), 60_000)
  expect(last.bytesPerSecond).toBe(1000)
  for (let ms = 60_250; ms <= 75_000; ms += 250) last = pace.of(at(240, 60_000 + (ms - 60_000) / 10), ms)
  expect(last).toMatchObject({ bytesPerSecond: 100, secondsLeft: null })
  expect(pace.of(at(1, 10, 5, 'writing'), 75_250)).toEqual({
    bytes: 10,
    bytesPerSecond: null,
    secondsLeft: null,
  })
})

test('without a total there is no time left, and what counts bytes has a rate', () => {
  const pace = new Pace()
  const reading = (done: number) => ({ phase: 'reading', done, total: 0, unit: 'bytes' }) as const
  pace.of(reading(0), 0)
  expect(pace.of(reading(8000), 4000)).toEqual({ bytes: 8000, bytesPerSecond: 2000, secondsLeft: null })
  const files = { phase: 'adding', done: 3, total: 9, unit: 'files' } as const
  expect(pace.of(files, 5000).bytes).toBeNull()
})

test.each([
  [0, '0 s'],
  [59, '59 s'],
  [60, '1:00 min'],
  [3599, '59:59 min'],
  [3723, '1:02 h'],
])('%i seconds are %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text)
})
