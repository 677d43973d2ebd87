// How far the work is, on standard error: a bar on a terminal once the work has taken a second, one for each place of a
// push to several; with --verbose a line
// for each phase where there is no terminal; with --progress=json a JSON document on a line, a few times a second and
// when a phase ends. The bar's library is loaded when the first bar is due.
import type { Bar, MultiBar } from 'cli-progress'
import type { Progress } from '../api/interface.ts'
import { sizeText } from '../base/size.ts'
import { Pace, durationText } from './pace.ts'
import { visible } from './visible.ts'

const delayMs = 1000
const redrawMs = 100
const jsonEveryMs = 500
const placeLengthMax = 32

export type ProgressMode = 'bar' | 'lines' | 'json' | 'none'

/** One piece of work: all of a command's, or of a push to several places that of one place. */
interface Lane {
  readonly pace: Pace
  drawnMs: number
  phase: string
  unprinted: Progress | null
  bar: Bar | null
}

export class ProgressPrinter {
  readonly #mode: ProgressMode
  readonly #stderr: NodeJS.WriteStream
  readonly #lanes = new Map<string, Lane>()
  #startMs = 0
  #bars: MultiBar | null = null
  #loading = false
  #ended = false

  constructor(mode: ProgressMode, stderr: NodeJS.WriteStream) {
    this.#mode = mode
    this.#stderr = stderr
  }

  readonly report = (progress: Progress): void => {
    if (this.#mode === 'none' || this.#ended) return
    const lane = this.#laneOf(progress)
    if (this.#mode === 'lines') return this.#line(lane, progress)
    const now = performance.now()
    if (this.#mode === 'json') return this.#json(lane, progress, now)
    if (this.#startMs === 0) this.#startMs = now
    if (now - lane.drawnMs < redrawMs) return
    lane.drawnMs = now
    const text = amountText(progress, lane.pace, now)
    if (now - this.#startMs < delayMs) return
    if (this.#bars === null) void this.#loadBars()
    else draw((lane.bar ??= this.#bars.create(1, 0, { phase: '', amountText: '' })), progress, text)
  }

  /** Takes the bars off the terminal; nothing is drawn after it. */
  end(): void {
    for (const lane of this.#lanes.values()) this.#flushJson(lane)
    this.#ended = true
    this.#bars?.stop()
    this.#bars = null
  }

  /** Takes the bars off the terminal, as another program draws there; they come back with what is reported after. */
  pause(): void {
    this.#bars?.stop()
    this.#bars = null
    this.#lanes.clear()
    this.#loading = false
    this.#startMs = 0
  }

  #laneOf({ place = '' }: Progress): Lane {
    const known = this.#lanes.get(place)
    if (known !== undefined) return known
    const lane = { pace: new Pace(), drawnMs: 0, phase: '', unprinted: null, bar: null }
    this.#lanes.set(place, lane)
    return lane
  }

  #line(lane: Lane, progress: Progress): void {
    if (progress.phase === lane.phase) return
    lane.phase = progress.phase
    const total = progress.total === 0 ? '' : ` (${amount(progress.total, progress.unit)})`
    const to = progress.place === undefined ? '' : ` to ${visible(progress.place)}`
    this.#stderr.write(`${visible(progress.phase)}${to}${total}\n`)
  }

  #json(lane: Lane, progress: Progress, now: number): void {
    if (progress.phase !== lane.phase) this.#flushJson(lane)
    const isDue = progress.phase !== lane.phase || now - lane.drawnMs >= jsonEveryMs
    lane.phase = progress.phase
    lane.unprinted = progress
    if (!isDue) return
    lane.drawnMs = now
    this.#flushJson(lane, now)
  }

  /** Prints progress that was held back, so that the last state of each phase is always printed. */
  #flushJson(lane: Lane, now: number = performance.now()): void {
    const progress = lane.unprinted
    lane.unprinted = null
    if (progress === null) return
    const { phase, place, done, total, unit } = progress
    const line = { progress: { phase, place, done, total, unit, ...lane.pace.of(progress, now) } }
    this.#stderr.write(`${JSON.stringify(line)}\n`)
  }

  async #loadBars(): Promise<void> {
    if (this.#loading) return
    this.#loading = true
    const { default: cliProgress } = await import('cli-progress')
    if (this.#ended) return
    this.#bars = new cliProgress.MultiBar(
      {
        format: '{phase} {bar} {amountText}',
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
  }
}

function draw(bar: Bar, { phase, place, done, total }: Progress, amountText: string): void {
  const words = place === undefined ? phase : `${phase} to ${shortPlace(place)}`
  bar.setTotal(Math.max(1, total))
  bar.update(total === 0 ? 0 : Math.min(done, total), { phase: visible(words), amountText })
}

/** Cuts a long place at its beginning: places mostly differ at their ends. */
function shortPlace(place: string): string {
  return place.length <= placeLengthMax ? place : `…${place.slice(1 - placeLengthMax)}`
}

/** How far a phase is: '120 of 500 objects, 12 MB, 3.1 MB/s, ~8 s left'. */
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
