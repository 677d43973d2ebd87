// How far the reading of a large file is, for whoever waits for it.
import { fileBytesWorthThreads } from '../../formats/slice-jobs.ts'
import type { OnProgress } from '../patience.ts'
import type { OpenedFile } from './interface.ts'
import { UnpackedFile } from './unpacked-file.ts'

/** All bytes of the file, counted. Of a small one nothing is told. */
export function countedBytes(
  file: OpenedFile,
  onProgress: OnProgress | undefined,
): AsyncIterable<Uint8Array> {
  if (file instanceof UnpackedFile) return file.unpacked(countedBytes(file.packed, onProgress))
  const { path, bytesLength: total } = file
  if (onProgress === undefined || total < fileBytesWorthThreads) return file.bytes()
  return counted(file.bytes(), (done) => onProgress({ phase: `reading ${path}`, done, total, unit: 'bytes' }))
}

async function* counted(
  parts: AsyncIterable<Uint8Array>,
  tell: (done: number) => void,
): AsyncGenerator<Uint8Array> {
  let done = 0
  for await (const part of parts) {
    yield part
    done += part.length
    tell(done)
  }
}
