// A text that is looked for in bytes: how often it stands there, one after the other without overlap, also across the ends of
// pieces.
import { concatBytes, utf8 } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import type { Cell } from '../../table/interface.ts'

/** Counts how often something stands in what has changed: a text, or what a pattern matches. */
export interface Counter {
  countIn(bytes: Uint8Array): number
  countInText(text: string): number
  /** In a cell, as people see the cell. */
  countInCell(cell: Cell): number
  /** In a file that comes in pieces. */
  countInPieces(pieces: AsyncIterable<Uint8Array>): Promise<number>
}

const words: Readonly<Record<string, Uint8Array>> = { true: utf8('true'), false: utf8('false') }

/** A cell as people see it. */
export function shownBytes({ kind, bytes }: Cell): Uint8Array {
  return words[kind] ?? bytes
}

export class Needle implements Counter {
  readonly #bytes: Uint8Array

  /** @throws VarveError VARVE_USAGE for a text of no letters */
  constructor(text: string) {
    if (text === '')
      throw new VarveError('VARVE_USAGE', 'the text to look for is empty', {
        hint: "say what was added or removed: 'varve log -S TEXT'",
      })
    this.#bytes = utf8(text)
  }

  countIn(bytes: Uint8Array): number {
    return this.#find(bytes).count
  }

  countInText(text: string): number {
    return this.countIn(utf8(text))
  }

  countInCell(cell: Cell): number {
    return this.countIn(shownBytes(cell))
  }

  async countInPieces(pieces: AsyncIterable<Uint8Array>): Promise<number> {
    let total = 0
    let rest: Uint8Array = new Uint8Array(0)
    for await (const piece of pieces) {
      const bytes = rest.length === 0 ? piece : concatBytes([rest, piece])
      const { count, end } = this.#find(bytes)
      total += count
      // What may be the beginning of one more.
      rest = bytes.slice(Math.max(end, bytes.length - this.#bytes.length + 1))
    }
    return total
  }

  /** How often the text occurs, and where the last occurrence ends. */
  #find(bytes: Uint8Array): { readonly count: number; readonly end: number } {
    const needle = this.#bytes
    let [count, end] = [0, 0]
    for (let at = indexOf(bytes, needle, 0); at >= 0; at = indexOf(bytes, needle, end)) {
      count++
      end = at + needle.length
    }
    return { count, end }
  }
}

function indexOf(bytes: Uint8Array, needle: Uint8Array, from: number): number {
  const last = bytes.length - needle.length
  const first = needle[0]!
  for (let at = bytes.indexOf(first, from); at >= 0 && at <= last; at = bytes.indexOf(first, at + 1)) {
    let length = 1
    while (length < needle.length && bytes[at + length] === needle[length]) length++
    if (length === needle.length) return at
  }
  return -1
}
