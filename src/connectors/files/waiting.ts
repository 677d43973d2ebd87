// A table that cannot be read now waits by itself: the reason is told, and the others go on.
import { VarveError } from '../../base/errors.ts'
import { NotATable } from '../../formats/not-a-table.ts'

/** `words` complete a sentence that begins with the file's name. */
export function fileWaits(path: string, words: string, cause?: unknown): VarveError {
  const reason = cause instanceof NotATable && cause.fault !== null ? { reason: cause.fault } : {}
  const data = { path, waits: true, ...reason }
  return new VarveError('VARVE_NOT_POSSIBLE', `'${path}' ${words}`, { data, cause })
}

/** What is wrong with a file, as a reason for its table to wait; what is about no file passes. */
export function asWaiting(path: string, error: unknown): unknown {
  if (error instanceof NotATable) return fileWaits(path, `is not a table: ${error.message}`, error)
  if (error instanceof VarveError && error.code === 'VARVE_RULE_VIOLATED')
    return new VarveError('VARVE_NOT_POSSIBLE', error.message, {
      data: { ...error.data, waits: true },
      cause: error,
    })
  const { code } = error as NodeJS.ErrnoException
  if (error instanceof VarveError || typeof code !== 'string' || !/^E[A-Z]+$/.test(code)) return error
  return fileWaits(path, words.get(code) ?? `cannot be read (${code})`, error)
}

const words: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'may not be read'],
  ['EPERM', 'may not be read'],
  ['ENOENT', 'is gone'],
  ['ELOOP', 'is a symbolic link'],
  ['ENXIO', 'is not a file'],
  ['EISDIR', 'is not a file'],
])
