// A file that a command writes for the user: under a temporary name until all is there, so that a command which fails
// leaves the old file, or none.
import { createWriteStream, statSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { VarveError } from '../base/errors.ts'
import { systemFailure } from '../base/system-error.ts'

/** Returns its length. */
export async function writeFile(file: string, source: AsyncIterable<Uint8Array>): Promise<number> {
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw new VarveError('VARVE_NOT_POSSIBLE', `'${file}' is a folder`, {
      data: { path: file },
      hint: 'name the file that is to be written',
    })
  }
  const temporary = `${file}.${process.pid}.tmp`
  try {
    const stream = createWriteStream(temporary, { flags: 'wx' })
    await pipeline(Readable.from(source), stream)
    await rename(temporary, file)
    return stream.bytesWritten
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw systemFailure(error, `cannot write '${file}'`, file) ?? error
  }
}
