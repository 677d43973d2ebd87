// When a single round tells V8 to collect sooner. What it asks of V8 cannot be read back, so the call is watched.
import { setFlagsFromString } from 'node:v8'
import { beforeEach, expect, test, vi } from 'vitest'
import { collectingInLargeRounds } from '../../src/cli/sync/large-round.ts'

vi.mock('node:v8', { spy: true })

beforeEach(() => void vi.mocked(setFlagsFromString).mockClear())

const told = (phase: string, done: number) => ({ phase, done, total: 0, unit: 'rows' as const })

test.each(['reading the log', 'reading people'])('%s, many rows: collected sooner, said once', (phase) => {
  const seen: number[] = []
  const onProgress = collectingInLargeRounds(({ done }) => seen.push(done))
  onProgress(told(phase, 20_000))
  expect(setFlagsFromString).not.toHaveBeenCalled()
  onProgress(told(phase, 20_001))
  onProgress(told(phase, 500_000))
  expect(setFlagsFromString).toHaveBeenCalledTimes(1)
  expect(seen).toEqual([20_000, 20_001, 500_000])
})

test('rows that are delivered leave V8 its habits', () => {
  collectingInLargeRounds(undefined)(told('delivering to hook', 500_000))
  expect(setFlagsFromString).not.toHaveBeenCalled()
})
