// The connection on which a link reads its endpoint's log: opened when it is first needed, and kept from round to round
// while the link is followed.
import type { ChangeLog, LogMark, LogReader, LostLog } from '../../connectors/change-log.ts'
import type { EndpointTable } from '../../connectors/interface.ts'
import type { LinkMark } from './mark.ts'

export interface LogOptions {
  /** Whether a log is begun even if the link does not ask for one. */
  readonly isFollowing: boolean
  /** After how many ms the tables are compared as a whole again; null: only when that is needed. */
  readonly compareMs: number | null
}

export class OpenLog {
  readonly isFollowing: boolean
  readonly #compareMs: number | null
  #reader: LogReader | null = null
  /** Which tables it reads, where they are, and what is hidden of them. */
  #reads = ''
  /** Logs that were begun, one after the other, without being read. */
  #begun = 0

  constructor({ isFollowing, compareMs }: LogOptions) {
    this.isFollowing = isFollowing
    this.#compareMs = compareMs
  }

  get reader(): LogReader | null {
    return this.#reader
  }

  /** Whether a log has just begun, and a round can read it. Where one is lost as often as it is begun there is no hurry. */
  get isFresh(): boolean {
    return this.#begun === 1
  }

  /** Notes that a log was begun. */
  begin(): void {
    this.#begun++
  }

  isComparisonDue({ comparedMs }: LinkMark): boolean {
    return this.#compareMs !== null && Date.now() - comparedMs > this.#compareMs
  }

  async open(source: ChangeLog, tables: readonly EndpointTable[], at: LogMark): Promise<LogReader | LostLog> {
    const reads = JSON.stringify(tables.map(({ name, namespace, hidesRows }) => [name, namespace, hidesRows]))
    if (this.#reader !== null && reads === this.#reads) return this.#reader
    // A table that waits now must not be kept from its users' writes by what is published of it.
    await this.close()
    this.#reads = reads
    const reader = await source.open(tables, at)
    if ('lost' in reader) return reader
    this.#begun = 0
    return (this.#reader = reader)
  }

  async close(): Promise<void> {
    const reader = this.#reader
    this.#reader = null
    await reader?.close()
  }
}
