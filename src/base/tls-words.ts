// What went wrong between two that meant to speak TLS, in words: OpenSSL's own line names its source files.

export const noTls = 'it does not speak TLS'

/** null: `error`, or what it was made of, is none of OpenSSL's. */
export function tlsWords(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  const { code, reason } = error as { code?: unknown; reason?: unknown }
  if (typeof code !== 'string' || !/^(ERR_SSL_|EPROTO$)/.test(code)) return tlsWords(error.cause)
  const said =
    typeof reason === 'string' ? reason : (/SSL routines:[^:]*:([^:\n]+)/.exec(error.message)?.[1] ?? null)
  if (said === null) return null
  // What a server without TLS answers is read as the beginning of a record.
  if (/wrong version number|packet length too long|record layer failure/.test(said)) return noTls
  if (/alert certificate required/.test(said))
    return 'it asks for a certificate of the client, and is shown none'
  const [, refused] = /alert ((?:\w+ )?certificate(?: \w+)?|unknown ca)/.exec(said) ?? []
  if (refused !== undefined)
    return `it does not accept the client's certificate, or that there is none: ${refused}`
  return `TLS was not agreed on: ${said}`
}
