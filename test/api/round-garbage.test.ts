import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { type Held, collectingGarbage, garbageWatch } from '../../src/api/links/round-garbage.ts'

const MiB = 1 << 20

/** A process of so many MiB, whose full collection leaves `left` and takes `fullMs`, and whose quick one takes nothing away. */
function processOf(taken: number, left: Held, fullMs = 0) {
  const state = { held: left, ms: 0, young: 0, all: 0 }
  const look = garbageWatch(
    {
      taken: () => taken * MiB,
      held: () => ({ heap: state.held.heap * MiB, outside: state.held.outside * MiB }),
      collect: (what) => {
        state[what]++
        if (what === 'young') return
        state.held = left
        state.ms += fullMs
      },
    },
    () => state.ms,
  )
  return {
    state,
    /** How many full collections there were when it holds this. */
    holding: (heap: number, outside: number): number => {
      state.held = { heap, outside }
      look()
      return state.all
    },
  }
}

test('what has come since the last collection is collected once it is much', () => {
  const { holding } = processOf(250, { heap: 30, outside: 70 })
  expect(holding(45, 100)).toBe(0)
  expect(holding(49, 70)).toBe(1)
  expect(holding(40, 110)).toBe(1)
  expect(holding(40, 125)).toBe(2)
})

test('where it is enough to collect what is young, no more is done', () => {
  const state = { outside: 0, young: 0, all: 0 }
  const look = garbageWatch({
    taken: () => 250 * MiB,
    held: () => ({ heap: 0, outside: state.outside * MiB }),
    collect: (what) => {
      state[what]++
      state.outside = 0
    },
  })
  state.outside = 100
  look()
  expect(state).toMatchObject({ young: 1, all: 0 })
})

test('collections take a tenth of the time at most', () => {
  const { holding, state } = processOf(250, { heap: 30, outside: 70 }, 80)
  for (; state.ms < 8_000; state.ms += 10) holding(60, 70)
  expect([state.all, state.young]).toEqual([10, 10])
})

test('a program with a large heap of its own waits for as much garbage as half of it', () => {
  const { holding } = processOf(2_000, { heap: 1_000, outside: 0 })
  expect(holding(1_490, 400)).toBe(0)
  expect(holding(1_510, 0)).toBe(1)
  expect(holding(1_000, 510)).toBe(2)
})

test('what V8 has collected by itself is what counts from then on', () => {
  const { holding } = processOf(250, { heap: 60, outside: 0 })
  expect(holding(30, 0)).toBe(0)
  expect(holding(56, 0)).toBe(1)
})

test('a small process is left alone', () => {
  const { holding, state } = processOf(150, { heap: 10, outside: 0 })
  expect(holding(100, 100)).toBe(0)
  expect(state.young).toBe(0)
})

test('a round collects garbage in its thread, gives its result or failure, and leaves no option of V8 behind', async () => {
  const isCollected = async (): Promise<boolean> => {
    const garbage = new WeakRef(Array.from({ length: 40 }, () => new Uint8Array(8 * MiB).fill(1)))
    for (let looks = 0; looks < 40; looks++) {
      await new Promise((done) => setTimeout(done, 50))
      if (garbage.deref() === undefined) return true
    }
    return false
  }
  expect(await collectingGarbage(isCollected)).toBe(true)
  expect(runInNewContext('typeof gc')).toBe('undefined')
  await expect(collectingGarbage(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
})
