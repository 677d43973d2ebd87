// The journal of an upload: a local file that is replaced by renaming and may be lost or damaged at any time: then the
// upload merely begins anew.
import fs from 'node:fs'
import { ioError } from '../../../store/disk/files.ts'

const journalBytesMax = 16 << 10

/** The facts in a journal; null when it is missing or cannot be read. */
export async function readJournal(file: string): Promise<Record<string, unknown> | null> {
  try {
    if ((await fs.promises.stat(file)).size > journalBytesMax) return null
    const facts: unknown = JSON.parse(await fs.promises.readFile(file, 'utf8'))
    return typeof facts === 'object' && facts !== null ? (facts as Record<string, unknown>) : null
  } catch {
    return null
  }
}

export async function writeJournal(file: string, facts: object): Promise<void> {
  const next = `${file}.next`
  try {
    await fs.promises.writeFile(next, `${JSON.stringify(facts)}\n`, { mode: 0o600 })
    await fs.promises.rename(next, file)
  } catch (cause) {
    throw ioError(cause, file)
  }
}

export async function removeJournal(file: string): Promise<void> {
  await fs.promises.rm(file, { force: true })
}
