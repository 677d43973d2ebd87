// Scratch files: bytes on their way into or out of a library that reads anywhere in a file. Each lies in a folder of
// its own that nobody else may read, and is gone when it is closed. A browser build swaps this file for another.
import * as fs from 'node:fs/promises'
import * as os from 'node:os'
import * as path from 'node:path'

const partBytes = 1 << 20

export interface Scratch {
  readonly path: string
  readonly size: number
  read(start: number, length: number): Promise<Uint8Array>
  /** All bytes, as they are now. */
  bytes(): AsyncIterable<Uint8Array>
  /** Removes the file. */
  close(): Promise<void>
}

/** A file with the bytes of `source`, or an empty one to be written by its path. */
export async function scratchFile(
  source: AsyncIterable<Uint8Array> | null,
  signal?: AbortSignal,
): Promise<Scratch> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'varve-'))
  const place = path.join(folder, 'scratch')
  try {
    const handle = await fs.open(place, 'wx+', 0o600)
    let size = 0
    try {
      for await (const part of source ?? []) {
        signal?.throwIfAborted()
        await writeAll(handle, part)
        size += part.length
      }
    } catch (error) {
      await handle.close()
      throw error
    }
    return scratchOf(folder, place, handle, size)
  } catch (error) {
    await fs.rm(folder, { recursive: true, force: true })
    throw error
  }
}

function scratchOf(folder: string, place: string, handle: fs.FileHandle, size: number): Scratch {
  return {
    path: place,
    size,
    read: (start, length) => readFully(handle, start, Math.max(0, Math.min(length, size - start))),
    async *bytes() {
      const { size: now } = await handle.stat()
      for (let at = 0; at < now; at += partBytes) yield readFully(handle, at, Math.min(partBytes, now - at))
    },
    async close() {
      await handle.close()
      await fs.rm(folder, { recursive: true, force: true })
    },
  }
}

async function writeAll(handle: fs.FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at)).bytesWritten
}

async function readFully(handle: fs.FileHandle, start: number, length: number): Promise<Uint8Array> {
  // Not of Buffer's pool: whoever reads may keep views of it.
  const bytes = new Uint8Array(length)
  let got = 0
  while (got < length) {
    const { bytesRead } = await handle.read(bytes, got, length - got, start + got)
    if (bytesRead === 0) break
    got += bytesRead
  }
  return bytes.subarray(0, got)
}
