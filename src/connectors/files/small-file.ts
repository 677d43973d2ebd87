// Files that are small enough to be taken into memory as they are opened: of tens of thousands of them, several at a time.
import type { OpenedFile } from './interface.ts'

/** Most of a small file's time is waiting for the system. */
export const filesAtOnce = 8
export const smallBytesMax: number = 64 << 10

/** All bytes; null for a file that is not small. @throws as `bytes` does */
export async function smallBytes(file: OpenedFile, signal?: AbortSignal): Promise<Uint8Array | null> {
  if (file.bytesLength > smallBytesMax) return null
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of file.bytes(signal)) {
    length += part.length
    // What is compressed is larger than its file.
    if (length > smallBytesMax) return null
    // Views, each good until the next is asked for.
    parts.push(part.slice())
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}
