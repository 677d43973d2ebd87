// What is wrong with a columnar file, in words: damage, what Varve does not read, and values that no cell can hold.
// A value is named by its row and column; nothing is ever cut or replaced to make it fit.
import { VarveError } from '../../base/errors.ts'

/** The error for a file that does not hold what its structure says. */
export function damaged(where: string, what: string, cause?: unknown): VarveError {
  return new VarveError('VARVE_CORRUPT', `'${where}' is damaged: ${what}`, {
    data: { path: where, reason: 'damaged-file' },
    cause,
    hint: 'get the file again from where it came from',
  })
}

/** The error for a file that may be sound, but holds something that Varve does not read. */
export function unsupported(where: string, what: string, data: object = {}): VarveError {
  return new VarveError('VARVE_UNSUPPORTED_FORMAT', `'${where}': ${what}`, {
    data: { path: where, ...data },
    hint: 'write the file again without that; as a plain file it can be versioned as it is',
  })
}

export interface CellPlace {
  readonly where: string
  /** From 1, in the file's order. */
  readonly row: number
  readonly column?: string | undefined
}

export function cellFault(reason: string, words: string, { where, row, column }: CellPlace): VarveError {
  const named = column === undefined ? '' : `, column '${column}'`
  return new VarveError('VARVE_RULE_VIOLATED', `'${where}' row ${row}${named}: ${words}`, {
    data: { path: where, row, ...(column === undefined ? {} : { column }), reason },
    hint: 'change the row where the data comes from',
  })
}

/** Turns errors of libraries into errors of Varve, and leaves those of Varve as they are. */
export function toDamageError(where: string, error: unknown): VarveError {
  if (error instanceof VarveError) return error
  return damaged(where, error instanceof Error ? error.message : String(error), error)
}
