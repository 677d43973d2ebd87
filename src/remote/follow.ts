// Mirroring without end: look at the source, copy what is new, wait, look again. What cannot be reached is tried again,
// with longer pauses, and the lag is told meanwhile; what is refused ends it. It stops between two rounds at once, and
// amid one with all that came kept.
import { pause } from '../base/pause.ts'
import { isVarveError } from '../base/errors.ts'
import type { Store } from '../store/interface.ts'
import type { Source } from './interface.ts'
import { type MirrorOptions, type MirrorRound, mirrorOnce } from './mirror.ts'

const pauseMsMax = 5 * 60_000

export interface FollowOptions extends MirrorOptions {
  readonly everyMs: number
}

export type MirrorEvent =
  | ({ readonly kind: 'mirrored' | 'in step' } & MirrorRound & MirrorLag)
  | ({ readonly kind: 'unreachable'; readonly message: string } & MirrorLag)

export interface MirrorLag {
  readonly atMs: number
  /** How old the oldest change was that the mirror had not: when it was copied, or by now. 0 when it has all. */
  readonly lagMs: number
}

export interface MirrorEnds {
  readonly source: Source
  readonly mirror: Store
  close(): Promise<void>
}

/** `open` is called again after a failure: a connection that broke is not taken up. */
export async function* followMirror(
  open: () => Promise<MirrorEnds>,
  options: FollowOptions,
): AsyncGenerator<MirrorEvent> {
  let ends: MirrorEnds | null = null
  let inStepMs = Date.now()
  let failures = 0
  try {
    while (options.signal?.aborted !== true) {
      try {
        ends ??= await open()
        const beganMs = Date.now()
        const round = await mirrorOnce(ends.source, ends.mirror, options)
        yield eventOf(round)
        inStepMs = beganMs
        failures = 0
      } catch (error) {
        if (!isVarveError(error, 'VARVE_UNREACHABLE')) throw error
        failures++
        await ends?.close().catch(() => undefined)
        ends = null
        const atMs = Date.now()
        yield { kind: 'unreachable', message: error.message, atMs, lagMs: atMs - inStepMs }
      }
      const pauseMs = Math.min(pauseMsMax, options.everyMs * 2 ** Math.min(failures, 10))
      await pause(failures === 0 ? options.everyMs : Math.max(options.everyMs, pauseMs), options.signal)
    }
  } finally {
    await ends?.close()
  }
}

export function eventOf(round: MirrorRound): MirrorEvent {
  const atMs = Date.now()
  if (round.updates.length === 0) return { kind: 'in step', ...round, atMs, lagMs: 0 }
  // Clocks of two machines may disagree: nothing is mirrored before it was there.
  return { kind: 'mirrored', ...round, atMs, lagMs: Math.max(0, atMs - round.changedMs) }
}
