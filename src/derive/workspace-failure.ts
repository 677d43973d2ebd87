// The words for a disk that fails under the tables that SQL is asked about.
import { VarveError } from '../base/errors.ts'

const failures =
  /^(?:disk I\/O error|database or disk is full|unable to open database file|Could not open the database|attempt to write a readonly)/

/** The error for a disk that is full or fails; null when it is another error. */
export function workspaceFailure(error: unknown): VarveError | null {
  const { message } = error as Error
  if (!failures.test(message)) return null
  return new VarveError('VARVE_IO', `the tables cannot be kept for the query: ${message}`, {
    hint: 'they need room in the folder for temporary files',
    cause: error,
  })
}
