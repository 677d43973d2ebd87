// Errors between Varve and a receiver: it cannot be reached, or it refuses.
import { certificateHint } from '../base/certificate-fault.ts'
import { VarveError } from '../base/errors.ts'
import { tlsWords } from '../base/tls-words.ts'
import { linkAdvice } from './tls/advice.ts'

/** `where` is the receiver, without secrets. */
export function unreachable(where: string, error: unknown): VarveError {
  const hint = certificateHint(error, linkAdvice)
  return new VarveError('VARVE_UNREACHABLE', `cannot reach '${where}': ${messageOf(error)}`, {
    cause: error,
    data: { endpoint: where, ...(hint === null ? {} : { passing: false }) },
    hint:
      hint ??
      'check that the server runs and can be reached from here, and run the command again: it continues where it stopped',
  })
}

export function refused(where: string, error: unknown, hint?: string): VarveError {
  return new VarveError('VARVE_REFUSED', `'${where}' refuses: ${messageOf(error)}`, {
    cause: error,
    data: { endpoint: where },
    ...(hint === undefined ? {} : { hint }),
  })
}

export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // For an address that has several, Node gathers one failure each.
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0])
  return tlsWords(error) ?? (error.message || error.name)
}
