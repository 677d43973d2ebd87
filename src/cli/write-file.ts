// A file that a command writes for the user: under a temporary name until all is there and on the disk, so that a command
// which fails, and a power cut, leave the old file, or none.
import { statSync } from 'node:fs'
import { open, rename, rm, writeFile as writeAll } from 'node:fs/promises'
import path from 'node:path'
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
    const length = await writeNew(temporary, source)
    await rename(temporary, file)
    if (process.platform !== 'win32') await flushFolder(path.dirname(path.resolve(file)))
    return length
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw systemFailure(error, `cannot write '${file}'`, file) ?? error
  }
}

/** The file is there before its source is asked: a stream that opens it by itself may do so after the source failed. */
async function writeNew(file: string, source: AsyncIterable<Uint8Array>): Promise<number> {
  const handle = await open(file, 'wx')
  try {
    await writeAll(handle, source)
    await handle.sync()
    return (await handle.stat()).size
  } finally {
    await handle.close()
  }
}

async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
