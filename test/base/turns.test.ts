// How long work shares one thread: whoever has little to do does not wait a turn for each of the others, and what comes from
// outside does not wait for all of them.
import { expect, onTestFinished, test, vi } from 'vitest'
import { yieldIfDue } from '../../src/base/turns.ts'

/** It goes on from test to test, as what it tells is remembered. */
let nowMs = performance.now() + 1000

/** A clock of ours: nothing takes time but what is said to. */
function useClock(): { work: (ms: number) => void } {
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => nowMs)
  onTestFinished(() => clock.mockRestore())
  return { work: (ms) => void (nowMs += ms) }
}

/** Turns of the thread's loop that pass until `jobs` that all have to wait are through, each with this much to do afterwards. */
async function turnsOf(jobs: number, ms: number): Promise<number> {
  const { work } = useClock()
  let turns = 0
  let isDone = false
  const count = (): void => {
    turns++
    if (!isDone) setImmediate(count)
  }
  work(15)
  const all = Array.from({ length: jobs }, async () => {
    await yieldIfDue()
    work(ms)
  })
  setImmediate(count)
  await Promise.all(all)
  isDone = true
  return turns
}

test('a hundred short ones come back in a few turns', async () => {
  expect(await turnsOf(100, 0)).toBeLessThan(5)
})

test('between long ones everybody else has a turn', async () => {
  expect(await turnsOf(10, 12)).toBeGreaterThanOrEqual(9)
})

test('they come back in the order in which they went', async () => {
  useClock().work(15)
  const order: number[] = []
  await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      await yieldIfDue()
      order.push(i)
    }),
  )
  expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i))
})
