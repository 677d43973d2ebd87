// Rounds that are cut short, stopped or called off: each change is told in the end, under one id, and what a guard has stopped is
// told by nobody.
import { expect, test } from 'vitest'
import { isVarveError } from '../../base/errors.ts'
import type { Sink } from '../../connectors/sink.ts'
import { createContext } from '../../repo/context.ts'
import type { Receipt } from '../../sync/interface.ts'
import { discardPending } from '../../sync/pending/discard.ts'
import { type LinkedReceiver, author, dying, patience, watched } from './linked-receiver.ts'

export function stopsTests(bench: LinkedReceiver): void {
  const { sync, edit, rowsThere, rowsHere, count, resetTo } = bench

  test(
    'killed after it was told and before that was noted: told again under the same ids',
    async () => {
      const killed = (sink: Sink): Sink => dying(sink, 'after')
      await expect(sync({}, { wrap: killed })).rejects.toThrow('killed')
      const first = await bench.receiver.messages?.()
      const receipt = await sync()
      expect(receipt.notes.join()).toMatch(bench.receiver.messages === undefined ? /^$/ : /cut short/)
      expect(await rowsThere()).toEqual(await rowsHere())
      if (first !== undefined) {
        const all = await bench.receiver.messages!()
        const repeats = all.slice(first.length)
        // What was confirmed by then is not told again, unless it is the last batch.
        expect(repeats).toEqual(bench.receiver.leavesOutRepeats === true ? [] : first.slice(-1))
        expect(new Set(all.map(({ id }) => id)).size).toBe(4)
      }
      const told = await count()
      await sync()
      expect(await count()).toBe(told)
    },
    patience,
  )

  test(
    'cut short, and the branch is set back meanwhile: it still ends with the rows of the branch',
    async () => {
      await sync()
      const { commit } = await bench.repository.at('main')
      await edit((tx) => {
        tx.table('people').put({ id: 1, name: 'only for a moment', age: 1 })
        tx.table('sales/orders').put({ no: 2, who: 1 })
      })
      await expect(sync({}, { wrap: (sink) => dying(sink, 'middle') })).rejects.toThrow('killed')
      await resetTo(commit)
      await sync()
      expect(await rowsThere()).toEqual(await rowsHere())
      expect((await rowsThere())['people/1']).toMatchObject({ name: 'Grace' })
    },
    patience,
  )

  test(
    'rows that vanish in masses wait to be approved, and other tables go on',
    async () => {
      await sync()
      const [told, before] = [await count(), await rowsThere()]
      await edit((tx) => {
        tx.remove('people')
        tx.table('sales/orders').put({ no: 2, who: 1 })
      })
      const stopped = await sync()
      expect(stopped.heldBack).toMatchObject([
        { path: 'people', reason: 'guard', message: "all 3 rows of 'people' are gone from the branch" },
      ])
      const waiting = { ...before, 'sales/orders/2': { no: '2', who: '1' } }
      expect(await rowsThere()).toEqual(waiting)
      // The same stop is the same commit, and tells nothing.
      expect((await sync()).pending).toBe(stopped.pending)
      if (bench.receiver.messages !== undefined) expect(await count()).toBe(told + 1)
      const approved = await sync({ approve: stopped.pending! })
      expect([approved.pending, approved.heldBack]).toEqual([null, []])
      expect(await rowsThere()).toEqual(await rowsHere())
      expect((await bench.store.manifest()).refs.has('refs/links/shop/pending')).toBe(false)
    },
    patience,
  )

  test(
    'what was let through is that and no more; discarded, the rows come back into the branch',
    async () => {
      await sync()
      await edit((tx) => tx.remove('people'))
      const { pending } = await sync()
      await edit((tx) => tx.remove('sales/orders'))
      const more = await sync({ approve: pending! })
      expect(more.heldBack.map(({ path, reason }) => [path, reason])).toEqual([['sales/orders', 'guard']])
      expect(Object.keys(await rowsThere())).toEqual(['sales/orders/1'])
      await discardPending(createContext(bench.store, { author }), null, bench.link)
      expect(Object.keys(await rowsHere())).toEqual(['sales/orders/1'])
      const quiet = await sync()
      expect([quiet.pending, quiet.heldBack]).toEqual([null, []])
      expect(await rowsThere()).toEqual(await rowsHere())
    },
    patience,
  )

  test(
    'another receiver under the same link waits to be approved, and is then told everything',
    async () => {
      await sync()
      const old = bench.receiver
      bench.receiver = await bench.fixture.receiver()
      expect(bench.receiver.url).not.toBe(old.url)
      bench.link = { ...bench.link, endpoint: bench.receiver.url }
      const stopped = await sync()
      expect(stopped.heldBack.map(({ message }) => message)).toEqual(
        Array(2).fill("the endpoint of 'shop' is another one than before"),
      )
      expect(await rowsThere()).toEqual({})
      await sync({ approve: stopped.pending! })
      expect(await rowsThere()).toEqual(await rowsHere())
      expect((await sync()).pending).toBeNull()
    },
    patience,
  )

  test(
    'of two workers at once one stops, and nothing is lost',
    async () => {
      let other: Promise<Receipt> | null = null
      const racing = (sink: Sink): Sink =>
        watched(sink, async () => {
          other ??= sync()
          await other
        })
      const code = await sync({}, { wrap: racing }).then(
        () => 'no error',
        (error: unknown) => (isVarveError(error) ? error.code : String(error)),
      )
      expect(code).toBe('VARVE_NOT_POSSIBLE')
      await sync()
      expect(await rowsThere()).toEqual(await rowsHere())
    },
    patience,
  )

  test(
    'a round that is called off tells no more, and the next one goes on',
    async () => {
      const stop = new AbortController()
      const stopping = (sink: Sink): Sink => watched(sink, () => stop.abort())
      await expect(sync({ signal: stop.signal }, { wrap: stopping })).rejects.toMatchObject({
        code: 'VARVE_ABORTED',
      })
      await sync()
      expect(await rowsThere()).toEqual(await rowsHere())
    },
    patience,
  )

  test(
    'a row that is refused waits alone, and is told when it has changed',
    async ({ skip }) => {
      if (bench.receiver.refuse === undefined) return skip()
      bench.receiver.refuse(({ after }) => after?.['name'] === 'Grace')
      const { heldBack } = await sync()
      expect(heldBack.map(({ path, key, reason }) => [path, key, reason])).toEqual([
        ['people', '1', 'rejected'],
      ])
      const { 'people/1': refused, ...others } = await rowsHere()
      expect(refused).toMatchObject({ name: 'Grace' })
      expect(await rowsThere()).toEqual(others)
      await edit((tx) => tx.table('people').put({ id: 1, name: 'Grace H.', age: 31 }))
      expect((await sync()).heldBack).toEqual([])
      expect(await rowsThere()).toEqual(await rowsHere())
    },
    patience,
  )

  test(
    'where nobody answers, that is said and nothing is noted',
    async () => {
      bench.receiver = {
        ...bench.receiver,
        environment: { ...bench.receiver.environment, ...bench.fixture.environment },
      }
      await expect(sync({}, { link: { endpoint: bench.fixture.nowhere } })).rejects.toMatchObject({
        code: 'VARVE_UNREACHABLE',
      })
      expect((await bench.store.manifest()).refs.has('refs/links/shop/written')).toBe(false)
    },
    patience,
  )
}
