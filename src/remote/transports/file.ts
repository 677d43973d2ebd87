// Remotes in the file system: 'file:///srv/data', '/srv/data' or '../data'. A folder with a store in it is a bare
// repository; a folder with `.varve` in it is somebody's working folder, and its store lies in there; a file may be a
// bundle. A folder with anything else in it is never touched.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { VarveError } from '../../base/errors.ts'
import { makeDir } from '../../store/disk/files.ts'
import { DiskStore } from '../../store/disk/store.ts'
import type { Store } from '../../store/interface.ts'
import type { OpenRemoteOptions, Transport } from '../interface.ts'

const metaFolder = '.varve'
const scheme = /^([a-z][a-z0-9+.-]+):\/\//i
/** `user@host:path`, as ssh has it; a drive letter is not a host. */
const scpLike = /^[^/\\:]{2,}:/

export const fileTransport: Transport = {
  name: 'a local directory: a path or file:///PATH',
  accepts: (url) => url.startsWith('file://') || (!scheme.test(url) && !scpLike.test(url)),
  isLocal: (url) => !url.startsWith('file://'),
  open: openFolder,
}

async function openFolder(url: string, options: OpenRemoteOptions): Promise<Store> {
  const folder = folderOf(url, options.base ?? process.cwd())
  for (const dir of [folder, path.join(folder, metaFolder)])
    if (DiskStore.exists(dir)) return DiskStore.open(dir, { upkeep: {} })
  const { BundleStore, isBundle } = await import('./bundle/store.ts')
  if (isBundle(folder)) return BundleStore.open(folder)
  if (options.create !== true) throw noRepository(url, folder)
  if (!DiskStore.isFree(folder)) {
    throw new VarveError('VARVE_REFUSED', `'${url}' holds something else than a repository`, {
      data: { url, path: folder },
      hint: 'name an empty folder, or one that does not exist yet',
    })
  }
  return createBare(folder)
}

function noRepository(url: string, folder: string): VarveError {
  const data = { url, path: folder }
  if (fs.existsSync(folder) && !fs.statSync(folder).isDirectory())
    return new VarveError('VARVE_UNREACHABLE', `'${url}' is a file, and no bundle`, {
      data,
      hint: "name a repository's folder, or a file that 'varve bundle create' made",
    })
  const isGit = ['.git', 'refs'].some((name) => fs.existsSync(path.join(folder, name)))
  return new VarveError('VARVE_UNREACHABLE', `no repository at '${url}'`, {
    data: { ...data, isAbsent: DiskStore.isFree(folder) },
    hint: isGit
      ? `it looks like a Git repository: data beside its history is at 'git+file://${folder}', and 'varve import git' brings in the history itself`
      : "check the path; the first 'varve push' to an empty or missing folder makes a repository there",
  })
}

async function createBare(folder: string): Promise<Store> {
  makeDir(folder)
  try {
    return await DiskStore.create(folder, { upkeep: {} })
  } catch (error) {
    // Two first pushes at once: the other one made it.
    if (DiskStore.exists(folder)) return DiskStore.open(folder, { upkeep: {} })
    throw error
  }
}

function folderOf(url: string, base: string): string {
  if (url.includes('\0')) throw notLocal(url)
  if (!url.startsWith('file://')) return path.resolve(base, url)
  try {
    const folder = fileURLToPath(url)
    if (!folder.includes('\0')) return folder
  } catch (cause) {
    throw notLocal(url, cause)
  }
  throw notLocal(url)
}

function notLocal(url: string, cause?: unknown): VarveError {
  return new VarveError('VARVE_UNREACHABLE', `'${url}' is not the URL of a local file`, {
    cause,
    hint: "write it as 'file:///absolute/path'",
  })
}
