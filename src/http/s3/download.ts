// Reads a file, or a range of it. A connection that is cut costs what was on its way only: the next attempt asks for
// the rest, and takes it if it is the rest of the same file. Nothing is kept beyond what was asked for.
import { VarveError, corrupt } from '../../base/errors.ts'
import { concatBytes } from '../../base/bytes.ts'
import type { Headers, HttpAnswer } from '../client.ts'
import type { S3Client } from './client.ts'
import { faultOf, isStored, notStored } from './refusals.ts'

export interface ByteRange {
  readonly offset: number
  /** null: to the end, which is `bytesMax` away at most. */
  readonly length: number | null
  readonly bytesMax: number
  /** Memory of `length` bytes to read into. */
  readonly into?: Uint8Array | undefined
}

export interface Download {
  readonly bytes: Uint8Array
  readonly headers: Headers
}

/** null when there is no such file. @throws VARVE_CORRUPT when it is longer than allowed, or shorter than asked for */
export async function download(
  client: S3Client,
  key: string,
  range: ByteRange,
  signal: AbortSignal | undefined,
): Promise<Download | null> {
  const { offset, length, bytesMax } = range
  const state = new Received(range, `'${key}' at '${client.location}'`)
  const answer = await client.send({
    method: 'GET',
    key,
    bytesMax,
    signal,
    headers: () => {
      state.isFresh = true
      const from = offset + state.count
      if (length !== null) return { range: `bytes=${from}-${offset + length - 1}` }
      return from === 0 ? {} : { range: `bytes=${from}-` }
    },
    receive: (part, head) => state.take(part, head),
    expected: [404, 416],
  })
  if (answer.status === 404) {
    const fault = faultOf(answer)
    if (fault.code === 'NoSuchBucket') throw await client.refusal(fault)
    return null
  }
  // For a whole file nothing else tells that it is the store's, and not a login page.
  if (length === null && answer.status === 200 && !isStored(answer)) throw notStored(client.location)
  return { bytes: state.finish(answer.status), headers: answer.headers }
}

class Received {
  /** A new attempt's answer has not been looked at yet. */
  isFresh = true
  count = 0
  #parts: Uint8Array[] = []
  readonly #into: Uint8Array | null
  #etag: string | undefined
  readonly #range: ByteRange
  readonly #what: string

  constructor(range: ByteRange, what: string) {
    this.#range = range
    this.#into = range.length === null ? null : (range.into ?? Buffer.allocUnsafeSlow(range.length))
    this.#what = what
  }

  take(part: Uint8Array, head: Omit<HttpAnswer, 'body'>): void {
    if (this.isFresh) this.#begin(head)
    this.isFresh = false
    const { length, bytesMax } = this.#range
    if (this.count + part.length > (length ?? bytesMax))
      throw corrupt(`${this.#what} is larger than it may be`, { bytesMax })
    // A part's memory is used again.
    if (this.#into === null) this.#parts.push(Uint8Array.from(part))
    else this.#into.set(part, this.count)
    this.count += part.length
  }

  finish(status: number): Uint8Array {
    const { length } = this.#range
    const isWhole = length === null ? status !== 416 : this.count === length
    if (!isWhole) throw corrupt(`${this.#what} is shorter than it should be`, { length, has: this.count })
    if (this.#into !== null) return this.#into
    const [first] = this.#parts
    if (first === undefined || this.#parts.length > 1) return concatBytes(this.#parts)
    return new Uint8Array(first.buffer, first.byteOffset, first.length)
  }

  #begin({ status, headers }: Omit<HttpAnswer, 'body'>): void {
    const { offset, length } = this.#range
    const isSame = this.#etag === undefined || this.#etag === headers['etag']
    this.#etag = headers['etag']
    if (status === 206) {
      const from = /^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1]
      if (isSame && Number(from) === offset + this.count) return
      throw corrupt(`${this.#what} changed while it was read`)
    }
    // All of it again: a store may do that to a whole file, never to a range.
    this.count = 0
    this.#parts = []
    if (length === null || (offset === 0 && Number(headers['content-length']) === length)) return
    throw new VarveError('VARVE_UNREACHABLE', `${this.#what} cannot be read in parts`, {
      hint: 'the store, or something before it, ignores ranges',
    })
  }
}
