// A server that does not accept the client's certificate, or that there is none, says so after the client takes the
// connection for made (TLS 1.3), and then cuts it. Whoever has sent something meanwhile learns of the cut alone. So the
// server is asked once more, by a connection on which nothing is sent.
import net from 'node:net'
import tls from 'node:tls'
import { bareHost } from '../../base/bare-host.ts'
import { certificateHint } from '../../base/certificate-fault.ts'
import { linkAdvice } from './advice.ts'
import type { LinkTls } from './link-tls.ts'

const alertMsMax = 5_000
const cuts: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'UND_ERR_SOCKET',
  undefined,
])

export interface TlsPlace {
  readonly host: string
  readonly port: number
  /** null: the connection has no TLS. */
  readonly tls: LinkTls | null
  /** The server says something in the open first. */
  readonly greets?: true
}

/** What the server says of the client's certificate where `error` is a cut; `error` itself where it says nothing of it. */
export async function alertOr(error: unknown, place: TlsPlace): Promise<unknown> {
  const { code } = error as { code?: unknown }
  if (!cuts.has(code) || certificateHint(error, linkAdvice) !== null) return error
  return (await alertAt(place)) ?? error
}

/** What the server says of the client's certificate; null: nothing. */
export async function alertAt(place: TlsPlace): Promise<Error | null> {
  const { host, port, tls: settings } = place
  if (settings === null) return null
  const line = place.greets === true ? await greeted(host, port) : undefined
  if (line === null) return null
  return new Promise((done) => {
    const way = line === undefined ? { host, port } : { socket: line, host }
    const socket = tls.connect({ ...settings, ...way }).setTimeout(alertMsMax)
    const end = (said: Error | null): void => {
      socket.destroy()
      done(said)
    }
    const silent = (): void => end(null)
    socket
      .on('error', (alert) => end(certificateHint(alert, linkAdvice) === null ? null : alert))
      .on('data', silent)
      .on('timeout', silent)
      .on('close', silent)
  })
}

/** A connection whose greeting is read; null where there is none. */
function greeted(host: string, port: number): Promise<net.Socket | null> {
  return new Promise((done) => {
    const line = net.connect({ host, port, timeout: alertMsMax })
    const none = (): void => {
      line.destroy()
      done(null)
    }
    line.on('timeout', none).on('error', none)
    line.once('data', () => {
      line.pause()
      done(line)
    })
  })
}

export function tlsPlace(target: URL, portDefault: number, settings: LinkTls | null): TlsPlace {
  const host = bareHost(target.hostname)
  return { host, port: target.port === '' ? portDefault : Number(target.port), tls: settings }
}
