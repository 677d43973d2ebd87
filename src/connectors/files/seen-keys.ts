// Keys of rows that later files have, so that those of earlier files are left out. A key that comes twice in one file is a
// fault, which whoever takes the rows finds.
import { isVarveError } from '../../base/errors.ts'
import type { JoinedRows } from '../../formats/interface.ts'
import type { Cell, Schema } from '../../table/interface.ts'
import { encodeKey } from '../../table/key.ts'
import { keyOf } from './infer-key.ts'

export interface KeysOfFile {
  isNew(row: readonly Cell[]): boolean
  /** The file has no more rows. */
  end(): void
}

export class SeenKeys {
  readonly #seen = new Set<string>()
  readonly #schema: Schema
  /** Of the key's columns among the cells of a row. */
  readonly #places: readonly number[]

  constructor(schema: Schema, places: readonly number[]) {
    this.#schema = schema
    this.#places = places
  }

  /** By row: 1 where no later file has its key; null: no row's key is there. */
  take({ rows: { count, keys, keyEnds }, rowEnds }: JoinedRows): Uint8Array | null {
    const bytes = Buffer.from(keys.buffer, keys.byteOffset, keys.byteLength)
    let wanted: Uint8Array | null = null
    for (let row = 0, start = 0, file = 0; file < rowEnds.length; file++) {
      const own: string[] = []
      for (; row < rowEnds[file]!; row++) {
        const end = keyEnds[row]!
        const key = bytes.toString('latin1', start, end)
        start = end
        if (this.#seen.has(key)) (wanted ??= new Uint8Array(count).fill(1))[row] = 0
        else own.push(key)
      }
      for (const key of own) this.#seen.add(key)
    }
    return wanted
  }

  /** Of a file that is read by itself. */
  ofFile(): KeysOfFile {
    const own: string[] = []
    return {
      isNew: (row) => {
        const key = this.#nameOf(row)
        if (this.#seen.has(key)) return false
        own.push(key)
        return true
      },
      end: () => {
        for (const key of own) this.#seen.add(key)
      },
    }
  }

  #nameOf(row: readonly Cell[]): string {
    try {
      const cells = this.#places.map((place) => row[place]!)
      return Buffer.from(encodeKey(this.#schema, cells)).toString('latin1')
    } catch (error) {
      if (!(error instanceof TypeError) && !isVarveError(error)) throw error
      // What is no key, or too long for one, is a fault or does not fit: no encoded key begins so.
      return `\0${keyOf(row, this.#places)}`
    }
  }
}
