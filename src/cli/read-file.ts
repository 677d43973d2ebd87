// A file that the user names, as it is read: opened when somebody asks for its first bytes, closed when they have enough.
import { createReadStream, statSync } from 'node:fs'
import { VarveError } from '../base/errors.ts'

/** @throws VarveError VARVE_PATH_NOT_FOUND */
export function requireFile(file: string): void {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) throw notFound(file)
}

/** @throws VarveError VARVE_PATH_NOT_FOUND */
export async function* fileBytes(file: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 })) yield chunk as Uint8Array
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw notFound(file, error)
  }
}

function notFound(file: string, cause?: unknown): VarveError {
  return new VarveError('VARVE_PATH_NOT_FOUND', `no such file: '${file}'`, {
    data: { path: file },
    cause,
    hint: 'a path counts from the folder that you are in; look for the file there',
  })
}
