import { expect, test } from 'vitest'
import { type Cid, cidOf } from '../../src/encoding/cid.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { ObjectQueue } from '../../src/store/object-queue.ts'

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((text) => cidOf('raw', utf8(text))) as [Cid, Cid, Cid, Cid]

test('each object is visited once, however many links lead to it', () => {
  const links = new Map([
    [a, [b, c]],
    [b, [c, d, a]],
    [c, [d]],
  ])
  const queue = new ObjectQueue([a, a])
  const visited: Cid[] = []
  for (const batch of queue.batches(1))
    for (const cid of batch) {
      visited.push(cid)
      for (const link of links.get(cid) ?? []) queue.add(link)
    }
  expect(visited.toSorted()).toEqual([a, b, c, d].toSorted())
  expect(queue.done).toBe(4)
})

test('what is known and what is done are counted while the walk goes on', () => {
  const queue = new ObjectQueue([a, b, c])
  const counts: [number, number][] = []
  for (const batch of queue.batches(2)) {
    if (batch.includes(c)) queue.add(d)
    counts.push([queue.done, queue.total])
  }
  expect(counts).toEqual([
    [2, 4],
    [4, 4],
  ])
})

test('an object that is added again is visited again, and counted once', () => {
  const queue = new ObjectQueue([a])
  expect([...queue.batches()]).toEqual([[a]])
  queue.add(a)
  expect([...queue.batches()]).toEqual([])
  queue.addAgain([a])
  expect([...queue.batches()]).toEqual([[a]])
  expect([queue.done, queue.total]).toEqual([1, 1])
})
