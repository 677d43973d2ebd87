// Steps over very many objects let the event loop run in between, so that Ctrl-C is heard in the middle of them.
import { expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { type Cid, cidOf } from '../../src/encoding/cid.ts'
import { planGc } from '../../src/store/disk/gc-plan.ts'
import { wholePacksOf } from '../../src/store/disk/whole-pack.ts'
import { entryBytes } from '../../src/store/segment.ts'

const count = 200_000

/** Names that look like objects' and are as many as are wanted. */
const prefix = cidOf('raw', new Uint8Array()).slice(0, 8)
const names = Array.from({ length: count }, (_, i) => `${prefix}${i.toString(16).padStart(64, '0')}` as Cid)

async function endOf(work: (signal: AbortSignal) => Promise<unknown>): Promise<string> {
  const controller = new AbortController()
  setImmediate(() => controller.abort())
  try {
    await work(controller.signal)
    return 'done'
  } catch (error) {
    return isVarveError(error) ? error.code : String(error)
  }
}

test('a gc that plans what to keep', async () => {
  const run = { entries: new Uint8Array(count * entryBytes), packs: [{ name: 'a', bytes: 1 }] }
  const plan = (signal?: AbortSignal): Promise<{ total: number }> => planGc([run], new Set(names), { signal })
  expect(await endOf(plan)).toBe('VARVE_ABORTED')
  expect((await plan()).total).toBe(count)
})

test('a push that looks for packs to send whole', async () => {
  let asked = 0
  const look = async (signal: AbortSignal): Promise<void> => {
    const packs = wholePacksOf(names, () => (asked++, null), { signal })
    for await (const _ of packs);
  }
  expect(await endOf(look)).toBe('VARVE_ABORTED')
  expect(asked).toBeLessThan(count)
})
