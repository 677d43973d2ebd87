// What to do where a TLS connection failed because of the certificate that the server showed. It does not pass by
// itself: another try meets the same certificate.

/**
 * null where `error`, or what it was made of, says nothing of a certificate. `trust` says how a certificate comes to be trusted.
 */
export function certificateHint(error: unknown, trust: string): string | null {
  const words = wordsWithin(error)
  if (/\balert\b/.test(words) || !/\bcertificate\b|\baltnames\b|\bCERT_|_CERT\b/.test(words)) return null
  if (/altnames/.test(words)) return 'the URL has to name the server as its certificate does'
  if (/has expired|CERT_HAS_EXPIRED/.test(words))
    return 'the server needs a new certificate, or this machine the right time'
  return trust
}

/** Advice about the usual certificates and those beside them, for whoever has no setting of its own. */
export const trustByNode =
  'NODE_EXTRA_CA_CERTS=FILE in the environment names certificates to trust beside the usual ones'

function wordsWithin(error: unknown): string {
  if (!(error instanceof Error)) return ''
  const { code } = error as { code?: unknown }
  const inner = error instanceof AggregateError ? error.errors.map(wordsWithin).join(' ') : ''
  return `${String(code)} ${error.message} ${inner} ${wordsWithin(error.cause)}`
}
