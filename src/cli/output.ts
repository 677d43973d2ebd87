// Where commands print. The asked answer goes to standard output, as text or (--json) as one JSON document; news
// about the work goes there too unless --quiet; warnings and hints go to standard error. Writing waits for a slow
// reader, and a reader that goes away (`| head`) ends the command without a word. On a terminal lines come as they are
// made, elsewhere in large pieces.
import type { Writable } from 'node:stream'
import { systemFailure } from '../base/system-error.ts'
import { toJson } from '../table/json.ts'
import type { Paint } from './paint.ts'

const flushChars = 1 << 16
/** On a terminal nothing is held back for longer. */
const flushMs = 50

export interface OutputSettings {
  /** Where the answer goes: asked for once, when the first of it is written. */
  readonly stdout: () => Writable
  /** Takes warnings and hints, whole lines. */
  readonly complain: (text: string) => void
  /** Somebody reads it on a terminal, through a pager or not. */
  readonly terminal: boolean
  /** The terminal's width. */
  readonly columns: number | undefined
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  readonly paint: Paint
  /** Called once when the reader of standard output is gone. */
  readonly onClosed: () => void
}

export class Output {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  readonly paint: Paint
  readonly terminal: boolean
  /** Columns of the terminal; 100 where there is none. */
  readonly width: number
  closed = false
  readonly #settings: OutputSettings
  #stdout: Writable | null = null
  /** Nothing more can be said there. */
  #isBroken = false
  #pending = ''
  #flushedMs = Number.NEGATIVE_INFINITY
  /** Warnings and hints wait for the lines that they are about. */
  #complaints = ''

  constructor(settings: OutputSettings) {
    this.json = settings.json
    this.quiet = settings.quiet
    this.verbose = settings.verbose
    this.paint = settings.paint
    this.terminal = settings.terminal
    this.width = Math.max(40, settings.columns ?? 100)
    this.#settings = settings
  }

  /** A line of the answer. Never call it with --json. */
  line(text = ''): void {
    this.#pending += `${text}\n`
  }

  /** A record of the answer that is ended by a NUL, for programs. */
  nulRecord(text: string): void {
    this.#pending += `${text}\0`
  }

  /** A line about the work done; silent with --quiet and --json. */
  say(text: string): void {
    if (!this.quiet && !this.json) this.line(text)
  }

  warn(text: string): void {
    this.#complaints += `${this.paint('yellow', 'warning:')} ${text}\n`
  }

  /** A word on how to go on, to standard error; silent with --quiet and --json. */
  hint(text: string): void {
    if (!this.quiet && !this.json) this.#complaints += `${this.paint('dim', `hint: ${text}`)}\n`
  }

  /** One result: as the JSON document, or as text by `print`. */
  result(value: unknown, print: () => void): void {
    if (this.json) this.#pending += `${toJson(value)}\n`
    else print()
  }

  /** Many results, each printed as it comes: `{"items":[…]}`, or as text by `print`. Returns how many there were. */
  async items<T>(
    items: AsyncIterable<T> | Iterable<T>,
    print: (item: T, index: number) => void | Promise<void>,
  ): Promise<number> {
    if (this.json) return this.asJson(items)
    let count = 0
    for await (const item of items) {
      await print(item, count)
      count += 1
      await this.drain()
    }
    return count
  }

  /** Prints `{"items":[…]}`, each item as it comes; returns their number. */
  async asJson<T>(items: AsyncIterable<T> | Iterable<T>): Promise<number> {
    let count = 0
    this.#pending += '{"items":['
    for await (const item of items) {
      this.#pending += `${count === 0 ? '\n' : ',\n'}${toJson(item)}`
      count += 1
      await this.drain()
    }
    this.#pending += `${count === 0 ? '' : '\n'}]}\n`
    return count
  }

  /** A piece of a JSON document that is written in parts. */
  raw(text: string): void {
    this.#pending += text
  }

  /** The items of a JSON array, without its brackets. */
  async list(items: AsyncIterable<unknown>): Promise<void> {
    let separator = ''
    for await (const item of items) {
      this.#pending += separator + toJson(item)
      separator = ','
      await this.drain()
    }
  }

  /** What `path` holds: the bytes as they are, or with --json `{"path":…,"bytes":…}` in base64. */
  async content(path: string, source: AsyncIterable<Uint8Array>): Promise<void> {
    if (!this.json) return this.bytes(source)
    let head = `{"path":${toJson(path)},"bytes":"`
    let rest: Uint8Array = new Uint8Array(0)
    for await (const chunk of source) {
      // Whole groups of three bytes, so that the pieces make one text.
      const joined = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const end = joined.length - (joined.length % 3)
      this.#pending += head + Buffer.from(joined.subarray(0, end)).toString('base64')
      head = ''
      rest = joined.slice(end)
      await this.drain()
    }
    this.#pending += `${head}${Buffer.from(rest).toString('base64')}"}\n`
  }

  /** Writes bytes as they are. */
  async bytes(source: AsyncIterable<Uint8Array>): Promise<void> {
    await this.flush()
    for await (const chunk of source) {
      if (this.closed || this.#isBroken) return
      await this.#write(chunk)
    }
  }

  /** Flushes when much is pending, or somebody waits for it: to be awaited now and then in long loops. */
  async drain(): Promise<void> {
    const isWaitedFor = this.terminal && performance.now() - this.#flushedMs > flushMs
    if (isWaitedFor || this.#pending.length >= flushChars) await this.flush()
  }

  async flush(): Promise<void> {
    const text = this.#pending
    this.#pending = ''
    if (text !== '' && !this.closed && !this.#isBroken) await this.#write(text)
    if (this.#complaints !== '') this.#settings.complain(this.#complaints)
    this.#complaints = ''
    this.#flushedMs = performance.now()
  }

  /** The reader of the output is gone: nothing more is written. */
  close(): void {
    if (this.closed) return
    this.closed = true
    this.#settings.onClosed()
  }

  async #write(chunk: string | Uint8Array): Promise<void> {
    const stdout = (this.#stdout ??= this.#open())
    const fault = await new Promise<Error | null>((resolve) => {
      stdout.write(chunk, (error) => resolve(error ?? null))
    })
    if (fault === null || this.closed || isReaderGone(fault)) return
    this.#isBroken = true
    throw systemFailure(fault, 'cannot write the answer to standard output') ?? fault
  }

  #open(): Writable {
    // Other faults come to whoever writes.
    return this.#settings.stdout().on('error', (error) => {
      if (isReaderGone(error)) this.close()
    })
  }
}

function isReaderGone(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EPIPE'
}
