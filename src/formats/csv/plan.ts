// Schema and layout, worked out for the loops over rows: which column of the file goes where in key and row, and what
// each byte means. Plain data, so that it can be sent to a worker thread.
import { keyColumns, valueColumns } from '../../table/key.ts'
import type { Schema } from '../../table/interface.ts'
import { lineEnds } from '../../table/row.ts'
import type { CsvLayout } from './layout.ts'

/** What a byte of an unquoted cell asks for: 0 nothing; quotes that some writers would set; quotes in any case. */
export const byteClass = { plain: 0, soft: 1, hard: 2 } as const

const noQuote = -1
export const lf = 10
export const cr = 13

export interface Dialect {
  readonly delimiter: number
  /** `noQuote` where the file knows no quoting. */
  readonly quote: number
  /** Index in `lineEnds` of table/row.ts. */
  readonly eol: number
  readonly classes: Uint8Array
}

export interface CsvPlan extends Dialect {
  /** By column of the file: place among the row's cells, or -1 for a key cell. */
  readonly valuePlace: Int32Array
  /** By column of the file: place in the key, or -1. */
  readonly keyPlace: Int32Array
  /** By place in the key: 1 for an int column. */
  readonly keyIsInt: Uint8Array
  /** By column of the file: 1 where every cell is quoted. */
  readonly always: Uint8Array
  /** Cells of the row and of the key stand in the file in the order in which they are stored. */
  readonly isStraight: boolean
}

export function dialectOf(delimiter: string, quote: string, eol: string): Dialect {
  const classes = new Uint8Array(256)
  if (quote !== '') classes[quote.charCodeAt(0)] = byteClass.soft
  classes[cr] = eol === '\r' ? byteClass.hard : byteClass.soft
  classes[lf] = byteClass.hard
  classes[delimiter.charCodeAt(0)] = byteClass.hard
  return {
    delimiter: delimiter.charCodeAt(0),
    quote: quote === '' ? noQuote : quote.charCodeAt(0),
    eol: lineEnds.indexOf(eol),
    classes,
  }
}

export function csvPlan(schema: Schema, layout: CsvLayout): CsvPlan {
  const values = valueColumns(schema)
  const keys = keyColumns(schema)
  const valuePlace = Int32Array.from(schema.columns, (column) => values.indexOf(column))
  const keyPlace = Int32Array.from(schema.columns, (column) => keys.indexOf(column))
  const other = new Set(layout.quotingOther)
  return {
    ...dialectOf(layout.delimiter, layout.quote, layout.eol),
    valuePlace,
    keyPlace,
    keyIsInt: Uint8Array.from(keys, (column) => (column.type === 'int' ? 1 : 0)),
    always: Uint8Array.from(schema.columns, (column) =>
      layout.quote !== '' && (layout.quoting === 'always') !== other.has(column.id) ? 1 : 0,
    ),
    isStraight: isAscending(valuePlace) && isAscending(keyPlace),
  }
}

function isAscending(places: Int32Array): boolean {
  let last = -1
  for (const place of places) {
    if (place < 0) continue
    if (place < last) return false
    last = place
  }
  return true
}
