import { expect, test } from 'vitest'
import { SliceMemory } from '../../src/base/slice-memory.ts'

const sliceBytes = 1000

test('memory that was released is used again for what it has room for', () => {
  const memory = new SliceMemory(sliceBytes)
  const small = memory.take(10)
  const large = memory.take(2500)
  expect([small.length, large.length]).toEqual([1000, 3000])
  memory.release(small.subarray(0, 10))
  memory.release(large.subarray(0, 2500))
  expect(memory.take(1000).buffer).toBe(small.buffer)
  expect(memory.take(3001).buffer === large.buffer).toBe(false)
  expect(memory.take(1001).buffer).toBe(large.buffer)
  // Nobody has it twice.
  expect(memory.take(1001).buffer === large.buffer).toBe(false)
})

test('of what is longer than a slice no more than 64 MiB is kept', () => {
  const memory = new SliceMemory(sliceBytes)
  const taken = Array.from({ length: 4 }, () => memory.take(20 << 20))
  for (const one of taken) memory.release(one)
  const again = Array.from({ length: 4 }, () => memory.take(20 << 20).buffer)
  expect(taken.filter(({ buffer }) => again.includes(buffer))).toHaveLength(3)
})
