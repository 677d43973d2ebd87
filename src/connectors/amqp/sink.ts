// AMQP 0-9-1 (RabbitMQ) as a sink: each row is a lasting message to an exchange, with its table as routing key, and the
// broker confirms each when the queues have it. It says which messages no queue takes: those rows count as refused.
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib'
import { VarveError } from '../../base/errors.ts'
import { utf8 } from '../../base/bytes.ts'
import { linkSecret, secretName } from '../link-secret.ts'
import { messageJson } from '../message-json.ts'
import { SinkFull } from '../sink-full.ts'
import { sinkAddress } from '../sink-address.ts'
import { messageOf, refused, unreachable } from '../sink-failure.ts'
import type { Batch, RowMessage, Sink, SinkOptions } from '../sink.ts'
import { withTimeout } from '../with-timeout.ts'

const connectMsMax = 15_000
const confirmMsMax = 60_000
const heartbeatSeconds = 30
/** A routing key is a short string of the protocol. */
const routingKeyBytesMax = 255

export async function openAmqp(url: string, options: SinkOptions): Promise<Sink> {
  const target = sinkAddress(url, 'amqp://USER@HOST:PORT/VHOST?exchange=NAME', ['exchange'])
  const vhost = decodeURIComponent(target.pathname.replace(/^\//, '')) || '/'
  const exchange = target.searchParams.get('exchange') ?? options.link
  const location = `${target.protocol}//${target.host}${target.pathname.replace(/\/$/, '')}`
  const password = await linkSecret(options, 'PASSWORD')
  const broken: { error: unknown } = { error: null }
  const connection = await connected(target, vhost, password).catch((error: unknown) => {
    throw failure(location, error, secretName(options.link, 'PASSWORD'))
  })
  const channel = await openChannel(connection, exchange, broken).catch(async (error: unknown) => {
    await closed(connection)
    const said = broken.error ?? error
    throw /NOT_FOUND - no exchange/.test(messageOf(said))
      ? noExchange(location, exchange)
      : failure(location, said)
  })
  return {
    location,
    identity: `amqp:${target.host}:${vhost}:${exchange}`,
    async deliver(batch) {
      try {
        await publish(channel, exchange, location, batch)
      } catch (error) {
        throw failure(location, broken.error ?? error)
      }
    },
    close: () => closed(connection),
  }
}

function connected(target: URL, vhost: string, password: string | null): Promise<ChannelModel> {
  // Brackets are the URL's, not the address's.
  const hostname = target.hostname.replace(/^\[(.*)\]$/, '$1')
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
    timeout: connectMsMax,
    clientProperties: { connection_name: 'varve' },
  }
  return connect(settings, socket)
}

/** Fails where there is no such exchange. What breaks the channel later is kept for whoever waits on it. */
async function openChannel(
  connection: ChannelModel,
  exchange: string,
  broken: { error: unknown },
): Promise<ConfirmChannel> {
  const keep = (error: unknown): void => void (broken.error ??= error)
  connection.on('error', keep)
  const channel = await connection.createConfirmChannel()
  channel.on('error', keep)
  await channel.checkExchange(exchange)
  return channel
}

async function publish(
  channel: ConfirmChannel,
  exchange: string,
  location: string,
  batch: Batch,
): Promise<void> {
  const unroutable: string[] = []
  const returned = (message: { fields: { routingKey: string } }): void =>
    void unroutable.push(message.fields.routingKey)
  channel.on('return', returned)
  try {
    const answers = await withTimeout(
      confirmMsMax,
      Promise.all(batch.messages.map((message) => confirmed(channel, exchange, batch, message))),
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
  message: RowMessage,
): Promise<Error | null> {
  const content = Buffer.from(utf8(messageJson(batch, message)))
  const settings = {
    messageId: message.id,
    type: message.kind,
    timestamp: Math.floor(batch.committedMs / 1000),
    contentType: 'application/json',
    persistent: true,
    mandatory: true,
  }
  return new Promise((done) => {
    channel.publish(exchange, routingKey(message.table), content, settings, (error: Error | null) =>
      done(error),
    )
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

function noExchange(location: string, exchange: string): VarveError {
  return new VarveError('VARVE_REFUSED', `there is no exchange '${exchange}' at '${location}'`, {
    data: { endpoint: location, exchange },
    hint: `make it, and bind queues to it: rabbitmqadmin declare exchange name='${exchange}' type=topic`,
  })
}

function noQueue(location: string, exchange: string, key: string): VarveError {
  return new VarveError(
    'VARVE_REFUSED',
    `no queue of '${location}' takes '${key}' from exchange '${exchange}'`,
    {
      data: { endpoint: location, exchange, key },
      hint: 'bind a queue to the exchange that does, and run the command again',
    },
  )
}

function failure(location: string, error: unknown, passwordName?: string): unknown {
  if (error instanceof VarveError) return error
  const { code } = error as { code?: unknown }
  const hint =
    passwordName === undefined ? undefined : `give the password in the environment as ${passwordName}`
  // Reply codes of the protocol; 320 and 541 are a broker that ends. A refused login is told in words only.
  const isAnswer =
    (typeof code === 'number' && code >= 311 && code < 541 && code !== 320) || code === 'ERR_AUTH'
  if (/ACCESS[-_]REFUSED|NOT[-_]ALLOWED/.test(messageOf(error))) return refused(location, error, hint)
  return isAnswer ? refused(location, error) : unreachable(location, error)
}

/** Closes a connection; one that is lost already may fail to close. */
async function closed(connection: ChannelModel): Promise<void> {
  await withTimeout(connectMsMax, connection.close()).catch(() => undefined)
}
