// A cache file that one process uses at a time: a process takes it by renaming it to a name of its own, and gives it
// back by renaming it again. There is no lock and no waiting: a process that comes meanwhile begins with an empty file,
// and what a killed process had taken is removed by a later one.
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs/promises'
import * as os from 'node:os'
import * as path from 'node:path'

const takenMsMax = 24 * 3_600_000

export interface KeptFile {
  readonly path: string
  /** There was none, or another process has it: it is empty. */
  readonly isNew: boolean
  giveBack(): Promise<void>
  drop(): Promise<void>
}

/** With `folder` null, the file is a temporary one, for this use only. */
export async function takeKeptFile(folder: string | null, name: string): Promise<KeptFile> {
  if (folder === null) {
    const own = await fs.mkdtemp(path.join(os.tmpdir(), 'varve-'))
    const drop = (): Promise<void> => fs.rm(own, { recursive: true, force: true })
    return { path: path.join(own, name), isNew: true, giveBack: drop, drop }
  }
  await fs.mkdir(folder, { recursive: true })
  await removeLeftovers(folder, name)
  const kept = path.join(folder, name)
  const taken = `${kept}.${process.pid}-${randomBytes(6).toString('hex')}`
  const isNew = await fs.rename(kept, taken).then(
    () => false,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return true
      throw error
    },
  )
  return {
    path: taken,
    isNew,
    giveBack: async () => {
      await flush(taken)
      await fs.rename(taken, kept)
    },
    drop: () => removeWith(taken),
  }
}

async function flush(file: string): Promise<void> {
  const handle = await fs.open(file, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** With what a library has left beside it, under names that begin with its own. */
async function removeWith(file: string): Promise<void> {
  const folder = path.dirname(file)
  for (const entry of await fs.readdir(folder))
    if (entry.startsWith(path.basename(file)))
      await fs.rm(path.join(folder, entry), { recursive: true, force: true })
}

async function removeLeftovers(folder: string, name: string): Promise<void> {
  for (const entry of await fs.readdir(folder)) {
    if (!entry.startsWith(`${name}.`)) continue
    const file = path.join(folder, entry)
    const found = await fs.stat(file).catch(() => null)
    if (found !== null && Date.now() - found.mtimeMs > takenMsMax)
      await fs.rm(file, { recursive: true, force: true })
  }
}
