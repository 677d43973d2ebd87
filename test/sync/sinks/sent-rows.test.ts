// How far a delivery has got is noted so seldom that the notes leave room for what else `undo` can take back.
import { expect, test } from 'vitest'
import { DataRepository } from '../../../src/api/data-repository.ts'
import type { KeyedMessage } from '../../../src/sync/deliver/batch-sender.ts'
import { SentRows } from '../../../src/sync/deliver/sent-rows.ts'

test('a delivery of ten million rows leaves some hundred notes', async () => {
  await using repository = DataRepository.over()
  const { repo } = repository
  const recorded = { done: null, toward: null }
  const sent = new SentRows({ repo, link: 'shop', delivery: 'one', recorded, from: null })
  const batch = Array.from({ length: 1000 }, (_, i) => ({ id: `id ${i}` })) as KeyedMessage[]
  const before = (await repo.store.manifest()).sequence
  for (let rows = 0; rows < 10_000_000; rows += batch.length) {
    sent.add(batch)
    await sent.note()
  }
  const notes = (await repo.store.manifest()).sequence - before
  expect(notes).toBeGreaterThan(16)
  expect(notes).toBeLessThan(120)
})
