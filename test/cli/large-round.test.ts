// When a single round asks for old objects to be collected sooner. What V8 is told cannot be read back, so the asking
// is counted.
import { expect, test } from 'vitest'
import { collectingInLargeRounds } from '../../src/cli/sync/large-round.ts'

test('a round that takes much memory collects sooner, and says so once', () => {
  let mebibytes = 150
  let asked = 0
  let ms = 0
  const seen: number[] = []
  const onProgress = collectingInLargeRounds(({ done }) => seen.push(done), {
    memory: () => mebibytes << 20,
    collectSooner: () => {
      asked += 1
    },
    now: () => (ms += 20),
  })
  const told = (done: number) => onProgress({ phase: 'reading people', done, total: 0, unit: 'rows' })
  told(1)
  expect(asked).toBe(0)
  mebibytes = 171
  told(2)
  told(3)
  expect(asked).toBe(1)
  expect(seen).toEqual([1, 2, 3])
})

test('a write may take more before it does', () => {
  let mebibytes = 220
  let asked = 0
  let ms = 0
  const onProgress = collectingInLargeRounds(undefined, {
    memory: () => mebibytes << 20,
    collectSooner: () => {
      asked += 1
    },
    now: () => (ms += 20),
  })
  onProgress({ phase: 'writing people', done: 1, total: 2, unit: 'rows' })
  expect(asked).toBe(0)
  mebibytes = 231
  onProgress({ phase: 'writing people', done: 2, total: 2, unit: 'rows' })
  expect(asked).toBe(1)
})

test('the system is not asked at each of many small steps', () => {
  let ms = 0
  let looks = 0
  const onProgress = collectingInLargeRounds(undefined, {
    memory: () => (looks += 1),
    collectSooner: () => undefined,
    now: () => ms,
  })
  for (let done = 1; done <= 100; done++) {
    onProgress({ phase: 'writing people', done, total: 100, unit: 'rows' })
    ms += 1
  }
  expect(looks).toBe(5)
})
