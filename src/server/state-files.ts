// The server's own state: small files in a folder that nobody else may read, each replaced whole by a durable rename or
// created once and for all. A folder or file that others can read is refused: tokens' digests lie in it.
import fs from 'node:fs'
import path from 'node:path'
import { VarveError } from '../base/errors.ts'
import { randomHex } from '../base/platform.ts'
import { ioError, isMissing, syncDir } from '../store/disk/files.ts'

/** The folder, which is made if missing. @throws VarveError VARVE_REFUSED when others can read it */
export function privateDir(dir: string): string {
  try {
    fs.mkdirSync(dir, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw ioError(cause, dir)
  }
  refuseOpen(dir, fs.statSync(dir))
  return dir
}

/** What a file holds; null when there is none. @throws VarveError VARVE_REFUSED, VARVE_CORRUPT */
export function readState(file: string, bytesMax: number): unknown {
  let fd: number
  try {
    fd = fs.openSync(file, fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0))
  } catch (cause) {
    if (isMissing(cause)) return null
    throw ioError(cause, file)
  }
  try {
    const stat = fs.fstatSync(fd)
    refuseOpen(file, stat)
    if (stat.size > bytesMax) throw damaged(file)
    return JSON.parse(fs.readFileSync(fd, 'utf8')) as unknown
  } catch (cause) {
    throw cause instanceof VarveError ? cause : damaged(file, cause)
  } finally {
    fs.closeSync(fd)
  }
}

/** Writes a file, which is durable when this resolves. */
export async function writeState(file: string, value: unknown): Promise<void> {
  const temporary = `${file}.${randomHex(6)}.tmp`
  try {
    const handle = await fs.promises.open(temporary, 'wx', 0o600)
    try {
      await handle.writeFile(`${JSON.stringify(value)}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await fs.promises.rename(temporary, file)
  } catch (cause) {
    fs.rmSync(temporary, { force: true })
    throw ioError(cause, file)
  }
  await syncDir(path.dirname(file))
}

function refuseOpen(file: string, stat: fs.Stats): void {
  if (process.platform === 'win32' || (stat.mode & 0o077) === 0) return
  throw new VarveError('VARVE_REFUSED', `'${file}' can be read by others`, {
    data: { path: file, mode: (stat.mode & 0o777).toString(8) },
    hint: `run 'chmod ${stat.isDirectory() ? '700' : '600'} ${file}'`,
  })
}

function damaged(file: string, cause?: unknown): VarveError {
  return new VarveError('VARVE_CORRUPT', `'${file}' is damaged`, { data: { path: file }, cause })
}
