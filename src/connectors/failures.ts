// Errors of a database as errors of Varve. Each connector knows what its system's codes mean. `where` is the endpoint,
// without secrets.
import { type CertificateAdvice, certificateHint } from '../base/certificate-fault.ts'
import { VarveError } from '../base/errors.ts'
import { tlsWords } from '../base/tls-words.ts'

export interface FailureFacts {
  readonly data: Readonly<Record<string, unknown>>
  readonly cause: Error
}

export function unreachable(
  where: string,
  why: string,
  facts: FailureFacts,
  hint = 'check that the server runs and can be reached from here, and run the command again',
): VarveError {
  return new VarveError('VARVE_UNREACHABLE', `cannot reach '${where}': ${why}`, {
    ...facts,
    hint,
  })
}

/** null where the connection did not fail because of a certificate, the server's or ours. */
export function certificateRefused(
  where: string,
  facts: FailureFacts,
  advice: CertificateAdvice,
): VarveError | null {
  const hint = certificateHint(facts.cause, advice)
  const { data, cause } = facts
  if (hint === null) return null
  const words = tlsWords(cause) ?? cause.message
  return unreachable(where, words, { data: { ...data, passing: false }, cause }, hint)
}

/** `hint` says where passwords are looked for. */
export function accessRefused(where: string, facts: FailureFacts, hint: string): VarveError {
  return new VarveError('VARVE_REFUSED', `'${where}' refuses access: ${facts.cause.message}`, {
    ...facts,
    hint,
  })
}

/** `detail` stands behind the message. */
export function rightMissing(where: string, facts: FailureFacts, detail = ''): VarveError {
  return new VarveError('VARVE_REFUSED', `'${where}' does not allow it: ${facts.cause.message}${detail}`, {
    ...facts,
    data: { ...facts.data, lacksRight: true },
    hint: 'the user needs to read the linked tables, and to write, the tables and one of its own, varve_sync',
  })
}

/** Not this user, but all that is asked for there now. */
export function onlyRead(where: string, facts: FailureFacts): VarveError {
  return new VarveError('VARVE_REFUSED', `'${where}' may only be read: ${facts.cause.message}`, {
    ...facts,
    data: { ...facts.data, lacksRight: true },
    hint: 'it is a standby server, or is set to be read-only, for all or for this user',
  })
}

export function diskFull(where: string, facts: FailureFacts): VarveError {
  return new VarveError('VARVE_DISK_FULL', `no space left at '${where}': ${facts.cause.message}`, {
    ...facts,
    data: { ...facts.data, atEndpoint: true },
    hint: 'nothing was written there; free some space and run the command again',
  })
}

export function otherFailure(
  where: string,
  facts: FailureFacts,
  hint = 'nothing was written there',
): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `'${where}' says: ${facts.cause.message}`, {
    ...facts,
    hint,
  })
}
