// Values that do not fit their column's type, and are kept as text: counted where rows are made, which costs nothing for
// values that fit, and told of each column with the first of them.
import type { ColumnType } from '../../table/interface.ts'
import { isDateText, isTimestampText } from './written-times.ts'

/** Of one column in one slice; plain data, for it goes between threads. */
export interface SliceMisfit {
  /** Among the columns of the key, or among the others. */
  readonly part: 'key' | 'values'
  readonly place: number
  readonly count: number
  /** Row of the slice that has the first, from 0. */
  readonly row: number
  /** The beginning of the first, as it stands there. */
  readonly text: string
}

export interface Misfit {
  readonly column: string
  readonly type: ColumnType
  readonly count: number
  readonly text: string
  /** Of the first; null: not known. */
  readonly line: number | null
  /** File of the first. */
  readonly where: string
}

const textBytesMax = 40
const columnsToldMax = 5

/** Whether a text, from `start` to `end`, is a value of a column of this type. */
export function fitsAsText(type: ColumnType, bytes: Uint8Array, start: number, end: number): boolean {
  switch (type) {
    case 'text':
      return true
    case 'date':
      return isDateText(bytes, start, end)
    case 'timestamp':
      return isTimestampText(bytes, start, end)
    default:
      return false
  }
}

export function misfitText(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, textBytesMax))
  return bytes.length > textBytesMax ? `${text.replace(/\uFFFD$/, '')}…` : text
}

/** Where rows are made, they are noted. */
export interface MisfitNotes {
  add(part: SliceMisfit['part'], place: number, row: number, bytes: Uint8Array): void
}

/** Each by itself, for whoever leaves some of the rows out. */
export class RowMisfits implements MisfitNotes {
  readonly all: SliceMisfit[] = []

  add(part: SliceMisfit['part'], place: number, row: number, bytes: Uint8Array): void {
    this.all.push({ part, place, count: 1, row, text: misfitText(bytes) })
  }
}

/** Of one slice. */
export class SliceMisfits implements MisfitNotes {
  readonly #found = new Map<string, { -readonly [K in keyof SliceMisfit]: SliceMisfit[K] }>()

  get list(): readonly SliceMisfit[] {
    return [...this.#found.values()]
  }

  add(part: SliceMisfit['part'], place: number, row: number, bytes: Uint8Array): void {
    const name = `${part} ${place}`
    const known = this.#found.get(name)
    if (known === undefined) this.#found.set(name, { part, place, count: 1, row, text: misfitText(bytes) })
    else known.count++
  }
}

/** Of one table. */
export class Misfits {
  readonly #found = new Map<string, Misfit>()

  /** In the order of the file. */
  add(misfit: Misfit): void {
    const known = this.#found.get(misfit.column)
    const count = misfit.count + (known?.count ?? 0)
    this.#found.set(misfit.column, { ...(known ?? misfit), count })
  }

  /** "column 'amount' of 't': 3 values do not look like decimal, …", at most some. */
  notes(table: string): string[] {
    const all = [...this.#found.values()]
    const notes = all.slice(0, columnsToldMax).map((one) => noteOf(one, table))
    const more = all.length - columnsToldMax
    if (more > 0)
      notes.push(`${more} more columns of '${table}' have values that do not look like their types`)
    return notes
  }
}

function noteOf({ column, type, count, text, line, where }: Misfit, table: string): string {
  const values = count === 1 ? '1 value does' : `${count} values do`
  const place = line === null ? where : `${where} line ${line}`
  return `column '${column}' of '${table}': ${values} not look like ${type}, the first in ${place}: ${JSON.stringify(text)}; kept as text`
}
