// MQTT (version 5) as a sink: each row is a message on PREFIX/TABLE with quality of service 1, so the broker confirms each.
// A broker keeps a message only for those who have subscribed: where nobody has, it is told so by the broker, and the row
// counts as refused. Messages of a batch travel together, as many as the broker takes at once, for no two are of one row.
import { VarveError } from '../../base/errors.ts'
import { utf8 } from '../../base/bytes.ts'
import { linkSecret, secretName } from '../link-secret.ts'
import { messageJson } from '../message-json.ts'
import { RowsRefused } from '../rows-refused.ts'
import { SinkFull, idsOf } from '../sink-full.ts'
import { pathName, sinkAddress, wrongSinkUrl } from '../sink-address.ts'
import { messageOf, refused, unreachable } from '../sink-failure.ts'
import type { Batch, RowMessage, Sink, SinkOptions } from '../sink.ts'
import { refuseTooLong } from '../too-long.ts'
import { alertOr, tlsPlace } from '../tls/alert.ts'
import { schemeTls } from '../tls/link-tls.ts'
import { topicPart } from '../topic-part.ts'
import { withTimeout } from '../with-timeout.ts'
import { type MqttConnection, connectMqtt } from './connect.ts'

/** Of messages that are not confirmed yet; a broker may allow fewer. */
const inFlightMax = 100
const confirmMsMax = 60_000
const quotaExceeded = 151

export async function openMqtt(url: string, options: SinkOptions): Promise<Sink> {
  const target = sinkAddress(url, 'mqtt://USER@HOST:PORT/TOPIC', [])
  const location = `${target.protocol}//${target.host}`
  const prefix = pathName(target, options.link, /[+#\0]/)
  const passwordHint = `give the password in the environment as ${secretName(options.link, 'PASSWORD')}`
  const password = await linkSecret(options, 'PASSWORD')
  if (password !== null && target.username === '')
    throw wrongSinkUrl(url, 'there is a password, and the URL names no user: mqtt://USER@HOST/TOPIC')
  const tls = await schemeTls(options, { isTls: target.protocol === 'mqtts:', encrypted: 'mqtts://' })
  const connect = (): Promise<MqttConnection> =>
    connectMqtt(target, password, tls).catch(async (error: unknown) => {
      throw failure(location, await alertOr(error, tlsPlace(target, 8883, tls)), passwordHint)
    })
  let connection: MqttConnection | null = await connect()
  const failed = (error: unknown, batch: Batch): unknown =>
    (error as { code?: unknown }).code === quotaExceeded
      ? new SinkFull(location, messageOf(error), { left: idsOf(batch.messages), cause: error })
      : failure(location, error, `let the user publish to '${prefix}/#'`)
  return {
    location,
    identity: `mqtt:${target.host}:${prefix}`,
    async deliver(batch) {
      connection ??= await connect()
      const { limits, client } = connection
      const messages = batch.messages.map((message) => encoded(location, prefix, batch, message, limits))
      try {
        return await publish(connection, location, messages, limits.receiveMaximum)
      } catch (error) {
        if (!isLost(error)) throw failed(error, batch)
        // A broker may have ended it for one of the messages: which one shows when they come alone.
        connection = null
        client.end(true)
      }
      connection = await connect()
      for (const one of messages) {
        const alone = publish(connection, location, [one], 1)
        await alone.catch((error: unknown) => {
          throw isUnknownAnswer(error) ? refusedLong(location, one, error) : failed(error, batch)
        })
      }
    },
    close: async () => connection?.client.endAsync(true),
  }
}

const sendOptions = { qos: 1, properties: { contentType: 'application/json' } } as const

/** Some of them at once, as the broker allows. A batch is of one table, and so of one topic. */
async function publish(
  { client, lost, unheard }: MqttConnection,
  location: string,
  messages: readonly Encoded[],
  receiveMaximum: number = inFlightMax,
): Promise<void> {
  const before = unheard()
  const window = Math.min(inFlightMax, receiveMaximum)
  for (let at = 0; at < messages.length; at += window) {
    const together = messages.slice(at, at + window)
    const sent = together.map(({ topic, bytes }) => client.publishAsync(topic, bytes, sendOptions))
    await withTimeout(confirmMsMax, Promise.race([Promise.all(sent), lost]))
  }
  if (unheard() > before) throw nobodyListens(location, messages[0]!.topic)
}

interface Encoded {
  readonly id: string
  readonly topic: string
  readonly bytes: Buffer
}

function encoded(
  location: string,
  prefix: string,
  batch: Batch,
  message: RowMessage,
  limits: MqttConnection['limits'],
): Encoded {
  const topic = `${prefix}/${topicPart(message.table, /[%+#\0]/g)}`
  const bytes = Buffer.from(utf8(messageJson(batch, message)))
  // Of the whole packet: its head is small beside this.
  const room = (limits.maximumPacketSize ?? Number.POSITIVE_INFINITY) - topic.length * 3 - 64
  refuseTooLong(location, message, bytes.length, room)
  return { id: message.id, topic, bytes }
}

function nobodyListens(location: string, topic: string): VarveError {
  return new VarveError(
    'VARVE_REFUSED',
    `nobody has subscribed to '${topic}' at '${location}', which keeps nothing then`,
    {
      data: { endpoint: location, topic },
      hint: 'let the reader subscribe first, with a session that the broker keeps',
    },
  )
}

/** No answer of the broker. */
function isLost(error: unknown): boolean {
  return !(error instanceof VarveError) && typeof (error as { code?: unknown }).code !== 'number'
}

/** mosquitto confirms what is longer than its message_size_limit with a code that MQTT has not for that. */
function isUnknownAnswer(error: unknown): boolean {
  return messageOf(error) === 'Invalid puback reason code'
}

function refusedLong(location: string, { id, bytes }: Encoded, cause: unknown): RowsRefused {
  const words = `'${location}' refuses a message of ${bytes.length} bytes: it may be longer than its message_size_limit`
  return new RowsRefused(words, { ids: new Set([id]), data: { endpoint: location }, cause })
}

function failure(location: string, error: unknown, hint: string): unknown {
  if (error instanceof VarveError) return error
  // Reason codes are the broker's own word; without one it is the line.
  const { code } = error as { code?: unknown }
  if (typeof code !== 'number' || isPassing(code)) return unreachable(location, error)
  return refused(location, error, hint)
}

/** Unavailable, busy, shutting down, taken over, too fast, use another server for now. */
function isPassing(code: number): boolean {
  return [3, 136, 137, 139, 141, 142, 147, 150, 159, 160].includes(code)
}
