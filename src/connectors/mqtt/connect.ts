// A connection to an MQTT broker that never reconnects by itself: when it breaks, the caller who waits is told.
import { randomBytes } from 'node:crypto'
import { type IConnackPacket, type MqttClient, connect } from 'mqtt'
import { connectMsMax } from '../patience.ts'
import type { LinkTls } from '../tls/link-tls.ts'

const keepAliveSeconds = 30
const noMatchingSubscribers = 16

export interface MqttConnection {
  readonly client: MqttClient
  /** Fails when the connection ends. */
  readonly lost: Promise<never>
  /** How many messages the broker has confirmed and given to nobody, for nobody has subscribed to their topic. */
  readonly unheard: () => number
  /** What the broker takes. */
  readonly limits: {
    readonly receiveMaximum?: number | undefined
    readonly maximumPacketSize?: number | undefined
  }
}

export async function connectMqtt(
  target: URL,
  password: string | null,
  tls: LinkTls | null,
): Promise<MqttConnection> {
  const client = connect(`${target.protocol}//${target.host}`, {
    ...tls,
    protocolVersion: 5,
    clientId: `varve-${randomBytes(8).toString('hex')}`,
    clean: true,
    reconnectPeriod: 0,
    connectTimeout: connectMsMax,
    keepalive: keepAliveSeconds,
    ...(target.username === '' ? {} : { username: decodeURIComponent(target.username) }),
    ...(password === null ? {} : { password }),
  })
  let said: unknown = null
  client.on('error', (error) => {
    said = error
  })
  const lost = new Promise<never>((_, fail) => {
    client.once('close', () => fail(said ?? new Error('the connection was cut')))
  })
  // Nobody may be waiting when it breaks.
  lost.catch(() => undefined)
  let unheard = 0
  client.on('packetreceive', (packet) => {
    if (packet.cmd === 'puback' && packet.reasonCode === noMatchingSubscribers) unheard++
  })
  const greeted = new Promise<IConnackPacket>((done, fail) => {
    client.once('connect', done).once('error', fail)
  })
  try {
    const { properties } = await Promise.race([greeted, lost])
    const { receiveMaximum, maximumPacketSize } = properties ?? {}
    return { client, lost, unheard: () => unheard, limits: { receiveMaximum, maximumPacketSize } }
  } catch (error) {
    client.end(true)
    throw error
  }
}
