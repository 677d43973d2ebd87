// The rows of one delivery that the receiver has kept or refused, counted from its first one, and noted from time to time.
import type { Path } from '../../files/interface.ts'
import type { Repo } from '../../repo/interface.ts'
import type { KeyedMessage, RefusedRow } from './batch-sender.ts'
import { type Checkpoint, writeCheckpoint } from './checkpoint.ts'
import type { Progress } from './state.ts'

const rowsBetweenNotes = 10_000
/** And this part of the rows so far: each note is an operation, of which a repository keeps a thousand for `undo`. */
const partBetweenNotes = 1 / 16

export interface SentRowsStart {
  readonly repo: Repo
  readonly link: string
  readonly delivery: string
  /** The link's refs; null: nothing is noted. */
  readonly recorded: Progress | null
  /** Where it was cut short; null: it begins. */
  readonly from: Checkpoint | null
}

export class SentRows {
  readonly #start: SentRowsStart
  /** Rows that were sent before, and are still to be passed over. */
  #toPass: number
  #noted: number
  #rows: number
  #lastId: string
  readonly #refused: (readonly [Path, string])[]

  constructor(start: SentRowsStart) {
    const { from } = start
    this.#start = start
    this.#toPass = this.#rows = this.#noted = from?.rows ?? 0
    this.#lastId = from?.lastId ?? ''
    this.#refused = [...(from?.refused ?? [])]
  }

  get rows(): number {
    return this.#rows
  }

  get isPassing(): boolean {
    return this.#toPass > 0
  }

  /** Keys (in hex) of the path's rows that were refused before it was cut short. */
  refusedOf(path: Path): string[] {
    return this.#refused.flatMap(([at, keyHex]) => (at === path ? [keyHex] : []))
  }

  /** The messages without those that were sent before; null: they are other ones than then. */
  unsent(messages: readonly KeyedMessage[]): readonly KeyedMessage[] | null {
    if (this.#toPass === 0) return messages
    const passed = Math.min(this.#toPass, messages.length)
    this.#toPass -= passed
    if (this.#toPass === 0 && messages[passed - 1]?.id !== this.#lastId) return null
    return messages.slice(passed)
  }

  add(messages: readonly KeyedMessage[], refused: readonly RefusedRow[] = []): void {
    for (const { row } of refused) this.#refused.push([row.table as Path, row.keyHex])
    this.#rows += messages.length
    this.#lastId = messages.at(-1)?.id ?? this.#lastId
  }

  /** Once so many rows have been added since. */
  async note(rowsMin: number = Math.max(rowsBetweenNotes, this.#rows * partBetweenNotes)): Promise<void> {
    const { repo, link, delivery, recorded } = this.#start
    if (recorded === null || this.#rows - this.#noted < rowsMin) return
    this.#noted = this.#rows
    const sent = { delivery, rows: this.#rows, lastId: this.#lastId, refused: this.#refused }
    await writeCheckpoint(repo, link, recorded, sent)
  }
}
