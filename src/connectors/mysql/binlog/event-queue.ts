// The events of a stream, one after the other: those of a compressed transaction each by itself.
import { throwIfAborted } from '../../../base/errors.ts'
import { withEndpointErrors } from '../failure.ts'
import { type EventBytes, readHeader } from './events.ts'
import { payloadType, unpackPayload } from './payload.ts'
import type { BinlogStream } from './stream.ts'

export class EventQueue {
  readonly #stream: BinlogStream
  readonly #location: string
  /** Of a compressed transaction that is being read. */
  #unpacked: EventBytes[] = []

  constructor(stream: BinlogStream, location: string) {
    this.#stream = stream
    this.#location = location
  }

  /** Waits for the next one. @throws VarveError VARVE_UNREACHABLE, VARVE_CORRUPT */
  async next(signal?: AbortSignal): Promise<EventBytes> {
    for (;;) {
      const next = this.#unpacked.shift() ?? this.#stream.take()
      if (next !== null && readHeader(next.bytes).type !== payloadType) return next
      if (next?.isCut === true) return next
      if (next !== null) {
        this.#unpacked = await unpackPayload(next)
        continue
      }
      await this.more(signal)
      throwIfAborted(signal)
    }
  }

  /** The next one, which stays; null when none is there. */
  peek(): EventBytes | null {
    return this.#unpacked[0] ?? this.#stream.peek()
  }

  /** Resolves when one is there, and when `signal` aborts. */
  more(signal?: AbortSignal): Promise<void> {
    return withEndpointErrors(this.#location, () => this.#stream.more(signal))
  }

  close(): void {
    this.#stream.close()
  }
}
