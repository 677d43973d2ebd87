// How far the work is, on standard error: a bar on a terminal once the work has taken a second; with --verbose a line
// for each phase where there is no terminal; with --progress=json a JSON document on a line, a few times a second and
// when a phase ends. The bar's library is loaded when the first bar is due.
import type { SingleBar } from 'cli-progress'
import type { Progress } from '../api/interface.ts'
import { sizeText } from './format/size.ts'
import { Pace, durationText } from './pace.ts'
import { visible } from './visible.ts'

const delayMs = 1000
const redrawMs = 100
const jsonEveryMs = 500

export type ProgressMode = 'bar' | 'lines' | 'json' | 'none'

export class ProgressPrinter {
  readonly #mode: ProgressMode
  readonly #stderr: NodeJS.WriteStream
  readonly #pace = new Pace()
  #startMs = 0
  #drawnMs = 0
  #phase = ''
  #bar: SingleBar | null = null
  #unprinted: Progress | null = null
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
    if (this.#mode === 'json') return this.#json(progress, now)
    if (this.#startMs === 0) this.#startMs = now
    if (now - this.#drawnMs < redrawMs) return
    this.#drawnMs = now
    const text = amountText(progress, this.#pace, now)
    if (now - this.#startMs < delayMs) return
    if (this.#bar === null) void this.#loadBar()
    else draw(this.#bar, progress, text)
  }

  /** Takes the bar off the terminal; nothing is drawn after it. */
  end(): void {
    this.#flushJson()
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

  #json(progress: Progress, now: number): void {
    if (progress.phase !== this.#phase) this.#flushJson()
    const isDue = progress.phase !== this.#phase || now - this.#drawnMs >= jsonEveryMs
    this.#phase = progress.phase
    this.#unprinted = progress
    if (!isDue) return
    this.#drawnMs = now
    this.#flushJson(now)
  }

  /** The last word of a phase is always said. */
  #flushJson(now: number = performance.now()): void {
    const progress = this.#unprinted
    this.#unprinted = null
    if (progress === null) return
    const { phase, done, total, unit } = progress
    const line = { progress: { phase, done, total, unit, ...this.#pace.of(progress, now) } }
    this.#stderr.write(`${JSON.stringify(line)}\n`)
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
        barsize: 16,
        gracefulExit: false,
      },
      cliProgress.Presets.shades_classic,
    )
    bar.start(1, 0, { phase: '', amountText: '' })
    this.#bar = bar
  }
}

function draw(bar: SingleBar, { phase, done, total }: Progress, amountText: string): void {
  bar.setTotal(Math.max(1, total))
  bar.update(total === 0 ? 0 : Math.min(done, total), { phase: visible(phase), amountText })
}

/** '120 of 500 objects, 12 MB, 3.1 MB/s, ~8 s left'. */
function amountText(progress: Progress, pace: Pace, nowMs: number): string {
  const { done, total, unit } = progress
  const now = pace.of(progress, nowMs)
  const parts = [total === 0 ? amount(done, unit) : amountOf(done, total, unit)]
  if (unit !== 'bytes' && now.bytes !== null && now.bytes > 0) parts.push(sizeText(now.bytes))
  if (now.bytesPerSecond !== null) parts.push(`${sizeText(now.bytesPerSecond)}/s`)
  if (now.secondsLeft !== null && now.secondsLeft > 0) parts.push(`~${durationText(now.secondsLeft)} left`)
  return parts.join(', ')
}

function amountOf(done: number, total: number, unit: Progress['unit']): string {
  return unit === 'bytes' ? `${sizeText(done)} of ${sizeText(total)}` : `${done} of ${total} ${unit}`
}

function amount(count: number, unit: Progress['unit']): string {
  return unit === 'bytes' ? sizeText(count) : `${count} ${unit}`
}
