// A digest of a whole SQLite file, which takes a fraction of reading its rows: equal bytes of the database and of its
// write-ahead log are equal tables. It says nothing when somebody has written meanwhile.
//
// A process that closes a file it has opened gives up all its locks on that file (POSIX), those of SQLite too. So a file
// that is read here stays open until the process ends: one handle a database.
import { type Hash, createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import type { SqliteDatabase } from './database.ts'

/** Reading more takes longer than anybody would wait for nothing. */
const bytesMax = 8 * 2 ** 30
const chunkBytes = 1 << 20

const kept = new Map<string, Promise<fs.FileHandle>>()

/** Null when it cannot be computed. The caller checks whether somebody has written meanwhile. */
export async function hashFile(watch: SqliteDatabase): Promise<string | null> {
  const hash = createHash('sha256')
  const main = await keptHandle(watch.path)
  if (!(await add(hash, main))) return null
  const log = await fs.open(`${watch.path}-wal`, 'r').catch(ifMissing)
  try {
    if (log !== null && !(await add(hash, log))) return null
  } finally {
    // SQLite has no locks on this one.
    await log?.close()
  }
  return hash.digest('hex')
}

async function add(hash: Hash, file: fs.FileHandle): Promise<boolean> {
  const { size } = await file.stat()
  if (size > bytesMax) return false
  hash.update(`${size} `)
  const chunk = new Uint8Array(chunkBytes)
  for (let at = 0; at < size;) {
    const { bytesRead } = await file.read(chunk, 0, Math.min(chunkBytes, size - at), at)
    if (bytesRead === 0) return false
    hash.update(chunk.subarray(0, bytesRead))
    at += bytesRead
  }
  return true
}

export type DataVersion = bigint

/** A number that changes whenever another connection commits. */
export function dataVersion(database: SqliteDatabase): DataVersion {
  return database.all('PRAGMA data_version')[0]![0] as bigint
}

/** How often the file was changed, as its header says: in WAL mode it is counted when the log is taken over. */
export async function changeCounter({ path }: SqliteDatabase): Promise<bigint> {
  const bytes = Buffer.alloc(4)
  await (await keptHandle(path)).read(bytes, 0, 4, 24)
  return BigInt(bytes.readUInt32BE())
}

async function keptHandle(path: string): Promise<fs.FileHandle> {
  const { dev, ino } = await fs.stat(path, { bigint: true })
  const name = `${dev}:${ino}`
  const known = kept.get(name) ?? fs.open(path, 'r')
  kept.set(name, known)
  return known
}

function ifMissing(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
  throw error
}
