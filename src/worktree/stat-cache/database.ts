// The LevelDB under the stat cache: opening it, or finding that it cannot be had, and reading and writing it in large
// batches. Nothing but LevelDB opens the file LOCK in its folder: closing that would drop the lock of the whole process.
import * as fs from 'node:fs'
import type { Level } from 'level'
import { equalBytes, utf8 } from '../../base/bytes.ts'

/** LevelDB hands out values in batches of 16 KiB otherwise, each with a wait. */
const batchBytes = 1 << 20
const batchRecords = 1000

const versionKey = utf8('v')
const version = Uint8Array.of(3)

export type Database = Level<Uint8Array, Uint8Array>
export type Operation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array }

/** null when another process has it, or no database can be made here. A damaged one is thrown away. */
export async function openDatabase(folder: string): Promise<Database | null> {
  const location = `${folder}/stat`
  const [{ Level }, { dropDamagedTables }] = await Promise.all([
    import('level'),
    import('./leveldb-tables.ts'),
  ])
  for (let attempt = 0; attempt < 2; attempt++) {
    const database: Database = new Level(location, {
      keyEncoding: 'view',
      valueEncoding: 'view',
      compression: false,
    })
    try {
      fs.mkdirSync(folder, { recursive: true })
      dropDamagedTables(location)
      await database.open()
      await startAnew(database)
      return database
    } catch (error) {
      if (isLocked(error)) return null
      try {
        await database.close().catch(() => undefined)
        fs.rmSync(location, { recursive: true, force: true })
      } catch {
        return null
      }
    }
  }
  return null
}

/** Clears a database that another version of this format has left. */
async function startAnew(database: Database): Promise<void> {
  const stored = await database.get(versionKey)
  if (stored !== undefined && equalBytes(stored, version)) return
  await clearDatabase(database)
}

export async function clearDatabase(database: Database): Promise<void> {
  await database.clear()
  await database.put(versionKey, version)
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && (error.cause as { code?: string } | undefined)?.code === 'LEVEL_LOCKED'
}

/** All records whose key begins with that letter. */
export async function* recordsOf(database: Database, kind: string): AsyncGenerator<[Uint8Array, Uint8Array]> {
  const after = utf8(String.fromCharCode(kind.charCodeAt(0) + 1))
  const options = { gte: utf8(kind), lt: after, highWaterMarkBytes: batchBytes }
  const iterator = database.iterator(options)
  try {
    for (;;) {
      const records = await iterator.nextv(batchRecords)
      if (records.length === 0) return
      yield* records
    }
  } finally {
    await iterator.close()
  }
}

/** Writes to the database. When that fails, on a full disk for example, the files will just be read again. */
export async function written(database: Database, operations: Operation[]): Promise<void> {
  if (operations.length > 0) await database.batch(operations).catch(() => undefined)
}
