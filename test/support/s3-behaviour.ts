// How a store misbehaves, request by request: what a test's rule says, for a store in memory and for a front before a
// real one alike.
export interface S3Call {
  readonly method: string
  /** Decoded, without the bucket. */
  readonly key: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly bytes: number
  /** How many calls came before. */
  readonly index: number
}

export interface Behaviour {
  /** Headers of the request that the store does not look at. */
  readonly ignore?: readonly string[]
  /** It is not done; this is the answer. */
  readonly refuse?: Refusal
  /** It is done, and then something else is said. */
  readonly say?: Refusal
  /** The connection ends before anything is done, or after it was done without an answer. */
  readonly cut?: 'before' | 'after'
  /** The connection ends after so many bytes of the answer, head included. */
  readonly cutAnswerAt?: number
  /** It is done, and the answer waits. */
  readonly waitMs?: number
}

export interface Refusal {
  readonly status: number
  readonly code?: string
  readonly message?: string
  readonly headers?: Readonly<Record<string, string>>
}

export type Rule = (call: S3Call) => Behaviour | undefined

export function refusalBody(refusal: Refusal): Buffer {
  if (refusal.code === undefined) return Buffer.alloc(0)
  const message = refusal.message ?? 'as the test says'
  return Buffer.from(
    `<?xml version="1.0"?><Error><Code>${refusal.code}</Code><Message>${message}</Message></Error>`,
  )
}
