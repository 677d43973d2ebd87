// Errors of SQLite as errors of Varve: a lock held by another, a damaged file, a full disk, and what to do. Other
// errors pass through unchanged.
import fs from 'node:fs'
import { dirname } from 'node:path'
import { type ErrorCode, VarveError } from '../../base/errors.ts'

/** SQLite's words for some of its codes: where rows are read the driver gives the words alone. */
const words: ReadonlyMap<string, number> = new Map([
  ['access permission denied', 3],
  ['database is locked', 5],
  ['database table is locked', 6],
  ['out of memory', 7],
  ['attempt to write a readonly database', 8],
  ['interrupted', 9],
  ['disk I/O error', 10],
  ['database disk image is malformed', 11],
  ['database or disk is full', 13],
  ['unable to open database file', 14],
  ['file is not a database', 26],
])
const other = 1
const readOnly = 8
const cannotOpen = 14

/** SQLite's extended result code, as far as it is known; 0 of anything else. */
export function errorCode(error: unknown): number {
  const { code, errcode, sqliteExtendedCode, message } = error as Readonly<Record<string, unknown>>
  const known = sqliteExtendedCode ?? errcode
  if (typeof known === 'number') return known
  return code === 'ERR_SQLITE_ERROR' ? (words.get(String(message)) ?? other) : 0
}

/** By the primary result code; https://sqlite.org/rescode.html. */
const codes: ReadonlyMap<number, readonly [code: ErrorCode, hint: string]> = new Map([
  [3, ['VARVE_REFUSED', 'the user needs to read the file, and to write, the file and its folder']],
  [5, ['VARVE_UNREACHABLE', 'another process has it locked; run the command again when it has let go']],
  [6, ['VARVE_UNREACHABLE', 'another process has it locked; run the command again when it has let go']],
  [8, ['VARVE_REFUSED', 'the user needs to read the file, and to write, the file and its folder']],
  [10, ['VARVE_IO', 'nothing was written']],
  [11, ['VARVE_CORRUPT', "look at what 'PRAGMA integrity_check' says of it"]],
  [13, ['VARVE_DISK_FULL', 'nothing was written there; free some space and run the command again']],
  [14, ['VARVE_UNREACHABLE', 'check that the file is there and its folder can be written to']],
  [26, ['VARVE_NOT_POSSIBLE', 'a link needs an SQLite database there']],
])

export function sqliteError(path: string, error: unknown): unknown {
  const code = errorCode(error)
  if (code === 0 || error instanceof VarveError) return error
  const [kind, hint] =
    codes.get(isShut(path, code) ? readOnly : code & 0xff) ??
    (['VARVE_NOT_POSSIBLE', 'nothing was written there'] as const)
  const message = (error as Error).message
  const data = { path, code, ...(kind === 'VARVE_DISK_FULL' ? { atEndpoint: true } : {}) }
  return new VarveError(kind, `'${path}' says: ${message}`, { data, hint, cause: error })
}

/** What cannot be opened is not the file, but one beside it, which its folder has no place for. */
function isShut(path: string, code: number): boolean {
  if ((code & 0xff) !== cannotOpen || !fs.existsSync(path)) return false
  try {
    fs.accessSync(dirname(path), fs.constants.W_OK)
    return false
  } catch {
    return true
  }
}

/** An error in reading a table, which alone waits where its own definition or its values are at fault. */
export function readingError(path: string, table: string, error: unknown): unknown {
  if ((errorCode(error) & 0xff) !== other) return sqliteError(path, error)
  return new VarveError('VARVE_RULE_VIOLATED', `'${table}' cannot be read: ${(error as Error).message}`, {
    data: { path, table },
    hint: 'mend the table, or leave it out of the link',
    cause: error,
  })
}

/** Whether the error is about a row, not about the file: TOOBIG, CONSTRAINT or MISMATCH. */
export function isRefusal(error: unknown): boolean {
  return [18, 19, 20].includes(errorCode(error) & 0xff)
}

/** A trigger said no; it may have left behind what it had done before. */
export function isTriggers(error: unknown): boolean {
  return errorCode(error) === 1811
}
