// One request and its answer over undici's lowest interface, where parts of a body are seen in the memory into which the
// socket was read (sockets.ts): whoever wants them copies them at once. Streams between would make fresh memory for every
// 64 KiB, and collecting that took longer than hashing what is in it.
import type { Dispatcher } from 'undici'

export interface Exchange {
  readonly request: Dispatcher.DispatchOptions
  readonly signal: AbortSignal | undefined
  /** What comes of the body; whatever it throws ends the exchange. Called once the answer's head is here. */
  readonly begin: (head: AnswerHead) => BodyTaker
}

export interface AnswerHead {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

/** Gets a part that is its own only for the length of the call; 'enough' ends the exchange without an error. */
export type BodyTaker = (part: Uint8Array) => 'enough' | undefined

/** Resolves with the answer's head when its body has been taken. @throws what undici and `begin` throw */
export function exchange(dispatcher: Dispatcher, { request, signal, begin }: Exchange): Promise<AnswerHead> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | null = null
    let head: AnswerHead | null = null
    let take: BodyTaker | null = null
    let isOver = false
    const forget = signal === undefined ? null : onAbort(signal, () => end(abortionOf(signal)))
    const end = (error: Error | null): void => {
      if (isOver) return
      isOver = true
      forget?.()
      if (error === null) return resolve(head!)
      controller?.abort(error)
      reject(error)
    }
    const enough = (): void => {
      end(null)
      controller?.abort(new Error('the rest of the answer is not wanted'))
    }
    dispatcher.dispatch(request, {
      onRequestStart: (started) => {
        controller = started
        if (isOver) started.abort(new Error('nobody waits for the answer any more'))
      },
      onResponseStart: (_, status, headers) => {
        // 1xx: the answer itself is still to come.
        if (status < 200 || isOver) return
        head = { status, headers: flat(headers) }
        take = begin(head)
      },
      onResponseData: (_, part) => {
        if (!isOver && take?.(part) === 'enough') enough()
      },
      onResponseEnd: () => end(null),
      onResponseError: (_, error) => end(error),
    })
  })
}

/** One listener a signal, however many requests are under way: Node takes more than ten for a leak, and says so. */
const listeners = new WeakMap<AbortSignal, Set<() => void>>()

function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const known = listeners.get(signal)
  const all = known ?? new Set()
  all.add(listener)
  if (known === undefined) {
    listeners.set(signal, all)
    signal.addEventListener('abort', () => all.forEach((one) => one()), { once: true })
  }
  return () => void all.delete(listener)
}

function abortionOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason })
}

function flat(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const texts: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) texts[name] = typeof value === 'string' ? value : value.join(', ')
  return texts
}
