// What every sink must do, whatever it is made of: told of a branch's rows as they change, it ends with the branch's rows,
// each change told in order and under an id of its own, nothing left out, and nothing told under another id when a round
// was cut short and runs again.
import { afterAll, beforeAll, beforeEach, describe } from 'vitest'
import { changesTests } from './sinks/changes.ts'
import { LinkedReceiver, patience } from './sinks/linked-receiver.ts'
import type { SinkFixture } from './sinks/receiver.ts'
import { stopsTests } from './sinks/stops.ts'

/** `more`: further tests over the same receivers. */
export function sinkContract(
  name: string,
  start: () => Promise<SinkFixture>,
  more: (bench: LinkedReceiver) => void = () => undefined,
): void {
  describe(name, () => {
    const bench = new LinkedReceiver()
    beforeAll(async () => {
      bench.fixture = await start()
    }, patience)
    afterAll(() => bench.fixture.stop())
    beforeEach(() => bench.renew(), patience)
    changesTests(bench)
    stopsTests(bench)
    more(bench)
  })
}
