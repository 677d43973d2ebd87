// The audit log: who did what, when, and what came of it, one JSON document a line in a file that is only ever added to.
// A line is on the disk before the answer goes out. Lines that come while the disk is busy share one flush.
import fs from 'node:fs'
import { VarveError } from '../base/errors.ts'
import { ioError } from '../store/disk/files.ts'
import type { Principal, Services } from './interface.ts'

export interface AuditEntry {
  readonly who: Pick<Principal, 'id' | 'name'>
  /** Where the request came from. */
  readonly address: string
  /** 'push', 'check', 'protect', 'create', 'denied', … */
  readonly what: string
  readonly repository: string | null
  /** 'begun', then one of the others. */
  readonly result: 'begun' | 'done' | 'refused' | 'failed'
  readonly data?: Readonly<Record<string, unknown>>
}

interface Waiting {
  readonly line: string
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

export class AuditLog {
  readonly #file: string
  readonly #now: () => number
  #handle: fs.promises.FileHandle | null = null
  #waiting: Waiting[] = []
  #flushing: Promise<void> | null = null

  constructor(file: string, now: () => number) {
    this.#file = file
    this.#now = now
  }

  /** Appends an entry, which is durable when this resolves. @throws VarveError VARVE_DISK_FULL, VARVE_IO */
  append(entry: AuditEntry): Promise<void> {
    const line = `${JSON.stringify({ time: new Date(this.#now()).toISOString(), ...entry })}\n`
    return new Promise((done, failed) => {
      this.#waiting.push({ line, done, failed })
      this.#flushing ??= this.#flush().finally(() => (this.#flushing = null))
    })
  }

  async close(): Promise<void> {
    await this.#flushing
    await this.#handle?.close()
    this.#handle = null
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0)
      try {
        this.#handle ??= await openLog(this.#file)
        await this.#handle.appendFile(batch.map(({ line }) => line).join(''))
        await this.#handle.datasync()
        for (const { done } of batch) done()
      } catch (cause) {
        const error = ioError(cause, this.#file)
        // Opened anew it is looked at again: half a line may stand at its end.
        await this.#handle?.close().catch(() => undefined)
        this.#handle = null
        for (const { failed } of batch) failed(error)
      }
    }
  }
}

/**
 * Adds the line that says what came of something. It has happened and its first line is durable, so an error here is for
 * the server's log: whoever asked must hear what has happened, and not that nothing has.
 */
export async function auditEnd(
  { audit, log }: Pick<Services, 'audit' | 'log'>,
  entry: AuditEntry,
): Promise<void> {
  try {
    await audit.append(entry)
  } catch (error) {
    log({ event: 'unaudited', what: entry.what, result: entry.result, error: String(error) })
  }
}

/** A line that a full disk or a crash left without its end gets one: the next line must stand alone. */
async function openLog(file: string): Promise<fs.promises.FileHandle> {
  const handle = await fs.promises.open(file, 'a+', 0o600)
  const { size, mode } = await handle.stat()
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    await handle.close()
    throw new VarveError('VARVE_REFUSED', `'${file}' can be read by others`, {
      data: { path: file },
      hint: `chmod 600 '${file}'`,
    })
  }
  if (size > 0) {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
    if (buffer[0] !== 10) await handle.appendFile('\n')
  }
  return handle
}
