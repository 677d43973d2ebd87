// How far the work is, on standard error: a bar on a terminal once the work has taken a second, or with --verbose a
// line for each phase where there is no terminal. The bar's library is loaded when the first bar is due.
import type { SingleBar } from 'cli-progress'
import type { Progress } from '../api/interface.ts'
import { sizeText } from './format/size.ts'
import { visible } from './visible.ts'

const delayMs = 1000
const redrawMs = 100

export type ProgressMode = 'bar' | 'lines' | 'none'

export class ProgressPrinter {
  readonly #mode: ProgressMode
  readonly #stderr: NodeJS.WriteStream
  #startMs = 0
  #drawnMs = 0
  #phase = ''
  #bar: SingleBar | null = null
  #loading = false
  #ended = false

  constructor(mode: ProgressMode, stderr: NodeJS.WriteStream) {
    this.#mode = mode
    this.#stderr = stderr
  }

  readonly report = (progress: Progress): void => {
    if (this.#mode === 'none' || this.#ended) return
    if (this.#mode === 'lines') return this.#line(progress)
    const now = performance.now()
    if (this.#startMs === 0) this.#startMs = now
    if (now - this.#startMs < delayMs || now - this.#drawnMs < redrawMs) return
    this.#drawnMs = now
    if (this.#bar === null) void this.#loadBar()
    else this.#draw(this.#bar, progress)
  }

  /** Takes the bar off the terminal; nothing is drawn after it. */
  end(): void {
    this.#ended = true
    this.#bar?.stop()
    this.#bar = null
  }

  #line(progress: Progress): void {
    if (progress.phase === this.#phase) return
    this.#phase = progress.phase
    const total = progress.total === 0 ? '' : ` (${amount(progress.total, progress.unit)})`
    this.#stderr.write(`${visible(progress.phase)}${total}\n`)
  }

  async #loadBar(): Promise<void> {
    if (this.#loading) return
    this.#loading = true
    const { default: cliProgress } = await import('cli-progress')
    if (this.#ended) return
    const format = '{phase} {bar} {amountText}'
    const bar = new cliProgress.SingleBar(
      {
        format,
        stream: this.#stderr,
        clearOnComplete: true,
        // A process that is killed cannot put the terminal's modes back: none is changed.
        hideCursor: false,
        linewrap: true,
        barsize: 24,
        gracefulExit: false,
      },
      cliProgress.Presets.shades_classic,
    )
    bar.start(1, 0, { phase: '', amountText: '' })
    this.#bar = bar
  }

  #draw(bar: SingleBar, { phase, done, total, unit }: Progress): void {
    bar.setTotal(Math.max(1, total))
    bar.update(total === 0 ? 0 : Math.min(done, total), {
      phase: visible(phase),
      amountText: total === 0 ? amount(done, unit) : `${amount(done, unit)} of ${amount(total, unit)}`,
    })
  }
}

function amount(count: number, unit: Progress['unit']): string {
  return unit === 'bytes' ? sizeText(count) : `${count} ${unit}`
}
