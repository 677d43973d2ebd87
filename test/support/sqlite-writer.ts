// Somebody else who uses an SQLite file: a process of its own, told what to do line by line.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface SqliteWriter {
  /** In one transaction, waiting for locks. */
  run(file: string, statements: readonly string[]): Promise<void>
  /** Values as text; texts and blobs as SQLite's own literals where `quote` asks for it. */
  query(file: string, sql: string): Promise<Record<string, string | null>[]>
  stop(): Promise<void>
  /** As kill -9; what it was doing fails. */
  kill(): Promise<void>
}

interface Answer {
  readonly id: number
  readonly rows?: Record<string, string | null>[]
  readonly error?: string
}

const script = fileURLToPath(new URL('./sqlite-writer-child.mjs', import.meta.url))

export function startSqliteWriter(): SqliteWriter {
  const child: ChildProcess = fork(script, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const waiting = new Map<
    number,
    { resolve: (rows: Answer['rows']) => void; reject: (error: Error) => void }
  >()
  child.on('message', ({ id, rows, error }: Answer) => {
    const { resolve, reject } = waiting.get(id)!
    waiting.delete(id)
    if (error === undefined) resolve(rows)
    else reject(new Error(error))
  })
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the writer was killed'))
    waiting.clear()
  })
  let count = 0
  const ask = (request: object): Promise<Answer['rows']> =>
    new Promise((resolve, reject) => {
      const id = ++count
      waiting.set(id, { resolve, reject })
      child.send({ id, ...request })
    })
  return {
    run: async (file, statements) => void (await ask({ file, statements })),
    query: async (file, sql) => (await ask({ file, sql }))!,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.disconnect()
      await ended
    },
    async kill() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
    },
  }
}
