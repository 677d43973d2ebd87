// Two pipes as one connection, as far as an HTTP client or server needs a socket: what comes in can be read, what is
// written goes out with back-pressure, and when either pipe breaks or ends the connection does.
import { Duplex, type Readable, type Writable } from 'node:stream'

export class PipeConnection extends Duplex {
  readonly #input: Readable
  readonly #output: Writable
  readonly #release: () => void

  /** `release` is called once, when the connection ends. */
  constructor(input: Readable, output: Writable, release: () => void = () => {}) {
    super({ allowHalfOpen: false })
    this.#input = input
    this.#output = output
    this.#release = release
    input.on('data', (part: Buffer) => {
      if (!this.push(part)) input.pause()
    })
    input.once('end', () => this.push(null))
    input.once('close', () => this.push(null))
    input.once('error', (error) => this.destroy(error))
    output.once('error', (error) => this.destroy(error))
    // A write that was under way is never answered.
    output.once('close', () => {
      if (!output.writableFinished) this.destroy()
    })
    input.pause()
  }

  override _read(): void {
    this.#input.resume()
  }

  override _write(part: Uint8Array, _: string, done: (error?: Error | null) => void): void {
    this.#output.write(part, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#output.writableEnded || this.#output.destroyed) done()
    else this.#output.end(done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#input.destroy()
    this.#output.destroy()
    this.#release()
    done(error)
  }

  // What callers of sockets expect, and pipes have no use for.

  setTimeout(): this {
    return this
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}
