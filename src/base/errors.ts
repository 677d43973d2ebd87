// Varve's one error type. An expected failure carries a stable code, the facts in `data`, and a hint
// that says what to do next; messages follow git: lower case, fault first, subject in quotes, no full stop.
// Misuse of the API throws TypeError; a broken invariant throws AssertionError (see assert.ts).

/** Says what kind of failure it is; docs/CLI.md has their meanings. */
export type ErrorCode =
  | 'VARVE_USAGE'
  | 'VARVE_ABORTED'
  | 'VARVE_NOT_POSSIBLE'
  | 'VARVE_MERGE_CONFLICT'
  | 'VARVE_RULE_VIOLATED'
  | 'VARVE_UNCOMMITTED'
  | 'VARVE_PATH_NOT_FOUND'
  | 'VARVE_NO_REPOSITORY'
  | 'VARVE_REF_NOT_FOUND'
  | 'VARVE_NOTHING_TO_COMMIT'
  | 'VARVE_CORRUPT'
  | 'VARVE_OBJECT_MISSING'
  | 'VARVE_UNSUPPORTED_FORMAT'
  | 'VARVE_IO'
  | 'VARVE_DISK_FULL'
  | 'VARVE_UNREACHABLE'
  | 'VARVE_REFUSED'

/** Exit code of the command line for each error code; docs/CLI.md prints this table. */
export const exitCodes: Readonly<Record<ErrorCode, number>> = {
  VARVE_USAGE: 2,
  VARVE_ABORTED: 130,
  VARVE_NOT_POSSIBLE: 20,
  VARVE_MERGE_CONFLICT: 21,
  VARVE_RULE_VIOLATED: 23,
  VARVE_UNCOMMITTED: 29,
  VARVE_PATH_NOT_FOUND: 40,
  VARVE_NO_REPOSITORY: 41,
  VARVE_REF_NOT_FOUND: 43,
  VARVE_NOTHING_TO_COMMIT: 44,
  VARVE_CORRUPT: 50,
  VARVE_OBJECT_MISSING: 50,
  VARVE_UNSUPPORTED_FORMAT: 51,
  VARVE_IO: 52,
  VARVE_DISK_FULL: 53,
  VARVE_UNREACHABLE: 60,
  VARVE_REFUSED: 61,
}

/** Facts about one failure, by name: `{ path, line }`. */
export interface ErrorFacts {
  readonly [name: string]: unknown
}

/** An expected failure. Its `code` is stable; its message is for people. */
export class VarveError extends Error {
  override readonly name: string = 'VarveError'
  readonly code: ErrorCode
  /** The facts: which path, which revision. */
  readonly data: ErrorFacts
  /** What the user can do next: one sentence without a full stop, or a command. */
  readonly hint: string | undefined

  constructor(
    code: ErrorCode,
    message: string,
    options: { data?: ErrorFacts; hint?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    // Connectors are written without types, too.
    if (!Object.hasOwn(exitCodes, code))
      throw new TypeError(`no code of an error: '${code}' (${message}); see docs/CLI.md`, options)
    this.code = code
    this.data = options.data ?? {}
    this.hint = options.hint
  }

  /** What the command line exits with for this code. */
  get exitCode(): number {
    return exitCodes[this.code]
  }

  /** As `--json` prints it. */
  toJSON(): { code: ErrorCode; message: string; hint?: string; data: ErrorFacts } {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      data: this.data,
    }
  }
}

/** Whether a caught value is a VarveError, of this code where one is given. */
export function isVarveError(error: unknown, code?: ErrorCode): error is VarveError {
  return error instanceof VarveError && (code === undefined || error.code === code)
}

/** Bytes that came from outside do not hold what they claim: always this error, never a wrong value. */
export function corrupt(what: string, data: ErrorFacts = {}, cause?: unknown): VarveError {
  return new VarveError('VARVE_CORRUPT', what, {
    data,
    cause,
    hint: "see what is damaged: 'varve fsck'; 'varve fsck --repair' mends it, from a remote that has it whole where there is one",
  })
}

/** Programs without types give a text where a list is meant. @throws TypeError */
export function checkList(given: unknown, example: string): void {
  if (!Array.isArray(given)) throw new TypeError(`a list is needed, such as ${example}`)
}

/** What a stop says unless it is known better. */
export const stoppedEarly: string = 'stopped before it was done'

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new VarveError('VARVE_ABORTED', stoppedEarly, { cause: signal.reason })
  }
}
