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

export async function openSqliteFile(path: string, mode: 'read' | 'write'): Promise<SqliteFile> {
  const { default: library } = (await import('node-sqlite3-wasm')) as unknown as { default: Library }
  const database = new library.Database(path, mode === 'read' ? { readOnly: true } : {})
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
