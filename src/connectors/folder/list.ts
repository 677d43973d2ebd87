// The files of a folder and of the folders in it that say by their names that they hold tables. What a name stands for is
// looked at by itself: a link, a pipe or a device is no file, and says so.
import { type Dirent } from 'node:fs'
import * as fs from 'node:fs/promises'
import * as path from 'node:path'
import { VarveError } from '../../base/errors.ts'
import { isUtf8 } from '../../base/bytes.ts'
import { isTableFile } from '../files/file-name.ts'
import type { ListedFile } from '../files/interface.ts'
import { type PassedOverFiles, tooDeep } from '../files/passed-over.ts'

const filesMax = 100_000

/** `passedOver` gets the others. */
export async function listFiles(root: string, passedOver: PassedOverFiles): Promise<readonly ListedFile[]> {
  const files: ListedFile[] = []
  for (const entry of await entriesOf(root)) {
    const name = nameOf(entry)
    if (name === null) continue
    if (isTableFile(name)) files.push(listed(name, entry))
    else if (entry.isDirectory() && !name.startsWith('.'))
      files.push(...(await innerFiles(path.join(root, name), name, passedOver)))
    else passedOver.add(name, name)
    if (files.length > filesMax) throw tooMany(root)
  }
  return files
}

async function innerFiles(folder: string, name: string, passedOver: PassedOverFiles): Promise<ListedFile[]> {
  const files: ListedFile[] = []
  try {
    for (const entry of await entriesOf(folder)) {
      const inner = nameOf(entry)
      if (inner === null) files.push({ path: `${name}/?.csv`, trouble: 'has a name that is not UTF-8' })
      else if (isTableFile(inner)) files.push(listed(`${name}/${inner}`, entry))
      else if (!entry.isDirectory()) passedOver.add(`${name}/${inner}`, inner)
      else if (!inner.startsWith('.')) passedOver.addFor(tooDeep, `${name}/${inner}/`)
    }
    return files
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    return [{ path: `${name}/?.csv`, trouble: `cannot be looked for (${code ?? 'error'})` }]
  }
}

function listed(place: string, entry: Dirent<Buffer>): ListedFile {
  if (entry.isFile()) return { path: place }
  return { path: place, trouble: entry.isSymbolicLink() ? 'is a symbolic link' : 'is not a file' }
}

function entriesOf(folder: string): Promise<Dirent<Buffer>[]> {
  return fs.readdir(folder, { withFileTypes: true, encoding: 'buffer' })
}

/** The name as text; null when no table could be called so. */
function nameOf({ name }: Dirent<Buffer>): string | null {
  return isUtf8(name) ? name.toString('utf8') : null
}

function tooMany(root: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `'${root}' has more than ${filesMax} files of tables`, {
    data: { filesMax },
    hint: 'use a folder of its own for each link',
  })
}
