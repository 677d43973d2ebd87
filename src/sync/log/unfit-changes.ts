// Which rows of a table cannot be kept, as its log goes on. A log may leave out values that a change left as they were: of a
// row that waits because of such a value that is still so, and of any other such row nothing is sure but what is told.
import { toHex } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import type { LogChange } from '../../connectors/change-log.ts'
import type { EndpointTable } from '../../connectors/interface.ts'
import {
  type UnfitRow,
  UnfitRows,
  unfitCells,
  unfitKey,
  unfitName,
} from '../../formats/columnar/unfit-rows.ts'
import { absentCell, cellBytes } from '../../table/cell.ts'
import type { Cell, Schema } from '../../table/interface.ts'
import { encodeKey, keyBytesMax } from '../../table/key.ts'
import { cellBytesMax } from '../../table/row.ts'
import type { UnfitOfTable } from '../capture/unfit-tables.ts'

type Put = Extract<LogChange, { kind: 'put' }>

/** `tooLong`: the key is too long to be kept. */
export type LoggedKey =
  | { readonly name: string; readonly key: Uint8Array; readonly tooLong: null }
  | { readonly name: string; readonly key: null; readonly tooLong: UnfitRow }

export function loggedKey(schema: Schema, cells: readonly Cell[]): LoggedKey {
  try {
    const key = encodeKey(schema, cells)
    return { name: toHex(key), key, tooLong: null }
  } catch (error) {
    if (!(error instanceof VarveError)) throw error
    const tooLong = unfitKey(cells, Number(error.data['length']), keyBytesMax)
    return { name: unfitName(tooLong), key: null, tooLong }
  }
}

export class UnfitChanges {
  readonly #columns: readonly { readonly name: string; readonly isKey: boolean }[]
  readonly #rows: UnfitRows

  /** `known` are the rows that could not be kept before. */
  constructor({ columns, key }: EndpointTable, where: string, known: UnfitOfTable) {
    this.#columns = columns.map(({ name }) => ({ name, isKey: key.includes(name) }))
    this.#rows = new UnfitRows(where, known)
  }

  get all(): UnfitOfTable {
    return this.#rows.all
  }

  /** Forgets a row, which is gone. */
  leave({ name }: LoggedKey): void {
    this.#rows.all.delete(name)
  }

  /**
   * Judges a change; `from` is the row's key before it. 'fits' means as far as is known, 'unclear' that the log is
   * not enough.
   * @throws as `UnfitRows`
   */
  put({ after, isPatch }: Put, from: LoggedKey, to: LoggedKey): 'fits' | 'unfit' | 'unclear' {
    const before = this.#rows.all.get(from.name)
    this.leave(from)
    this.leave(to)
    if (to.tooLong !== null) return this.note(to.tooLong)
    const large = this.#columns.flatMap(({ name, isKey }, i) => {
      const bytes = isKey ? 0 : cellBytes(after[i] ?? absentCell)
      return bytes > cellBytesMax ? [{ column: name, bytes }] : []
    })
    const leftOut = this.#columns.filter((_, i) => after[i] === null).map(({ name }) => name)
    const still = before?.columns.filter((name) => leftOut.includes(name)) ?? []
    if (large.length > 0) {
      const row = unfitCells(to.key, large, cellBytesMax)
      return this.note({ ...row, columns: [...row.columns, ...still] })
    }
    if (before === undefined || leftOut.length === 0) return 'fits'
    const same = { ...before, keyHex: to.name, keyDigest: null }
    if (still.length > 0) return this.note({ ...same, columns: still })
    return isPatch === true ? this.note(same) : 'unclear'
  }

  /** Notes a row that turned out to be too large when it was put together. */
  note(row: UnfitRow): 'unfit' {
    this.#rows.set(row)
    return 'unfit'
  }
}
