// A file that a command writes for the user: under a temporary name until all is there and on the disk, so that a command
// which fails, and a power cut, leave the old file, or none.
import { createWriteStream, statSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { refuseInStore } from '../api/place.ts'
import { VarveError } from '../base/errors.ts'
import { systemFailure } from '../base/system-error.ts'
import { temporaryName } from '../store/disk/temporary-name.ts'

/** Returns its length. @throws VarveError VARVE_NOT_POSSIBLE for a folder, and in what a repository keeps; VARVE_IO */
export async function writeFile(file: string, source: AsyncIterable<Uint8Array>): Promise<number> {
  refuseInStore(file)
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw new VarveError('VARVE_NOT_POSSIBLE', `'${file}' is a folder`, {
      data: { path: file },
      hint: 'name the file that is to be written',
    })
  }
  const temporary = temporaryName(file)
  try {
    const stream = createWriteStream(temporary, { flags: 'wx' })
    await pipeline(Readable.from(source), stream)
    await flush(temporary)
    await rename(temporary, file)
    if (process.platform !== 'win32') await flush(path.dirname(path.resolve(file)))
    return stream.bytesWritten
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw systemFailure(error, `cannot write '${file}'`, file) ?? error
  }
}

async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
