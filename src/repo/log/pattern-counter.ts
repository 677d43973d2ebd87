// A pattern that is looked for in bytes, line by line, as Git has it: '.' stands for no line end, '^' and '$' for the ends of
// each line. Lines have no bound, so that longer ones than a mebibyte are looked through in pieces.
import { concatBytes, emptyBytes } from '../../base/bytes.ts'
import type { Pattern } from '../../base/pattern.ts'
import { yieldIfDue } from '../../base/turns.ts'
import { textFromBytes } from '../../files/text.ts'
import type { Cell } from '../../table/interface.ts'
import { type Counter, shownBytes } from './needle.ts'

const newline = 10
const lineBytesMax = 1 << 20

export class PatternCounter implements Counter {
  readonly #pattern: Pattern

  constructor(pattern: Pattern) {
    this.#pattern = pattern
  }

  countIn(bytes: Uint8Array): number {
    return this.countInText(textFromBytes(bytes))
  }

  countInText(text: string): number {
    let count = 0
    for (let start = 0; start < text.length;) {
      const at = text.indexOf('\n', start)
      const end = at < 0 ? text.length : at
      count += this.#pattern.countIn(text.slice(start, end))
      start = end + 1
    }
    return count
  }

  countInCell(cell: Cell): number {
    return this.countIn(shownBytes(cell))
  }

  async countInPieces(pieces: AsyncIterable<Uint8Array>): Promise<number> {
    let count = 0
    let rest: Uint8Array = emptyBytes
    for await (const piece of pieces) {
      const bytes = rest.length === 0 ? piece : concatBytes([rest, piece])
      const end = wholeLines(bytes)
      count += this.countIn(bytes.subarray(0, end))
      rest = bytes.slice(end)
      await yieldIfDue()
    }
    return count + this.countIn(rest)
  }
}

/** Where the last line that is whole ends. */
function wholeLines(bytes: Uint8Array): number {
  const end = bytes.lastIndexOf(newline) + 1
  return end === 0 && bytes.length >= lineBytesMax ? bytes.length : end
}
