// What is said where a server is not reached: why, in words that need no knowledge of sockets, and what to do.
import { type CertificateAdvice, certificateHint } from '../base/certificate-fault.ts'
import { VarveError } from '../base/errors.ts'
import { noTls, tlsWords } from '../base/tls-words.ts'

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody answers there',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name cannot be looked up now',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  UND_ERR_HEADERS_TIMEOUT: 'it does not answer',
  UND_ERR_BODY_TIMEOUT: 'it stopped sending',
}

export interface UnreachableFacts {
  /** For messages. */
  readonly where: string
  /** Origin of the proxy between; null: none. */
  readonly proxy: string | null
  /** What to do about certificates that are not accepted. */
  readonly advice: CertificateAdvice
  readonly attempts: number
}

export function unreachable(
  error: unknown,
  { where, proxy, advice, attempts }: UnreachableFacts,
): VarveError {
  const between = proxy === null ? '' : ` through the proxy '${proxy}'`
  const code = (error as NodeJS.ErrnoException).code ?? ''
  const message = error instanceof Error ? error.message : String(error)
  const untrusted = certificateHint(error, advice)
  return new VarveError(
    'VARVE_UNREACHABLE',
    `cannot reach '${where}'${between}: ${reasons[code] ?? tlsWords(error) ?? message}`,
    {
      cause: error,
      data: { origin: where, attempts, ...(untrusted === null ? {} : { passing: false }) },
      hint:
        untrusted ??
        (tlsWords(error) === noTls
          ? "if it is a server without TLS, its address begins with 'http://'"
          : null) ??
        'check the address and the network, and run the command again: it continues where it stopped',
    },
  )
}

/** It is a certificate that is not taken, and it is the same the next time. */
export function isUntrusted(error: unknown): boolean {
  return certificateHint(error, { trust: '', own: '' }) !== null
}
