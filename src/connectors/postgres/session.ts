// A connection whose settings make every value's text the same, wherever it runs: for statements, and the same again for
// the log of changes, where the server writes the values as that connection's settings say.
import type { Socket } from 'node:net'
import { Client } from 'pg'
import type { ConnectorOptions } from '../interface.ts'
import { driverAddress, usesChannelBinding } from './address.ts'
import { endpointError } from './failure.ts'
import { ReusedBufferSocket } from './copy/reused-buffer-socket.ts'
import { type Login, passwordOf } from './password.ts'
import { sessionSettings } from './types.ts'
import { connectMsMax, probeMs } from '../patience.ts'
import type { WatchedLine } from '../silence.ts'
import { linkTls } from '../tls/link-tls.ts'

export interface Session {
  readonly url: string
  readonly options: ConnectorOptions
}

/** 'replication': it takes commands for slots and the log beside simple statements. @throws as `endpointError` */
export async function connect(
  { url, options }: Session,
  purpose: 'statements' | 'replication',
): Promise<Client> {
  const client = new Client({
    ...driverAddress(url, options, await linkTls(options)),
    ...(purpose === 'replication' ? { replication: 'database' } : {}),
    stream: () => new ReusedBufferSocket(),
    connectionTimeoutMillis: connectMsMax,
    keepAlive: true,
    keepAliveInitialDelayMillis: probeMs,
    enableChannelBinding: usesChannelBinding(url),
    application_name: 'varve',
  })
  // Beside a URL the driver's setting counts for nothing. It asks when the server does.
  ;(client as { password?: unknown }).password = (login: Login) => passwordOf(login, options)
  // A connection that breaks while nobody waits for it is noticed by whoever asks next.
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query(sessionSettings.join('; '))
  } catch (error) {
    // A goodbye over TLS that the server has refused is never sent, and whoever waits for that waits forever.
    client.connection.stream.destroy()
    throw endpointError(placeOf(url), error)
  }
  return client
}

export function watchedLine(client: Client): WatchedLine {
  const stream = client.connection.stream as Socket
  return {
    bytes: () => stream.bytesRead + stream.bytesWritten,
    isAsked: () =>
      !(client as unknown as { readonly readyForQuery: boolean }).readyForQuery && !stream.isPaused(),
  }
}

/** The URL for messages, without its settings. */
export function placeOf(url: string): string {
  return url.replace(/\?.*$/, '')
}
