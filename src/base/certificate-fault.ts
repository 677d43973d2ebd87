// What to do where a TLS connection failed because of a certificate: the one that the server showed, or the one that it
// asked for. It does not pass by itself: another try meets the same.

/** What to do about either. */
export interface CertificateAdvice {
  /** How a server's certificate comes to be trusted. */
  readonly trust: string
  /** How a certificate is shown to a server that asks for one; absent where none can be. */
  readonly own?: string
}

/** null where `error`, or what it was made of, says nothing of a certificate. */
export function certificateHint(error: unknown, { trust, own }: CertificateAdvice): string | null {
  const words = wordsWithin(error)
  if (/\balert\b|_ALERT_/i.test(words)) return isAboutOurs(words) ? (own ?? null) : null
  if (!/\bcertificate\b|\baltnames\b|\bCERT_|_CERT\b/.test(words)) return null
  if (/altnames/.test(words)) return 'the URL has to name the server as its certificate does'
  if (/has expired|CERT_HAS_EXPIRED/.test(words))
    return 'the server needs a new certificate, or this machine the right time'
  if (/not yet valid|CERT_NOT_YET_VALID/.test(words))
    return "the server's certificate begins later: this machine needs the right time, or the server an older certificate"
  return trust
}

/** Advice about the usual certificates and those beside them, for whoever has no setting of its own. */
export const trustByNode =
  'NODE_EXTRA_CA_CERTS=FILE in the environment names certificates to trust beside the usual ones'

/** The server's own word for it; some servers say no more than that it came to nothing. */
function isAboutOurs(words: string): boolean {
  return /alert (?:\w+ )?(?:certificate|unknown ca|handshake failure)|ALERT_(?:\w+_)?CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE/i.test(
    words,
  )
}

function wordsWithin(error: unknown): string {
  if (!(error instanceof Error)) return ''
  const { code } = error as { code?: unknown }
  const inner = error instanceof AggregateError ? error.errors.map(wordsWithin).join(' ') : ''
  return `${String(code)} ${error.message} ${inner} ${wordsWithin(error.cause)}`
}
