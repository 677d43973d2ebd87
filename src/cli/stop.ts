// Ctrl-C and other signals. The first one stops the work at the next safe point, the second one at once. They are
// ignored while another program has the terminal, or when the work is done.

/** How long a command may take to stop cleanly. */
const patienceMs = 2000

export interface StopOptions {
  readonly patienceMs: number | undefined
  /** What the process must not end without: the terminal has to be given back, and what is known of the work is said. */
  readonly lastly: () => Promise<void>
}

export class Stop {
  readonly #controller = new AbortController()
  readonly #options: StopOptions
  readonly #handlers = new Map<NodeJS.Signals, () => void>()
  #away = false
  #done = false

  constructor(options: StopOptions) {
    this.#options = options
    for (const name of ['SIGINT', 'SIGTERM'] as const) this.#listen(name, () => this.#onSignal(name))
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  abort(reason: string): void {
    this.#controller.abort(reason)
  }

  /** Runs a program that has the terminal to itself: what people type there is for it. */
  async away<T>(work: () => Promise<T>): Promise<T> {
    const ignore = (): void => undefined
    process.on('SIGQUIT', ignore)
    this.#away = true
    try {
      return await work()
    } finally {
      this.#away = false
      process.off('SIGQUIT', ignore)
    }
  }

  /** The command's work is done: a signal stops nothing any more. */
  done(): void {
    this.#done = true
  }

  close(): void {
    this.#done = true
    for (const [name, handler] of this.#handlers) process.off(name, handler)
  }

  #listen(name: NodeJS.Signals, handler: () => void): void {
    this.#handlers.set(name, handler)
    process.on(name, handler)
  }

  #onSignal(name: 'SIGINT' | 'SIGTERM'): void {
    if (this.#done || (this.#away && name === 'SIGINT')) return
    const exit = async (): Promise<void> => {
      if (this.#done) return
      await this.#options.lastly()
      process.exit(name === 'SIGINT' ? 130 : 143)
    }
    if (this.signal.aborted) return void exit()
    this.abort(name)
    // Work that waits for somebody else (a pipe that sends nothing) never looks at the signal.
    setTimeout(() => void exit(), this.#options.patienceMs ?? patienceMs).unref()
  }
}
