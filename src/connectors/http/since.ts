// What an API is asked for that is to answer only what is new: items from a moment or a number on. That is the largest one
// seen, minus the lag, written as the API writes it. The answers show which is the largest, once they are read.
import { VarveError } from '../../base/errors.ts'
import { utf8Text } from '../../base/bytes.ts'
import type { CursorLag } from '../../dataset/interface.ts'
import type { Cell } from '../../table/interface.ts'
import { cursorColumn } from '../cursor-column.ts'
import type { EndpointTable, RowCursor } from '../interface.ts'

const moment = /^(\d{4}-\d\d-\d\d)(?:([ T])(\d\d:\d\d(?::\d\d)?)(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/
const count = /^-?\d{1,19}$/
/** Seconds since 1970 have fewer digits for some centuries, milliseconds have had more. */
const secondsDigitsMax = 11

export class LargestSeen {
  readonly #table: string
  readonly #place: number
  readonly #cursor: RowCursor
  #text: string | null

  /** @throws VarveError VARVE_RULE_VIOLATED: the column cannot serve as a cursor */
  constructor(table: EndpointTable, cursor: RowCursor) {
    const column = cursorColumn(table, cursor)
    this.#table = table.name
    this.#place = table.columns.findIndex(({ name }) => name === column.name)
    this.#cursor = cursor
    this.#text = cursor.from
  }

  get text(): string | null {
    return this.#text
  }

  /** @throws VarveError VARVE_RULE_VIOLATED: a value is neither empty nor a time or a number, as the column should be */
  see(row: readonly Cell[]): void {
    const cell = row[this.#place]!
    if (cell.kind === 'null' || cell.kind === 'absent' || cell.bytes.length === 0) return
    const text = utf8Text(cell.bytes)
    const { column, lag } = this.#cursor
    const isFit = cell.kind === 'number' || cell.kind === 'text' ? before(text, lag) !== null : false
    if (!isFit)
      throw new VarveError(
        'VARVE_RULE_VIOLATED',
        `the cursor '${column}' of '${this.#table}' holds a value that is not a ${'ms' in lag ? 'time' : 'number'}: ${text.slice(0, 100)}`,
        { hint: "choose another column as 'cursor' of the link in varve.yaml, or leave it out" },
      )
    if (this.#text === null || isLarger(text, this.#text)) this.#text = text
  }
}

/** The first value to ask for where `largest` was the last one seen; null: that is none. */
export function before(largest: string, lag: CursorLag): string | null {
  if (count.test(largest)) {
    const isSeconds = largest.length <= secondsDigitsMax
    const step = 'units' in lag ? lag.units : isSeconds ? Math.ceil(lag.ms / 1000) : lag.ms
    return String(BigInt(largest) - BigInt(Math.ceil(step)))
  }
  if ('units' in lag) {
    const value = Number(largest)
    return largest.trim() === '' || !Number.isFinite(value) ? null : String(value - lag.units)
  }
  const [, date, between, time, fraction, zone] = moment.exec(largest) ?? []
  const ms = msOf(largest)
  if (date === undefined || ms === null) return null
  const text = new Date(ms - lag.ms).toISOString()
  if (between === undefined) return text.slice(0, 10)
  const end = fraction === undefined ? '' : text.slice(19, 23)
  return `${text.slice(0, 10)}${between}${text.slice(11, 11 + time!.length)}${end}${zone === undefined ? '' : 'Z'}`
}

/** A time without a zone is taken for one of UTC: only differences count. */
function msOf(text: string): number | null {
  const [, date, between, time, fraction = '', zone = 'Z'] = moment.exec(text) ?? []
  const ms = Date.parse(between === undefined ? `${date}T00:00Z` : `${date}T${time}${fraction}${zone}`)
  return Number.isNaN(ms) ? null : ms
}

function isLarger(one: string, other: string): boolean {
  if (count.test(one) && count.test(other)) return BigInt(one) > BigInt(other)
  const [a, b] = [msOf(one), msOf(other)]
  if (a !== null && b !== null) return a > b || (a === b && one > other)
  return Number(one) > Number(other)
}
