// One version of an object, told by its tag. It is read in stretches, each under the condition that it still is that
// version: what is replaced meanwhile waits for the next round.
import { throwIfAborted } from '../../base/errors.ts'
import type { S3Client } from '../../http/s3/client.ts'
import type { OpenedFile } from '../files/interface.ts'
import { fileWaits } from '../files/waiting.ts'

/** The first is smaller: often only a header is wanted. */
const firstBytes = 512 << 10
const stretchBytes = 8 << 20

export interface ObjectVersion {
  readonly tag: string
  readonly bytes: number
}

export class OpenedObject implements OpenedFile {
  readonly path: string
  readonly bytesLength: number
  readonly version: string
  readonly isProof = true
  readonly tag: string
  readonly #client: S3Client

  constructor(client: S3Client, path: string, { tag, bytes }: ObjectVersion) {
    this.path = path
    this.bytesLength = bytes
    this.tag = tag
    this.version = `${tag} ${bytes}`
    this.#client = client
  }

  isEmpty(): Promise<boolean> {
    return Promise.resolve(this.bytesLength === 0)
  }

  async *bytes(signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < this.bytesLength;) {
      throwIfAborted(signal)
      const length = Math.min(at === 0 ? firstBytes : stretchBytes, this.bytesLength - at)
      const answer = await this.#client.send({
        method: 'GET',
        key: this.#client.address.prefix + this.path,
        headers: { range: `bytes=${at}-${at + length - 1}`, 'if-match': this.tag },
        partial: true,
        bytesMax: length,
        expected: [404, 412, 416],
        signal,
      })
      if (answer.status >= 400 || answer.body.length !== length)
        throw fileWaits(this.path, 'is being written')
      yield answer.body
      at += length
    }
  }

  /** The store's own ETag, which is another one for other bytes. */
  digest(): Promise<string> {
    return Promise.resolve(this.version)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
