// A query from its text to its rows: a folder and a process for it, the answer's head, its parts as they are asked for,
// and the end of all of it, whatever happens: the client goes, the time is over, memory or disk are used up.
import { OwnThread } from '../../base/own-thread.ts'
import { ProcessEnd } from '../../base/platform-process.ts'
import { VarveError } from '../../base/errors.ts'
import { HttpError } from '../answers.ts'
import type { Limits } from '../interface.ts'
import type { ServedRepository } from '../repositories.ts'
import { closeAnswer, nextPart, openAnswer } from './answer.ts'
import type { AskedProcess, SqlFault, SqlFormat, SqlHead } from './interface.ts'
import { RunFolders } from './run-folders.ts'

const sqlLengthMax = 64 << 10
const script = 'sql-process.js'
/** What Node and our code take before there is anything to do. */
const baseBytes = 160 << 20

export interface AskedSql {
  readonly sql: string
  readonly revision: string
  readonly format: SqlFormat
  readonly signal: AbortSignal
}

export interface SqlAnswer extends AsyncDisposable {
  readonly head: SqlHead
  /** Once. Ends early, with an error, where the answer is larger than is given. */
  parts(): AsyncGenerator<Uint8Array>
}

export class Queries {
  readonly #folders: RunFolders
  readonly #limits: Limits

  constructor(stateDir: string, limits: Limits) {
    this.#folders = new RunFolders(stateDir, limits.queryCacheBytesMax)
    this.#limits = limits
  }

  sweep(nowMs: number): void {
    this.#folders.sweep(nowMs)
  }

  /** @throws VarveError VARVE_USAGE, VARVE_PATH_NOT_FOUND, VARVE_REF_NOT_FOUND; HttpError 422 where it costs too much */
  async ask(repository: ServedRepository, asked: AskedSql): Promise<SqlAnswer> {
    const sql = asked.sql.trim().replace(/;$/, '')
    if (sql.length > sqlLengthMax)
      throw new VarveError('VARVE_USAGE', `a query has at most ${sqlLengthMax} characters here`, {
        hint: "make it shorter; 'varve sql' runs any query in a clone",
      })
    const runDir = this.#folders.begin(repository.name)
    const run = new Run(runDir, this.#limits, (what) => this.#folders.end(runDir, repository.name, what))
    try {
      const { revision, format } = asked
      const storeDir = repository.store.location
      return await run.open(
        { runDir, storeDir, sql, revision, format, ...boundsOf(this.#limits) },
        asked.signal,
      )
    } catch (error) {
      await run.end()
      throw error
    }
  }
}

function boundsOf(limits: Limits): Pick<AskedProcess, 'rowsMax' | 'bounds'> {
  const {
    queryRowsMax: rowsMax,
    queryMemoryBytesMax: memoryBytesMax,
    queryFileBytesMax: fileBytesMax,
  } = limits
  const residentBytesMax = baseBytes + 2 * memoryBytesMax
  return { rowsMax, bounds: { memoryBytesMax, fileBytesMax, residentBytesMax } }
}

class Run {
  readonly #runDir: string
  readonly #limits: Limits
  readonly #process: OwnThread
  readonly #clear: (what: 'keep' | 'drop') => Promise<void>
  /** Nothing stands open in the process that could not be closed in order. */
  #isOrderly = true
  #isEnded = false

  constructor(runDir: string, limits: Limits, clear: (what: 'keep' | 'drop') => Promise<void>) {
    this.#runDir = runDir
    this.#limits = limits
    this.#clear = clear
    const { residentBytesMax } = boundsOf(limits).bounds
    this.#process = new OwnThread({ script, residentBytesMax, temporaryDir: runDir })
  }

  async open(asked: AskedProcess, signal: AbortSignal): Promise<SqlAnswer> {
    const head = await this.#run('openAnswer', openAnswer, [asked], signal)
    return {
      head,
      parts: () => this.#parts(signal),
      [Symbol.asyncDispose]: () => this.end(),
    }
  }

  async *#parts(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let bytes = 0
    for (;;) {
      const part = await this.#run('nextPart', nextPart, [this.#runDir], signal)
      if (part === null) {
        // Before whoever asked sees the end: the next query finds the tables.
        await this.end()
        return
      }
      bytes += part.length
      if (bytes > this.#limits.queryAnswerBytesMax) throw tooMuch('answer has more bytes than are given here')
      yield part
    }
  }

  /** What was read stays for the next query where all went in order, wrong queries included. */
  async end(): Promise<void> {
    if (this.#isEnded) return
    this.#isEnded = true
    try {
      if (this.#isOrderly)
        await this.#process.run('closeAnswer', closeAnswer, [this.#runDir], { signal: undefined })
    } catch {
      this.#isOrderly = false
    } finally {
      await this.#process.close()
      await this.#clear(this.#isOrderly ? 'keep' : 'drop')
    }
  }

  async #run<A extends readonly unknown[], R>(
    name: string,
    local: (...args: A) => Promise<R | SqlFault>,
    args: A,
    given: AbortSignal,
  ): Promise<R> {
    const time = AbortSignal.timeout(this.#limits.queryMsMax)
    const signal = AbortSignal.any([given, time])
    let result: R | SqlFault
    try {
      result = await this.#process.run(name, local, args, { signal })
    } catch (error) {
      this.#isOrderly = false
      if (time.aborted && !given.aborted) throw tooMuch(`query takes more than ${this.#limits.queryMsMax} ms`)
      // It ends by itself for nothing else.
      if (error instanceof ProcessEnd) throw tooMuch('query needs more memory than is given here')
      throw error
    }
    if (typeof result !== 'object' || result === null || !('fault' in result)) return result
    const { code, message, hint, data } = result.fault
    if (code === 'VARVE_REFUSED') throw new HttpError(422, code, message)
    // In SQLite's words; the reason is the bound, not the server's disk.
    if (message.endsWith(': out of memory')) throw tooMuch('query needs more memory than is given here')
    if (code === 'VARVE_IO' || message.endsWith(': database or disk is full'))
      throw tooMuch('query needs more room for its tables and rows than is given here')
    throw new VarveError(code, message, { data, ...(hint === undefined ? {} : { hint }) })
  }
}

function tooMuch(what: string): HttpError {
  const hint = "ask for less, with WHERE or LIMIT; 'varve sql' in a clone has no such bound"
  return new HttpError(422, 'VARVE_REFUSED', `the ${what}`, {}, hint)
}
