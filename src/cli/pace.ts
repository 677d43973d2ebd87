// How fast work goes: the rate over the last seconds, so that it follows the line as it is now and not as it was an
// hour ago, and from it the time that is left. Nothing is guessed before there is something to guess from.
import type { Progress } from '../api/interface.ts'

const windowMs = 8000
const sampleMs = 250
const guessAfterMs = 1500

interface Sample {
  readonly atMs: number
  readonly done: number
  readonly bytes: number
}

export interface PaceNow {
  /** What has come so far; null where nobody counts bytes. */
  readonly bytes: number | null
  readonly bytesPerSecond: number | null
  /** null when it is not known: the total may be unknown, or still growing faster than the work is done. */
  readonly secondsLeft: number | null
}

export class Pace {
  #phase = ''
  #samples: Sample[] = []

  /** The pace at `nowMs`, a clock that never goes backwards. */
  of(progress: Progress, nowMs: number): PaceNow {
    const bytes = progress.unit === 'bytes' ? progress.done : (progress.bytes ?? null)
    if (progress.phase !== this.#phase) {
      this.#phase = progress.phase
      this.#samples = []
    }
    const last = this.#samples.at(-1)
    if (last === undefined || nowMs - last.atMs >= sampleMs)
      this.#samples.push({ atMs: nowMs, done: progress.done, bytes: bytes ?? 0 })
    while (this.#samples.length > 2 && nowMs - this.#samples[1]!.atMs > windowMs) this.#samples.shift()
    const first = this.#samples[0]!
    const seconds = (nowMs - first.atMs) / 1000
    if (seconds * 1000 < guessAfterMs) return { bytes, bytesPerSecond: null, secondsLeft: null }
    const perSecond = (progress.done - first.done) / seconds
    const left = progress.total - progress.done
    return {
      bytes,
      bytesPerSecond: bytes === null ? null : Math.max(0, Math.round((bytes - first.bytes) / seconds)),
      secondsLeft: progress.total === 0 || perSecond <= 0 ? null : Math.ceil(Math.max(0, left) / perSecond),
    }
  }
}

/** A duration for people: '8 s', '2:05 min', '1:02 h'. */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  const two = (n: number): string => String(n).padStart(2, '0')
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)} min`
  return `${Math.floor(seconds / 3600)}:${two(Math.floor((seconds % 3600) / 60))} h`
}
