// The layout of a CSV or TSV file: all that its bytes hold beyond rows. Columns are named by id, so that a layout
// outlives a change of the schema; a new column takes the file's common quoting.
import { corrupt } from '../../base/errors.ts'
import type { Layout } from '../../table/interface.ts'

export type Quoting = 'minimal' | 'always'

export interface CsvLayout extends Layout {
  readonly format: 'csv' | 'tsv'
  /** One ASCII character. */
  readonly delimiter: string
  /** '"', or '' where the file knows no quoting. */
  readonly quote: '"' | ''
  readonly eol: '\n' | '\r\n' | '\r'
  /** Line end of the header, where it is not `eol`. */
  readonly headerEol: '\n' | '\r\n' | '\r'
  readonly bom: boolean
  /** Line end of a first line that names the delimiter (`sep=;`); absent where there is no such line. */
  readonly delimiterEol?: '\n' | '\r\n' | '\r'
  /** Whether the last row has a line end. */
  readonly finalEol: boolean
  /** What follows the last row: line ends only. */
  readonly trailer: string
  /** How most columns quote; `quotingOther` has the ids of those that do it the other way. */
  readonly quoting: Quoting
  readonly quotingOther: readonly number[]
  readonly headerQuoting: Quoting
  readonly headerOther: readonly number[]
}

const eols = ['\n', '\r\n', '\r']
const quotings = ['minimal', 'always']

/** @throws VarveError VARVE_CORRUPT where a stored layout is not one that Varve writes. */
export function checkCsvLayout(layout: Layout): CsvLayout {
  const { format, delimiter, quote, eol, headerEol, bom, finalEol, trailer, quoting, headerQuoting } = layout
  const isWhole =
    (format === 'csv' || format === 'tsv') &&
    typeof delimiter === 'string' &&
    /^[\t -~]$/.test(delimiter) &&
    (quote === '"' || quote === '') &&
    delimiter !== quote &&
    eols.includes(eol as string) &&
    eols.includes(headerEol as string) &&
    typeof bom === 'boolean' &&
    typeof finalEol === 'boolean' &&
    typeof trailer === 'string' &&
    /^[\r\n]*$/.test(trailer) &&
    quotings.includes(quoting as string) &&
    quotings.includes(headerQuoting as string) &&
    isIds(layout.quotingOther) &&
    isIds(layout.headerOther) &&
    (layout['delimiterEol'] === undefined || eols.includes(layout['delimiterEol'] as string)) &&
    Object.keys(layout).length === (layout['delimiterEol'] === undefined ? 12 : 13)
  if (!isWhole) throw corrupt('layout of a table is not one of a CSV file')
  return layout as unknown as CsvLayout
}

function isIds(value: unknown): boolean {
  return Array.isArray(value) && value.every((id) => Number.isSafeInteger(id))
}
