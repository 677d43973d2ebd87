// What an operation fails with, as a line that a test compares.
import { type VarveError, isVarveError } from '../../src/base/errors.ts'

/** 'CODE' */
export function codeOf(work: Promise<unknown>): Promise<string> {
  return failure(work, ({ code }) => code)
}

/** 'CODE: message' */
export function fault(work: Promise<unknown>): Promise<string> {
  return failure(work, ({ code, message }) => `${code}: ${message}`)
}

/** 'CODE (exit code): message' */
export function faultWithExitCode(work: Promise<unknown>): Promise<string> {
  return failure(work, ({ code, exitCode, message }) => `${code} (${exitCode}): ${message}`)
}

/** 'CODE: message (hint)' */
export function faultWithHint(work: Promise<unknown>): Promise<string> {
  return failure(work, ({ code, message, hint }) => `${code}: ${message} (${hint})`)
}

async function failure(work: Promise<unknown>, show: (error: VarveError) => string): Promise<string> {
  try {
    await work
  } catch (error) {
    return isVarveError(error) ? show(error) : String(error)
  }
  return 'no error'
}
