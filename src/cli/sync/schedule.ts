// When `varve sync` runs which links again: all of them each time that --every says, one when its hook comes, one that
// failed when it has waited long enough.
import { pause } from '../../base/pause.ts'
import type { Receiver } from '../../connectors/webhook/receiver.ts'
import type { Link } from '../../index.ts'

export interface ScheduleSettings {
  readonly links: readonly Link[]
  /** null: by hooks alone. */
  readonly everyMs: number | null
  readonly receiver: Receiver | null
  readonly signal?: AbortSignal | undefined
}

export class Schedule {
  readonly #settings: ScheduleSettings
  #allAtMs: number

  constructor(settings: ScheduleSettings) {
    this.#settings = settings
    this.#allAtMs = Date.now() + (settings.everyMs ?? Number.POSITIVE_INFINITY)
  }

  /** Waits for the next. `again`: when links that failed may be tried again. */
  async due(again: ReadonlyMap<string, { readonly againMs: number }>): Promise<readonly Link[]> {
    const { links, everyMs, receiver, signal } = this.#settings
    if (receiver === null) {
      await pause(everyMs!, signal)
      return links
    }
    const soonestMs = Math.min(this.#allAtMs, ...[...again.values()].map(({ againMs }) => againMs))
    const called = await receiver.next(
      Number.isFinite(soonestMs) ? Math.max(0, soonestMs - Date.now()) : null,
      signal,
    )
    const isForAll = Date.now() >= this.#allAtMs
    if (isForAll) this.#allAtMs = Date.now() + everyMs!
    return links.filter(({ name }) => isForAll || called.has(name) || again.has(name))
  }
}
