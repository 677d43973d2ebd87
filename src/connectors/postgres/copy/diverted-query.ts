// A query whose answer the driver does not read: from when it is asked, the connection's bytes come to whoever asked, until
// they are handed back to the driver's own reader.
import type { Connection } from 'pg'
import type { Duplex } from 'node:stream'
import { divert } from './reused-buffer-socket.ts'

export class DivertedQuery {
  #stream: Duplex | null = null
  /** Has the connection's own reader read on. */
  #handBack: ((rest: Uint8Array) => void) | null = null

  /** Sends the query; what the server says comes to `take`. */
  begin(connection: Connection, sql: string, take: (bytes: Uint8Array) => void): void {
    const stream = connection.stream as Duplex
    this.#stream = stream
    this.#handBack = divert(stream, take)
    ;(connection as unknown as { query: (sql: string) => void }).query(sql)
  }

  pause(): void {
    this.#stream?.pause()
  }

  resume(): void {
    this.#stream?.resume()
  }

  get isPaused(): boolean {
    return this.#stream?.isPaused() === true
  }

  write(bytes: Uint8Array): void {
    this.#stream!.write(bytes)
  }

  /** `rest`: bytes that came and were not for whoever asked. The second time it does nothing. */
  handBack(rest: Uint8Array): void {
    const handBack = this.#handBack
    this.#handBack = null
    handBack?.(rest)
  }
}
