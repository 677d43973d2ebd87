// Rows of a batch as lines of COPY, numbered from 1. They can be made ahead, while the server works on the batch before.
import { assert } from '../../../base/assert.ts'
import { sendCell } from '../../../table/stored-cells.ts'
import type { Cell } from '../../../table/interface.ts'
import type { RowChange, StoredSide } from '../../interface.ts'
import { CopyBuffer } from '../copy/copy-buffer.ts'
import type { Statement } from './statements.ts'

const chunkBytes = 256 << 10
const aheadBytesMax = 8 << 20

export class StagedLines {
  readonly #changes: readonly RowChange[]
  readonly #statement: Statement
  readonly #made: Uint8Array[] = []
  readonly #lines = new CopyBuffer()
  #next = 0
  #isSent = false

  constructor(statement: Statement, changes: readonly RowChange[]) {
    this.#statement = statement
    this.#changes = changes
  }

  /** Makes lines ahead, as many as may be held in memory. */
  prepare(): void {
    for (let bytes = 0; bytes < aheadBytesMax;) {
      const chunks = this.#make()
      if (chunks.length === 0) return
      this.#made.push(...chunks)
      for (const { length } of chunks) bytes += length
    }
  }

  /** All chunks, which can be asked for once: what is sent need not stay in memory. */
  *chunks(): Generator<Uint8Array> {
    assert(!this.#isSent, 'the lines of a batch are sent once')
    this.#isSent = true
    for (let chunk = this.#made.shift(); chunk !== undefined; chunk = this.#made.shift()) yield chunk
    for (let chunks = this.#make(); chunks.length > 0; chunks = this.#make()) yield* chunks
  }

  #make(): Uint8Array[] {
    const { before, after } = this.#statement
    const lines = this.#lines
    while (lines.length < chunkBytes && this.#next < this.#changes.length) {
      const change = this.#changes[this.#next++]!
      lines.count(this.#next)
      if (before.length > 0) this.#add(before, change.storedBefore ?? change.before!)
      if (after.length > 0) this.#add(after, change.storedAfter ?? change.after!)
      lines.endLine()
    }
    return lines.take()
  }

  #add(places: readonly number[], row: StoredSide | readonly Cell[]): void {
    const lines = this.#lines
    if ('reader' in row) row.reader.read(row.row)
    for (const place of places) {
      lines.tab()
      if ('reader' in row) row.reader.send(place, lines)
      else sendCell(row[place]!, lines)
    }
  }
}
