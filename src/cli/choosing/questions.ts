// Questions to somebody who sits at a terminal. The terminal stays as it is: it echoes what is typed, and Ctrl-C stops the command.
import { type Interface, createInterface } from 'node:readline'
import { throwIfAborted } from '../../base/errors.ts'

export class Questions {
  readonly #lines: Interface
  readonly #signal: AbortSignal | undefined
  readonly #waiting: string[] = []
  #isOver = false
  #wake: () => void = () => {}

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
    this.#lines = createInterface({ input: process.stdin, terminal: false })
    this.#lines.on('line', (line) => {
      this.#waiting.push(line)
      this.#wake()
    })
    this.#lines.on('close', () => {
      this.#isOver = true
      this.#wake()
    })
    signal?.addEventListener('abort', this.#onAbort)
  }

  /** The line that is typed, without space around it; null where the input has ended. */
  async ask(prompt: string): Promise<string | null> {
    process.stdout.write(prompt)
    while (this.#waiting.length === 0 && !this.#isOver && this.#signal?.aborted !== true)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    throwIfAborted(this.#signal)
    return this.#waiting.shift()?.trim() ?? null
  }

  close(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#lines.close()
    process.stdin.pause()
  }

  readonly #onAbort = (): void => this.#wake()
}
