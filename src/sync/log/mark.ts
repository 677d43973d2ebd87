// Where a link reads on in its endpoint's log, stored in the repository's configuration: it is updated together with
// the refs of what was read, in one compare-and-set. Stored too: the name under which the endpoint keeps its log, so
// that a log that was begun and never recorded is found and dropped; and the tables for which the log is not read,
// because their columns wait for an approval or because they have rows that cannot be kept.
import { randomHex } from '../../base/platform.ts'
import type { LogMark } from '../../connectors/change-log.ts'
import type { Manifest } from '../../store/interface.ts'

export interface BrokenTable {
  readonly table: string
  /** Which row, and why. */
  readonly message: string
  /** Whether the log had changes of the table since it was last read. */
  readonly hasNews: boolean
}

export interface LinkMark {
  /** A name for this link in this repository alone. */
  readonly name: string
  /** null: it is about to begin. */
  readonly at: LogMark | null
  /** Tables whose rows stay as they were when their columns changed. */
  readonly waiting: readonly string[]
  /** Those of the waiting tables that have rows which cannot be kept; absent when there are none. */
  readonly broken?: readonly BrokenTable[]
  /** When it was kept, in ms since 1970. */
  readonly keptMs: number
  /** When all tables were last read and compared. */
  readonly comparedMs: number
}

export function markKey(link: string): string {
  return `link.${link}.log`
}

/** The stored mark; null when it is missing or cannot be read. */
export function readMark(manifest: Manifest, link: string): LinkMark | null {
  try {
    const mark = JSON.parse(manifest.config.get(markKey(link)) ?? 'null') as LinkMark | null
    const isWhole = typeof mark?.name === 'string' && Array.isArray(mark.waiting)
    return isWhole ? mark : null
  } catch {
    return null
  }
}

export function newName(link: string): string {
  return `${link.slice(0, 40)}_${randomHex(4)}`
}
