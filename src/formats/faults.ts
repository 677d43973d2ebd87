// What is wrong with a file, in words: faults that the user should mend are VarveErrors with path, line and column;
// what is merely no table for us is NotATable.
import { VarveError } from '../base/errors.ts'
import { NotATable } from './not-a-table.ts'
import type { SliceFault } from './interface.ts'

export interface FaultPlace {
  readonly where: string
  readonly line: number
  readonly column?: string | undefined
}

const violations: Partial<Record<SliceFault, string>> = {
  'ragged-row': 'row has more cells than the header has columns',
  'empty-key': 'key cell is empty',
  'key-too-long': 'key is longer than 1024 bytes',
  'key-not-scalar': 'key is an object, an array or a number of too many digits',
  'missing-key': 'row has no key',
  'not-json': 'line is not JSON',
  'not-object': 'line is not a JSON object',
  'unclosed-quote': 'quote is never closed',
  unfinished: 'row is not finished',
  'not-utf8': 'text is not UTF-8: save the file as UTF-8',
}

const reasons: Partial<Record<SliceFault, string>> = {
  'text-behind-quote': 'text follows a closing quote',
  'cell-too-large': 'a cell is larger than 16 MiB or a row larger than 900 KiB',
  'blank-line': 'there is a blank line between rows',
  'not-reproduced': 'its spelling cannot be written back byte for byte',
}

export function faultError(fault: SliceFault, place: FaultPlace): VarveError | NotATable {
  const isShort = fault === 'ragged-row' && place.column !== undefined
  const words = isShort ? 'row has fewer cells than the header has columns' : violations[fault]
  if (words === undefined) return new NotATable(reasons[fault]!, place.line, fault)
  return violation(fault, words, place)
}

export function violation(reason: string, words: string, place: FaultPlace, data: object = {}): VarveError {
  const column = place.column === undefined ? '' : `, column '${place.column}'`
  return new VarveError('VARVE_RULE_VIOLATED', `'${place.where}' line ${place.line}${column}: ${words}`, {
    data: {
      path: place.where,
      line: place.line,
      ...(place.column === undefined ? {} : { column: place.column }),
      reason,
      ...data,
    },
    hint: "mend the line, or keep the file as it is, without rows: 'varve add --as-file'",
  })
}
