// The server's messages out of the bytes of a connection. A message comes in packets of up to 16 MiB less one byte, each
// behind four bytes: its length and its number; one that is not full is the last. The driver's own reader holds each
// message whole, several times over: here its bytes are handed on as they come, and nothing is held.
const headBytes = 4
const fullBytes = 0xffffff

export interface MessageSink {
  /** Some of a message, in order: views. */
  add(bytes: Buffer): void
  /** It is over. `sequence`: the number of its last packet. */
  end(sequence: number): void
}

export class PacketReader {
  readonly #sink: MessageSink
  readonly #head: Buffer = Buffer.alloc(headBytes)
  #headLength = 0
  /** Of the packet in hand. */
  #left = 0
  #isLast = true

  constructor(sink: MessageSink) {
    this.#sink = sink
  }

  /** What comes next. */
  execute(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#headLength < headBytes) {
        at += this.#addHead(chunk, at)
        if (this.#headLength < headBytes) return
      }
      const part = chunk.subarray(at, at + this.#left)
      if (part.length > 0) this.#sink.add(part)
      at += part.length
      this.#left -= part.length
      if (this.#left > 0) return
      this.#headLength = 0
      if (this.#isLast) this.#sink.end(this.#head[3]!)
    }
  }

  #addHead(chunk: Buffer, at: number): number {
    const count = chunk.copy(this.#head, this.#headLength, at, at + headBytes - this.#headLength)
    this.#headLength += count
    this.#left = this.#head.readUIntLE(0, 3)
    this.#isLast = this.#left < fullBytes
    return count
  }
}
