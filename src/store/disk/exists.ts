// Whether a file or folder exists, without mistaking one that cannot be accessed for one that is missing.
import fs from 'node:fs'
import { ioError } from './files.ts'

/** Names that nothing can have: below a file, too long, in a circle, with a zero in them. */
const namesNothing = new Set(['ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'ERR_INVALID_ARG_VALUE'])

/** Whether there is something. What cannot be looked at is an error: taken for missing, it could be made anew. */
export function exists(file: string): boolean {
  try {
    return fs.statSync(file, { throwIfNoEntry: false }) !== undefined
  } catch (cause) {
    if (namesNothing.has((cause as NodeJS.ErrnoException).code ?? '')) return false
    throw ioError(cause, file)
  }
}
