// AMQP 0-9-1 (RabbitMQ) as a sink: each row is a lasting message to an exchange, with its table as routing key, and the
// broker confirms each when the queues have it. It says which messages no queue takes: those rows count as refused.
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib'
import { bareHost } from '../../base/bare-host.ts'
import { VarveError } from '../../base/errors.ts'
import { utf8 } from '../../base/bytes.ts'
import { linkSecret, secretName } from '../link-secret.ts'
import { messageJson } from '../message-json.ts'
import { SinkFull } from '../sink-full.ts'
import { sinkAddress } from '../sink-address.ts'
import type { Batch, RowMessage, Sink, SinkOptions } from '../sink.ts'
import { refuseTooLong } from '../too-long.ts'
import { isTimeout, withTimeout } from '../with-timeout.ts'
import { amqpBlocked, amqpFailure, messageBytesMaxIn, noQueue } from './failure.ts'
import { connectMsMax } from '../patience.ts'
import { alertOr, tlsPlace } from '../tls/alert.ts'
import { type LinkTls, schemeTls } from '../tls/link-tls.ts'

const confirmMsMax = 60_000
const heartbeatSeconds = 30
/** A routing key is a short string of the protocol. */
const routingKeyBytesMax = 255

interface Channel {
  readonly channel: ConfirmChannel
  /** Why the broker has closed it. */
  error: unknown
}

export async function openAmqp(url: string, options: SinkOptions): Promise<Sink> {
  const target = sinkAddress(url, 'amqp://USER@HOST:PORT/VHOST?exchange=NAME', ['exchange'])
  const vhost = decodeURIComponent(target.pathname.replace(/^\//, '')) || '/'
  const exchange = target.searchParams.get('exchange') ?? options.link
  const location = `${target.protocol}//${target.host}${target.pathname.replace(/\/$/, '')}`
  const place = { location, exchange }
  const password = await linkSecret(options, 'PASSWORD')
  const tls = await schemeTls(options, { isTls: target.protocol === 'amqps:', encrypted: 'amqps://' })
  const connection = await connected(target, vhost, password, tls).catch(async (error: unknown) => {
    throw amqpFailure(
      place,
      await alertOr(error, tlsPlace(target, 5671, tls)),
      secretName(options.link, 'PASSWORD'),
    )
  })
  let lost: unknown = null
  let blocked: string | null = null
  connection.on('error', (error: unknown) => void (lost ??= error))
  connection.on('blocked', (reason: unknown) => void (blocked = String(reason)))
  connection.on('unblocked', () => void (blocked = null))
  let channel: Channel | null = await openChannel(connection, exchange).catch(async (error: unknown) => {
    await closed(connection)
    throw amqpFailure(place, lost ?? error)
  })
  let bytesMax = Number.POSITIVE_INFINITY
  return {
    location,
    identity: `amqp:${target.host}:${vhost}:${exchange}`,
    async deliver(batch) {
      const messages = batch.messages.map((message) => encoded(batch, message))
      const refuseLong = (): void =>
        messages.forEach(({ message, content }) => refuseTooLong(location, message, content.length, bytesMax))
      refuseLong()
      try {
        channel ??= await openChannel(connection, exchange)
        await publish(channel.channel, place, batch, messages)
      } catch (error) {
        const said: unknown = lost ?? channel?.error ?? error
        // For one message the broker closes the channel; the connection stays.
        if (channel?.error !== null) channel = null
        bytesMax = Math.min(bytesMax, messageBytesMaxIn(said) ?? bytesMax)
        refuseLong()
        if (blocked !== null && lost === null && isTimeout(said)) throw amqpBlocked(location, blocked, said)
        throw amqpFailure(place, said)
      }
    },
    close: () => closed(connection),
  }
}

function connected(
  target: URL,
  vhost: string,
  password: string | null,
  tls: LinkTls | null,
): Promise<ChannelModel> {
  const hostname = bareHost(target.hostname)
  const settings = {
    protocol: target.protocol.slice(0, -1),
    hostname,
    ...(target.port === '' ? {} : { port: Number(target.port) }),
    ...(target.username === '' ? {} : { username: decodeURIComponent(target.username) }),
    ...(password === null ? {} : { password }),
    vhost,
    heartbeat: heartbeatSeconds,
  }
  const socket = {
    ...tls,
    timeout: connectMsMax,
    clientProperties: { connection_name: 'varve' },
  }
  return connect(settings, socket)
}

/** Fails where there is no such exchange. */
async function openChannel(connection: ChannelModel, exchange: string): Promise<Channel> {
  const opened: Channel = { channel: await connection.createConfirmChannel(), error: null }
  // What breaks it is kept for whoever waits on it.
  opened.channel.on('error', (error: unknown) => void (opened.error ??= error))
  await opened.channel.checkExchange(exchange).catch((error: unknown) => {
    throw opened.error ?? error
  })
  return opened
}

interface Encoded {
  readonly message: RowMessage
  readonly key: string
  readonly content: Buffer
}

function encoded(batch: Batch, message: RowMessage): Encoded {
  const content = Buffer.from(utf8(messageJson(batch, message)))
  return { message, key: routingKey(message.table), content }
}

async function publish(
  channel: ConfirmChannel,
  { location, exchange }: { readonly location: string; readonly exchange: string },
  batch: Batch,
  messages: readonly Encoded[],
): Promise<void> {
  const unroutable: string[] = []
  const returned = (message: { fields: { routingKey: string } }): void =>
    void unroutable.push(message.fields.routingKey)
  channel.on('return', returned)
  try {
    const answers = await withTimeout(
      confirmMsMax,
      Promise.all(messages.map((message) => confirmed(channel, exchange, batch, message))),
    )
    const broken = answers.find((error) => error !== null && !isNack(error))
    if (broken !== undefined) throw broken
    const left = batch.messages.flatMap(({ id }, i) => (answers[i] === null ? [] : id))
    if (left.length > 0) throw new SinkFull(location, 'a queue keeps no more', { left })
  } finally {
    channel.off('return', returned)
  }
  // Those come before their confirmations.
  if (unroutable.length > 0) throw noQueue(location, exchange, unroutable[0]!)
}

/** Sends a message, and resolves to null once all its queues have it. */
function confirmed(
  channel: ConfirmChannel,
  exchange: string,
  batch: Batch,
  { message, key, content }: Encoded,
): Promise<Error | null> {
  const settings = {
    messageId: message.id,
    type: message.kind,
    timestamp: Math.floor(batch.committedMs / 1000),
    contentType: 'application/json',
    persistent: true,
    mandatory: true,
  }
  return new Promise((done) => {
    channel.publish(exchange, key, content, settings, (error: Error | null) => done(error))
  })
}

/** What a queue answers that is full and set to reject, and one whose process has died. */
function isNack(error: Error): boolean {
  return error.message === 'message nacked'
}

function routingKey(table: string): string {
  if (utf8(table).length <= routingKeyBytesMax) return table
  throw new VarveError(
    'VARVE_REFUSED',
    `'${table}' is too long for a routing key (${routingKeyBytesMax} bytes)`,
    {
      data: { table, bytesMax: routingKeyBytesMax },
      hint: "use a shorter path for the table, as with 'varve mv'",
    },
  )
}

/** Closes a connection; one that is lost already may fail to close. */
async function closed(connection: ChannelModel): Promise<void> {
  await withTimeout(connectMsMax, connection.close()).catch(() => undefined)
}
