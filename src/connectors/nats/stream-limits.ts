// The longest message that a stream can hold. A stream whose `max_bytes` is less refuses it as if it were only full, or takes
// it and drops it at once, without a word: so each batch asks for the limit of the streams that have answered.
import type { NatsConnection } from '@nats-io/transport-node'

const answerMsMax = 5_000
/** What a stream keeps of a message beside its subject, headers and bytes. */
const overhead = { memory: 16, file: 34 }

export interface StreamLimit {
  readonly maxBytes: number
  /** Beside subject, headers and bytes of a message. */
  readonly overhead: number
}

export class StreamLimits {
  readonly #connection: NatsConnection
  /** A user who may only publish is not told. */
  #areTold = true

  constructor(connection: NatsConnection) {
    this.#connection = connection
  }

  /** null: the stream has no limit, or does not tell it. */
  async of(stream: string): Promise<StreamLimit | null> {
    if (!this.#areTold) return null
    try {
      const answer = await this.#connection.request(`$JS.API.STREAM.INFO.${stream}`, '', {
        timeout: answerMsMax,
      })
      const { max_bytes: maxBytes = -1, storage } = answer.json<Info>().config ?? {}
      return maxBytes > 0 ? { maxBytes, overhead: overhead[storage === 'memory' ? 'memory' : 'file'] } : null
    } catch {
      this.#areTold = false
      return null
    }
  }
}

interface Info {
  readonly config?: { readonly max_bytes?: number; readonly storage?: string }
}
