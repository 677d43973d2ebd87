// The options by which a command is about one row of a table or one cell of it, or asks what is meant.
import { type Arguments, usage } from '../arguments.ts'
import type { OptionSpecs } from '../interface.ts'

export const rowOptions: OptionSpecs = {
  key: { type: 'list', short: 'k', value: 'KEY', about: 'only this row; once for each column of its key' },
  column: { type: 'text', short: 'c', value: 'NAME', about: 'only this cell of the row' },
}

export const patchOptions: OptionSpecs = {
  patch: { type: 'flag', short: 'p', about: 'ask of each changed row, and each change of a text' },
}

/** null where no row is named. */
export function chosenRow(given: Arguments): { rows: [{ text: readonly string[] }]; column?: string } | null {
  const key = given.list('key')
  const column = given.text('column')
  if (key.length === 0) {
    if (column !== undefined) throw usage('--column needs the row: --key KEY')
    return null
  }
  return { rows: [{ text: key }], ...(column === undefined ? {} : { column }) }
}
