// When a single round tells V8 to collect sooner. What it asks of V8 cannot be read back, so the call is watched.
import { setFlagsFromString } from 'node:v8'
import { expect, test, vi } from 'vitest'
import { collectingInLargeRounds } from '../../src/cli/sync/large-round.ts'

vi.mock('node:v8', { spy: true })

test('a round that takes much memory collects sooner, and says so once', () => {
  let mebibytes = 150
  const seen: number[] = []
  const onProgress = collectingInLargeRounds(
    ({ done }) => seen.push(done),
    () => mebibytes << 20,
  )
  const told = (done: number) => onProgress({ phase: 'reading people', done, total: 0, unit: 'rows' })
  told(1)
  expect(setFlagsFromString).not.toHaveBeenCalled()
  mebibytes = 171
  told(2)
  told(3)
  expect(setFlagsFromString).toHaveBeenCalledTimes(1)
  expect(seen).toEqual([1, 2, 3])
})
