// The socket of a connection to the server that reads into one buffer again and again. Without it each piece of a table
// that is copied is a buffer of its own, and tens of megabytes of them stay until they are collected.
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net'
import type { Duplex } from 'node:stream'

/** What a unix socket holds is less. */
const readBytes = 128 << 10

/** Sees bytes only until it returns. */
type Take = (bytes: Uint8Array) => void

export class ReusedBufferSocket extends Socket {
  #take: Take | null = null

  constructor() {
    const memory = new Uint8Array(readBytes)
    const onread: OnReadOpts = {
      buffer: memory,
      callback: (length) => {
        this.#received(memory.subarray(0, length))
        return true
      },
    }
    // Its types know this only of what connects at once.
    super({ onread } as SocketConstructorOpts)
  }

  /** From now on `take` gets the bytes that arrive, instead of the socket's listeners. */
  divert(take: Take | null): void {
    this.#take = take
  }

  #received(bytes: Uint8Array): void {
    if (this.#take !== null) this.#take(bytes)
    // A listener may keep what it gets.
    else this.emit('data', Buffer.from(bytes))
  }
}

/**
 * All that comes goes to `take`. The function that this gives back has the connection's own reader read on, `rest` first:
 * what `take` got and was not meant to have.
 */
export function divert(stream: Duplex, take: Take): (rest: Uint8Array) => void {
  const [own, ...others] = stream.listeners('data')
  if (own === undefined || others.length > 0) throw new Error('the connection is read by another')
  const handler = own as Take
  if (stream instanceof ReusedBufferSocket) stream.divert(take)
  else stream.removeListener('data', handler).on('data', take)
  return (rest) => {
    if (stream instanceof ReusedBufferSocket) stream.divert(null)
    else stream.removeListener('data', take).on('data', handler)
    if (rest.length > 0) handler(Buffer.from(rest))
    // Once the handler has looked at this: it may have paused the stream itself.
    process.nextTick(() => stream.resume())
  }
}
