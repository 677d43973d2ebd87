// What distributed transactions (XA) have changed and not yet committed, as far as there is room: mostly they are decided
// at once. Of others the log is asked again when they are committed.
import type { LogChange } from '../../change-log.ts'

const [ofOneMax, ofAllMax] = [1 << 20, 8 << 20]
/** A change in memory takes that much beside its bytes, about. */
const changeBytes = 500

interface Kept {
  readonly changes: readonly LogChange[]
  readonly bytes: number
}

export class KeptChanges {
  /** Of the transaction that is being read; null: it has too many. */
  #open: LogChange[] | null = []
  #openBytes = 0
  /** By the hash of their events. */
  readonly #kept = new Map<string, Kept>()
  #keptBytes = 0

  /** Changes of an event of so many bytes. */
  add(changes: Iterable<LogChange>, bytes: number): void {
    this.#openBytes += bytes
    if (this.#openBytes > ofOneMax) this.#open = null
    if (this.#open === null) return
    const before = this.#open.length
    this.#open.push(...changes)
    this.#openBytes += (this.#open.length - before) * changeBytes
  }

  /** The transaction that is being read has ended. */
  keep(hash: string): void {
    if (this.#open !== null && this.#openBytes <= ofOneMax) {
      this.#kept.set(hash, { changes: this.#open, bytes: this.#openBytes })
      this.#keptBytes += this.#openBytes
    }
    for (const oldest of this.#kept.keys()) {
      if (this.#keptBytes <= ofAllMax) break
      this.take(oldest)
    }
    this.clear()
  }

  /** The transaction that was being read has no end. */
  clear(): void {
    this.#open = []
    this.#openBytes = 0
  }

  /** Those of a transaction, which are kept no longer; null where there was no room for them. */
  take(hash: string): readonly LogChange[] | null {
    const kept = this.#kept.get(hash)
    if (kept === undefined) return null
    this.#kept.delete(hash)
    this.#keptBytes -= kept.bytes
    return kept.changes
  }
}
