// What a plan has written to a table so far, and what the server should then have stored.
import { sendCell } from '../../../table/stored-cells.ts'
import type { PlannedRows, RowChange } from '../../interface.ts'
import type { PostgresTable } from '../discover.ts'
import type { TableWrite } from './own-writes.ts'
import { RowDigest, randomSeed } from './row-digest.ts'

export class Tally {
  readonly #table: PostgresTable
  readonly #seed = randomSeed()
  #inserted = 0
  #deleted = 0
  #count = 0
  #sum = 0n
  #isSure = true

  constructor(table: PostgresTable) {
    this.#table = table
  }

  digest(): RowDigest {
    return new RowDigest(this.#table, this.#seed)
  }

  /** The digest of a batch, to be passed to `add` once the batch is written. */
  digestOf(changes: readonly RowChange[]): RowDigest {
    const digest = this.digest()
    for (const change of changes) {
      if (change.kind === 'delete') break
      const { storedAfter } = change
      if (storedAfter) {
        storedAfter.reader.read(storedAfter.row)
        digest.row(storedAfter.reader)
      } else {
        for (const cell of change.after) sendCell(cell, digest)
        digest.endRow()
      }
    }
    return digest
  }

  add(changes: readonly RowChange[], digest: RowDigest): void {
    if (changes[0]?.kind === 'insert') this.#inserted += changes.length
    if (changes[0]?.kind === 'delete') this.#deleted += changes.length
    this.#addRows(digest)
  }

  addAll({ count }: PlannedRows, digest: RowDigest): void {
    this.#inserted += count
    this.#addRows(digest)
  }

  get write(): TableWrite {
    const sent = this.#isSure ? { count: this.#count, sum: this.#sum } : null
    return { inserted: this.#inserted, deleted: this.#deleted, sent, seed: this.#seed }
  }

  #addRows({ isSure, rows }: RowDigest): void {
    this.#isSure &&= isSure
    this.#count += rows.count
    this.#sum = BigInt.asUintN(64, this.#sum + rows.sum)
  }
}
