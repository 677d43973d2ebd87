// Rows of a source that no table can keep, for a value, the key or the row as a whole is too large: noted by key, so that
// all other rows go on without them. A key that is too long is no key: of such a row a digest of it is all that is noted.
import { toHex } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import { sha256Hex } from '../../base/platform.ts'
import type { Cell } from '../../table/interface.ts'

/** More of them in one table are no exception any more: it stops. */
const unfitRowsMax = 1000

export interface UnfitRow {
  /** Encoded, in hex; null: it is what is too long. */
  readonly keyHex: string | null
  /** For a key that is too long: SHA-256 over its cells, in hex; else null. */
  readonly keyDigest: string | null
  /** Those whose values are too large. */
  readonly columns: readonly string[]
  /** How large it is; the largest, if several values are too large. */
  readonly bytes: number
  readonly bytesMax: number
  /** "column 'v' has a value of 16777218 bytes": what is too large. */
  readonly what: string
}

/** The same for the same row of a table, whatever is wrong with it. */
export function unfitName({ keyHex, keyDigest }: Pick<UnfitRow, 'keyHex' | 'keyDigest'>): string {
  return keyHex ?? `sha256 ${keyDigest!}`
}

export class UnfitRows {
  /** By name, as they were met. */
  readonly all: Map<string, UnfitRow>
  readonly #where: string

  constructor(where: string, known: Iterable<readonly [string, UnfitRow]> = []) {
    this.#where = where
    this.all = new Map(known)
  }

  /** @throws VarveError VARVE_RULE_VIOLATED for a key that comes twice, and as `set` */
  add(row: UnfitRow): void {
    if (row.keyHex !== null && this.all.has(row.keyHex))
      throw this.#fault('duplicate-key', 'two rows that are too large to be kept have one key')
    this.set(row)
  }

  /** @throws VarveError VARVE_RULE_VIOLATED where they are too many */
  set(row: UnfitRow): void {
    this.all.set(unfitName(row), row)
    if (this.all.size > unfitRowsMax)
      throw this.#fault(
        'too-many-unfit-rows',
        `more than ${unfitRowsMax} rows are too large to be kept; of one, ${row.what}`,
      )
  }

  #fault(reason: string, words: string): VarveError {
    const data = { path: this.#where, reason }
    return new VarveError('VARVE_RULE_VIOLATED', `'${this.#where}': ${words}`, {
      data,
      hint: 'change these rows where the data comes from',
    })
  }
}

function keyDigest(cells: readonly Cell[]): string {
  const parts = cells.map(({ kind, bytes }) => [kind, sha256Hex(bytes)])
  return sha256Hex(new TextEncoder().encode(JSON.stringify(parts)))
}

export function unfitKey(cells: readonly Cell[], bytes: number, bytesMax: number): UnfitRow {
  const what = `its key has ${bytes} bytes`
  return { keyHex: null, keyDigest: keyDigest(cells), columns: [], bytes, bytesMax, what }
}

export function unfitCells(
  key: Uint8Array,
  cells: readonly { readonly column: string; readonly bytes: number }[],
  bytesMax: number,
): UnfitRow {
  const columns = cells.map(({ column }) => column)
  const largest = cells.reduce((one, other) => (other.bytes > one.bytes ? other : one))
  const what = `column '${largest.column}' has a value of ${largest.bytes} bytes`
  return { keyHex: toHex(key), keyDigest: null, columns, bytes: largest.bytes, bytesMax, what }
}

export function unfitWhole(key: Uint8Array, bytes: number, bytesMax: number): UnfitRow {
  const what = `without its large values it has ${bytes} bytes`
  return { keyHex: toHex(key), keyDigest: null, columns: [], bytes, bytesMax, what }
}
