// Where commands print. The asked answer goes to standard output, as text or (--json) as one JSON document; news
// about the work goes there too unless --quiet; warnings and hints go to standard error. Writing waits for a slow
// reader, and a reader that goes away (`| head`) ends the command without a word.
import type { Writable } from 'node:stream'
import { toJson } from '../table/json.ts'
import type { Paint } from './paint.ts'

const flushChars = 1 << 16

export interface OutputSettings {
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly stderr: Writable
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
  readonly #stdout: Writable
  readonly #stderr: Writable
  #pending = ''
  /** Warnings and hints wait for the lines that they are about. */
  #complaints = ''

  constructor(settings: OutputSettings) {
    this.json = settings.json
    this.quiet = settings.quiet
    this.verbose = settings.verbose
    this.paint = settings.paint
    this.terminal = settings.stdout.isTTY === true
    this.width = Math.max(40, settings.stdout.columns ?? 100)
    this.#stdout = settings.stdout
    this.#stderr = settings.stderr
    this.#stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      if (this.closed) return
      this.closed = true
      settings.onClosed()
    })
    // Nobody listens to complaints any more: nothing is left to do about it.
    this.#stderr.on('error', () => {})
  }

  /** A line of the answer. Never call it with --json. */
  line(text = ''): void {
    this.#pending += `${text}\n`
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

  /** `{"items":[…]}`, each as it comes. */
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

  /** Bytes as they are. */
  async bytes(source: AsyncIterable<Uint8Array>): Promise<void> {
    await this.flush()
    for await (const chunk of source) {
      if (this.closed) return
      await this.#write(chunk)
    }
  }

  /** Flushes when much is pending: to be awaited now and then in long loops. */
  async drain(): Promise<void> {
    if (this.#pending.length >= flushChars) await this.flush()
  }

  async flush(): Promise<void> {
    const text = this.#pending
    this.#pending = ''
    if (text !== '' && !this.closed) await this.#write(text)
    if (this.#complaints !== '') this.#stderr.write(this.#complaints)
    this.#complaints = ''
  }

  async #write(chunk: string | Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => {
      // The callback also comes on errors; those are dealt with by the 'error' listener.
      this.#stdout.write(chunk, () => resolve())
    })
  }
}
