// Errors of MySQL, and of the connection to it, as errors of Varve: refused, unreachable or transient, and what to do.
// Other errors pass through unchanged.
import { VarveError } from '../../base/errors.ts'
import {
  accessRefused,
  certificateRefused,
  diskFull,
  onlyRead,
  otherFailure,
  rightMissing,
  unreachable,
} from '../failures.ts'
import { linkAdvice } from '../tls/advice.ts'

const advice = {
  ...linkAdvice,
  trust: `${linkAdvice.trust}, and so does ?ssl-ca=FILE behind the URL; ?ssl-mode=required looks at none`,
}
const passwordHint =
  "give the password in VARVE_LINK_NAME_PASSWORD, MYSQL_PWD or the section [client] of ~/.my.cnf, never in the URL; a user who must come encrypted needs '?ssl-mode=verify-identity', and one who must show a certificate VARVE_LINK_NAME_CERT_FILE and VARVE_LINK_NAME_KEY_FILE"
const noSpace: ReadonlySet<number> = new Set([1021, 1114])
const wrongUser: ReadonlySet<number> = new Set([1045, 1251, 1524, 1698, 1820, 1862])
const lockedUser = 4151
const missingRight: ReadonlySet<number> = new Set([1044, 1142, 1143, 1227, 1370])
const readOnly: ReadonlySet<number> = new Set([1290, 1792, 1836])
/**
 * Deadlocks and waits for a lock, tables that are altered, a server that starts, ends or has no connection left, and a log
 * that cannot be read on: whoever opens it again finds out why.
 */
const passing: ReadonlySet<number> = new Set([
  1020, 1040, 1053, 1105, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 1226, 1236, 1317, 1412, 1613, 1927, 3024,
])
/**
 * Faults of a row, not of the server: null, duplicate, references, checks, ranges, lengths, characters, values of
 * computed indexes, vectors, what triggers raise.
 */
const refusals: ReadonlySet<number> = new Set([
  1048, 1062, 1172, 1216, 1217, 1263, 1264, 1265, 1267, 1292, 1364, 1366, 1367, 1406, 1411, 1416, 1438, 1451,
  1452, 1526, 1557, 1586, 1644, 1690, 1748, 1761, 1762, 1844, 1906, 3140, 3751, 3752, 3819, 3903, 3904, 3905,
  3906, 3907, 4025, 4076, 4079, 4095, 4161, 6136,
])

export function numberOf(error: unknown): number {
  const { errno } = error as { errno?: unknown }
  return typeof errno === 'number' ? errno : 0
}

/** That of the server's error behind one of ours; 0 where there is none. */
export function causeNumber(error: unknown): number {
  return numberOf((error as { cause?: unknown }).cause ?? {})
}

/** Whether the error is about a row that was written, and not about the server. */
export function isRefusal(error: unknown): boolean {
  const { sqlState } = error as { sqlState?: unknown }
  return refusals.has(numberOf(error)) || (typeof sqlState === 'string' && /^(22|23|45)/.test(sqlState))
}

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
  const { code, sqlState } = error as { code?: unknown; sqlState?: unknown }
  const number = numberOf(error)
  const facts = { data: { endpoint: where, ...(typeof code === 'string' ? { code } : {}) }, cause: error }
  if (sqlState === undefined) {
    const untrusted = certificateRefused(where, facts, advice)
    if (untrusted !== null) return untrusted
    const isLine = typeof code === 'string' || /closed|connection|timeout/i.test(error.message)
    const hint = /does not support secure/.test(error.message)
      ? "it is reached without encryption where the URL has no 'ssl-mode'"
      : undefined
    return isLine ? unreachable(where, error.message || String(code), facts, hint) : error
  }
  if (passing.has(number)) return unreachable(where, error.message, facts)
  if (number === 1049) return accessRefused(where, facts, 'the path of the URL names the database')
  if (number === lockedUser)
    return accessRefused(where, facts, "it is unlocked by 'ALTER USER … ACCOUNT UNLOCK'")
  if (wrongUser.has(number)) return accessRefused(where, facts, passwordHint)
  if (missingRight.has(number)) return rightMissing(where, facts)
  if (readOnly.has(number)) return onlyRead(where, facts)
  return noSpace.has(number) ? diskFull(where, facts) : otherFailure(where, facts)
}
