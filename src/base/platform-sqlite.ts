// SQLite on this platform: compiled to WebAssembly, it reads pages of a file as it needs them. Loaded on use. What is
// opened here is always a scratch copy: the library locks by folders of its own, which must not appear beside users'
// files, and a database in WAL mode cannot be read where it lies.

export type SqliteValue = null | number | bigint | string | Uint8Array

export interface SqliteStatement {
  run(values: readonly SqliteValue[]): void
  /** Rows as they are stepped to; end the loop or exhaust it before the next one. */
  iterate(): IterableIterator<Readonly<Record<string, SqliteValue>>>
  finalize(): void
}

export interface SqliteFile {
  exec(sql: string): void
  all(sql: string): readonly Readonly<Record<string, SqliteValue>>[]
  prepare(sql: string): SqliteStatement
  close(): void
}

interface Library {
  readonly Database: new (
    path: string,
    options: { readOnly?: boolean; fileMustExist?: boolean },
  ) => {
    exec(sql: string): void
    all(sql: string): Record<string, SqliteValue>[]
    prepare(sql: string): {
      run(values: SqliteValue[]): unknown
      iterate(): IterableIterator<Record<string, SqliteValue>>
      finalize(): void
    }
    close(): void
  }
}

export interface SqliteBounds {
  readonly memoryBytesMax: number
  /** Largest file that is written. */
  readonly fileBytesMax: number
}

const pageBytes = 4096
let bounds: SqliteBounds | null = null
const { prototype: memory } = (globalThis as unknown as PlatformMemory).WebAssembly.Memory
const { grow } = memory

interface PlatformMemory {
  readonly WebAssembly: {
    readonly Memory: { readonly prototype: { grow: (this: Memory, pages: number) => number } }
  }
}

interface Memory {
  readonly buffer: ArrayBufferLike
}

/**
 * For all that this process does with SQLite from now on: what needs more fails as on a machine that has no more. The library
 * is built without bounds of its own, so that memory is held where it comes from.
 */
export function boundSqlite(wanted: SqliteBounds): void {
  bounds = wanted
  memory.grow = function (this: Memory, pages: number): number {
    if (this.buffer.byteLength + pages * wasmPageBytes > bounds!.memoryBytesMax)
      throw new RangeError('no more memory is given')
    return grow.call(this, pages)
  }
}

const wasmPageBytes = 65_536

export async function openSqliteFile(path: string, mode: 'read' | 'write'): Promise<SqliteFile> {
  const { default: library } = (await import('node-sqlite3-wasm')) as unknown as { default: Library }
  const database = new library.Database(path, mode === 'read' ? { readOnly: true } : {})
  if (bounds !== null && mode === 'write')
    database.exec(`PRAGMA max_page_count = ${Math.floor(bounds.fileBytesMax / pageBytes)}`)
  return {
    exec: (sql) => database.exec(sql),
    all: (sql) => database.all(sql),
    prepare: (sql) => {
      const statement = database.prepare(sql)
      return {
        run: (values) => void statement.run([...values]),
        iterate: () => statement.iterate(),
        finalize: () => statement.finalize(),
      }
    },
    close: () => database.close(),
  }
}
