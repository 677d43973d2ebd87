// A local file that is sent to a remote, in stretches. A pack of the local store goes under a name of its own, and so
// with other bytes at its two ends than it has here (store/disk/check-pack.ts).
import fs from 'node:fs'
import { VarveError } from '../../../base/errors.ts'
import type { PackEnds } from '../../../store/interface.ts'

export type FileEnds = Pick<PackEnds, 'head' | 'end'>

export class UploadFile {
  readonly size: number
  readonly #handle: fs.promises.FileHandle
  readonly #ends: FileEnds | null

  private constructor(handle: fs.promises.FileHandle, size: number, ends: FileEnds | null) {
    this.#handle = handle
    this.size = size
    this.#ends = ends
  }

  static async open(file: string, ends: FileEnds | null = null): Promise<UploadFile> {
    const handle = await fs.promises.open(file, 'r')
    return new UploadFile(handle, (await handle.stat()).size, ends)
  }

  /** Into `memory`, where that is used for one stretch after the other. @throws VARVE_IO when the file has become shorter */
  async read(at: number, length: number, memory?: Uint8Array): Promise<Uint8Array> {
    const bytes = memory?.subarray(0, length) ?? Buffer.allocUnsafeSlow(length)
    for (let done = 0; done < length;) {
      const { bytesRead } = await this.#handle.read(bytes, done, length - done, at + done)
      if (bytesRead === 0)
        throw new VarveError('VARVE_IO', 'a file became shorter while it was sent', {
          hint: 'nothing was moved at the remote; push again',
        })
      done += bytesRead
    }
    if (this.#ends !== null) {
      overlay(bytes, at, this.#ends.head, 0)
      overlay(bytes, at, this.#ends.end, this.size - this.#ends.end.length)
    }
    return bytes
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/** Lays what stands at `partAt` of the file over a stretch that begins at `at`, as far as the two meet. */
function overlay(bytes: Uint8Array, at: number, part: Uint8Array, partAt: number): void {
  const from = Math.max(at, partAt)
  const to = Math.min(at + bytes.length, partAt + part.length)
  if (from < to) bytes.set(part.subarray(from - partAt, to - partAt), from - at)
}
