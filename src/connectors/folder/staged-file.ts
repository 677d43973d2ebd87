// The next state of a file, written beside it under a hidden name and flushed, until it replaces the file. A worker
// that takes over removes what others have staged: from then on they cannot put anything in place.
import * as fs from 'node:fs/promises'
import * as path from 'node:path'
import { VarveError } from '../../base/errors.ts'
import { randomHex } from '../../base/platform.ts'
import type { StagedFile } from '../files/interface.ts'
import { flushFolder, removeQuietly, fileIdentity } from './native.ts'
import { OpenedFolderFile } from './opened-file.ts'

export const hiddenPrefix = '.varve-'
const leftoverMsMax = 24 * 3_600_000

export interface Target {
  readonly root: string
  /** In the root, with slashes. */
  readonly path: string
  /** null: there is to be no such file. */
  readonly over: OpenedFolderFile | null
  /** Told what now stands there, as `fileIdentity` says it. */
  readonly onPut: (written: string) => void
}

export async function stageFile(
  target: Target,
  bytes: AsyncIterable<Uint8Array>,
  owner: string,
): Promise<StagedFile> {
  const { over } = target
  const place = path.join(target.root, target.path)
  const staged = path.join(path.dirname(place), `${hiddenPrefix}${owner}-${randomHex(8)}.tmp`)
  // If a file may have changed without a trace, only its bytes tell.
  const digest = over === null || over.isProof ? null : await over.digest()
  let written: string
  try {
    written = await writeNew(staged, bytes, over)
  } catch (error) {
    await removeQuietly(staged)
    throw ioFault(target, error)
  }
  return {
    isCurrent: () => isCurrent(place, target, digest),
    put: async () => {
      await put(staged, place, target)
      target.onPut(written)
    },
    drop: () => removeQuietly(staged),
  }
}

/** Removes all temporary files of this owner, and all others that were left behind long ago. */
export async function clearLeftovers(folder: string, owner: string): Promise<void> {
  for (const name of await fs.readdir(folder).catch(() => [])) {
    if (!name.startsWith(hiddenPrefix) || !name.endsWith('.tmp')) continue
    const place = path.join(folder, name)
    const isOwn = name.startsWith(`${hiddenPrefix}${owner}-`)
    if (isOwn || (await ageMs(place)) > leftoverMsMax) await removeQuietly(place)
  }
}

function ageMs(place: string): Promise<number> {
  return fs.lstat(place).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  )
}

async function writeNew(
  staged: string,
  bytes: AsyncIterable<Uint8Array>,
  over: OpenedFolderFile | null,
): Promise<string> {
  const handle = await fs.open(staged, 'wx', 0o666)
  try {
    for await (const part of bytes) await handle.writeFile(part)
    if (over !== null) {
      await handle.chmod(Number(over.stat.mode) & 0o777)
      // Whoever may not give a file away keeps it.
      await handle.chown(Number(over.stat.uid), Number(over.stat.gid)).catch(() => undefined)
    }
    await handle.sync()
    return fileIdentity(await handle.stat({ bigint: true }))
  } finally {
    await handle.close()
  }
}

async function isCurrent(
  place: string,
  { path: name, over }: Target,
  digest: string | null,
): Promise<boolean> {
  if (over === null) return !(await isThere(place))
  let now: OpenedFolderFile
  try {
    now = await OpenedFolderFile.open(place, name, 0)
  } catch {
    return false
  }
  try {
    if (now.version !== over.version) return false
    return digest === null || (await now.digest()) === digest
  } catch {
    return false
  } finally {
    await now.close()
  }
}

function isThere(place: string): Promise<boolean> {
  return fs.lstat(place).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )
}

async function put(staged: string, place: string, target: Target): Promise<void> {
  const { path: name, over } = target
  try {
    if (over === null) await linkNew(staged, place)
    else await fs.rename(staged, place)
    await flushFolder(path.dirname(place))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EEXIST' && code !== 'ENOENT') throw ioFault(target, error)
    const what = code === 'EEXIST' ? 'somebody else has made it' : 'another worker has taken over'
    throw new VarveError('VARVE_NOT_POSSIBLE', `'${name}' could not be written: ${what}`, {
      cause: error,
      data: { path: name, passing: true },
      hint: 'run it again',
    })
  }
}

/** Nothing that has come there meanwhile is replaced, where the file system has links. */
async function linkNew(staged: string, place: string): Promise<void> {
  try {
    await fs.link(staged, place)
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error
    return fs.rename(staged, place)
  }
  await removeQuietly(staged)
}

export function ioFault({ root, path: name }: Pick<Target, 'root' | 'path'>, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof VarveError || typeof code !== 'string' || !/^E[A-Z]+$/.test(code)) return error
  if (code === 'ENOSPC' || code === 'EDQUOT') return noSpace(`folder://${root}`, name, error)
  const known = code === 'EACCES' || code === 'EPERM' || code === 'EROFS' ? 'VARVE_REFUSED' : 'VARVE_IO'
  // Without the names of what is made for the moment: of the same fault the same is said.
  return new VarveError(known, `cannot write '${name}': ${message.replace(/, .*$/s, '')}`, {
    cause: error,
    data: { path: name, code },
    hint: known === 'VARVE_REFUSED' ? 'the user needs to write the folder' : 'nothing was written there',
  })
}

/** Where files of the round were put before, the next round finds them there. */
function noSpace(location: string, name: string, cause: unknown): VarveError {
  const { code } = cause as NodeJS.ErrnoException
  return new VarveError('VARVE_DISK_FULL', `no space left at '${location}' to write '${name}'`, {
    cause,
    data: { path: name, code, endpoint: location, atEndpoint: true },
    hint: 'free some space there, or raise the quota, and run it again: each file there is whole',
  })
}
