// Errors of PostgreSQL, and of the connection to it, as errors of Varve: refused or unreachable, and what to do. Other
// errors pass through unchanged.
import { VarveError } from '../../base/errors.ts'
import {
  type FailureFacts,
  accessRefused,
  certificateRefused,
  diskFull,
  onlyRead,
  otherFailure,
  rightMissing,
  unreachable,
} from '../failures.ts'
import { linkAdvice } from '../tls/advice.ts'

/** The line; a server that starts or ends, or has no connection left; deadlocks, and a lock that was not to be had in time. */
const passing = /^(08|57P|40)|^(53300|55P03)$/
const missingRight = '42501'
const readOnly = '25006'
/** Each has a digit, unlike the system's EPIPE. */
const sqlState = /^(?=.*\d)[0-9A-Z]{5}$/
/** The slot of a link is read by one process at a time, and must be made anew for what was asked. */
const followedHint =
  "another process reads this link's log: end its 'varve sync --follow', do this, and start it again"
const advice = {
  ...linkAdvice,
  trust: `${linkAdvice.trust}, and so does ?sslrootcert=FILE behind the URL; ?sslmode=no-verify looks at none`,
}
const passwordHint =
  'give the password in VARVE_LINK_NAME_PASSWORD, PGPASSWORD or a .pgpass file, never in the URL'

/** Runs `work`; an error of the driver is thrown as a VarveError. */
export async function withEndpointErrors<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw endpointError(where, error)
  }
}

/** `where` is the endpoint, without secrets. */
export function endpointError(where: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof VarveError) return error
  const { code } = error as { code?: unknown }
  const facts = { data: { endpoint: where, ...(typeof code === 'string' ? { code } : {}) }, cause: error }
  if (typeof code !== 'string' || !sqlState.test(code)) {
    if (/^SASL|password must be a/.test(error.message)) return notLoggedIn(where, facts)
    const untrusted = certificateRefused(where, facts, advice)
    if (untrusted !== null) return untrusted
    const isLine = typeof code === 'string' || /connection|timeout|not queryable/i.test(error.message)
    return isLine ? unreachable(where, error.message || String(code), facts, lineHint(error)) : error
  }
  if (passing.test(code)) return unreachable(where, error.message, facts)
  if (code.startsWith('28')) {
    if (/client certificate|certificate authentication/.test(error.message))
      return accessRefused(where, facts, linkAdvice.own)
    return accessRefused(where, facts, code === '28000' ? nobodyHint(error) : passwordHint)
  }
  if (code.startsWith('3D')) return accessRefused(where, facts, 'the path of the URL names the database')
  if (code === missingRight) return rightMissing(where, facts, detailOf(error))
  if (code === readOnly) return onlyRead(where, facts)
  if (code === '53100') return diskFull(where, facts)
  return otherFailure(where, facts, code === '55006' ? followedHint : undefined)
}

/** Which right it is: newer servers say so here, not in the message. */
function detailOf({ detail }: Error & { detail?: unknown }): string {
  return typeof detail === 'string' ? ` (${detail.replace(/\.$/, '')})` : ''
}

/** Not the password, but the user is refused, or the place that he comes from. */
function nobodyHint({ message }: Error): string {
  return message.includes('does not exist')
    ? 'the URL names the user: postgres://USER@HOST/DATABASE'
    : "the server decides who may log in: by 'ALTER ROLE … LOGIN', and in pg_hba.conf; where that asks for encryption, the URL needs '?sslmode=verify-full'"
}

/** Where it is not the way to the server that fails, but what was asked of it. */
function lineHint({ message }: Error): string | undefined {
  return message.includes('does not support SSL')
    ? "it is reached without encryption where the URL has no 'sslmode'"
    : undefined
}

/** The driver's own words: it was given no password, or the server did not prove that it knows it. */
function notLoggedIn(where: string, facts: FailureFacts): VarveError {
  const isMissing = facts.cause.message.includes('password must be a')
  const why = isMissing ? 'it asks for a password, and there is none' : facts.cause.message
  return new VarveError('VARVE_REFUSED', `'${where}' refuses access: ${why}`, {
    ...facts,
    hint: passwordHint,
  })
}

/**
 * About the rows, not about the server: classes 22 and 23, what triggers raise, types and checks, what an index or a type has
 * no room for, columns that the database sets itself, policies of rows, and rights that a trigger or a rule lacks.
 */
export function isRefusal(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^(22|23|P0)|^(42501|42804|428C9|44000|54000)$/.test(code)
}

/** Whether a right is missing, and not that a policy will not have the row. */
export function isDenial(error: unknown): boolean {
  const { code, routine } = error as { code?: unknown; routine?: unknown }
  return code === '42501' && routine !== 'ExecWithCheckOptions'
}
