// The local files that uploads need: stretches of what is sent, and the journal, which is replaced by renaming and may
// be lost or damaged at any time: then an upload merely begins anew.
import fs from 'node:fs'
import { VarveError } from '../../../base/errors.ts'

const journalBytesMax = 16 << 10

/** @throws VARVE_IO when the file has become shorter */
export async function readAt(
  handle: fs.promises.FileHandle,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length;) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done)
    if (bytesRead === 0) throw new VarveError('VARVE_IO', 'a file became shorter while it was sent')
    done += bytesRead
  }
  return bytes
}

/** null when there is none that can be read. */
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
  await fs.promises.writeFile(next, `${JSON.stringify(facts)}\n`, { mode: 0o600 })
  await fs.promises.rename(next, file)
}

export async function removeJournal(file: string): Promise<void> {
  await fs.promises.rm(file, { force: true })
}
