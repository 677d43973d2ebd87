// What makes a folder a linked checkout: the file '.varve/checkout', two lines that name the store's folder and the
// checkout. It may come from anywhere, so it is believed only where that store knows the very folder by that name.
import { Buffer } from 'node:buffer'
import * as fs from 'node:fs'
import path from 'node:path'
import { VarveError, isVarveError } from '../../base/errors.ts'
import { makeDir, openNew, rename, syncDir, syncFile, writeAll } from '../../store/disk/files.ts'
import { isCheckoutName } from '../../repo/worktrees/checkouts.ts'

const fileName = 'checkout'
const bytesMax = 8192

export interface CheckoutLink {
  /** Absolute path of the store's folder. */
  readonly store: string
  readonly name: string
}

/** null: there is none. @throws VarveError VARVE_CORRUPT */
export function readLink(dotDir: string): CheckoutLink | null {
  const file = path.join(dotDir, fileName)
  const stat = fs.lstatSync(file, { throwIfNoEntry: false })
  if (stat === undefined) return null
  if (!stat.isFile() || stat.size > bytesMax) throw unreadable(file)
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  const found = /^store: ([^\u0000-\u001f\u007f]+)\nname: (\S+)\n$/.exec(fs.readFileSync(file, 'utf8'))
  const [store, name] = [found?.[1], found?.[2]]
  if (store === undefined || name === undefined || !path.isAbsolute(store) || !isCheckoutName(name))
    throw unreadable(file)
  return { store, name }
}

/** As readLink, for whoever only asks whether the folder is a checkout. */
export function tryReadLink(dotDir: string): CheckoutLink | null {
  try {
    return readLink(dotDir)
  } catch (error) {
    if (!isVarveError(error, 'VARVE_CORRUPT')) throw error
    return null
  }
}

/** The folder of a checkout's own files. */
export function linkFolder(root: string): string {
  return path.join(root, '.varve')
}

export async function writeLink(dotDir: string, { store, name }: CheckoutLink): Promise<void> {
  const file = path.join(dotDir, fileName)
  const temporary = `${file}.${process.pid}`
  makeDir(dotDir, 0o700)
  fs.rmSync(temporary, { force: true })
  const fd = openNew(temporary)
  try {
    await writeAll(fd, Buffer.from(`store: ${store}\nname: ${name}\n`), 0, temporary)
    await syncFile(fd, temporary)
  } finally {
    fs.closeSync(fd)
  }
  rename(temporary, file)
  await syncDir(dotDir)
}

function unreadable(file: string): VarveError {
  return new VarveError('VARVE_CORRUPT', `'${file}' does not name a checkout`, {
    data: { path: file },
    hint: "write it anew from the main checkout: 'varve worktree repair PATH'",
  })
}
