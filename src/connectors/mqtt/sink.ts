// MQTT (version 5) as a sink: each row is a message on PREFIX/TABLE with quality of service 1, so the broker confirms each.
// A broker keeps a message only for those who have subscribed: where nobody has, it is told so by the broker, and the row
// counts as refused. Messages of a batch travel together, as many as the broker takes at once, for no two are of one row.
import { VarveError } from '../../base/errors.ts'
import { utf8 } from '../../base/bytes.ts'
import { linkSecret, secretName } from '../link-secret.ts'
import { messageJson } from '../message-json.ts'
import { SinkFull, idsOf } from '../sink-full.ts'
import { pathName, sinkAddress, wrongSinkUrl } from '../sink-address.ts'
import { messageOf, refused, unreachable } from '../sink-failure.ts'
import type { Batch, RowMessage, Sink, SinkOptions } from '../sink.ts'
import { refuseTooLong } from '../too-long.ts'
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
  const password = await linkSecret(options, 'PASSWORD')
  if (password !== null && target.username === '')
    throw wrongSinkUrl(url, 'there is a password, and the URL names no user: mqtt://USER@HOST/TOPIC')
  const connected = await connectMqtt(target, password).catch((error: unknown) => {
    throw failure(location, error, secretName(options.link, 'PASSWORD'))
  })
  return {
    location,
    identity: `mqtt:${target.host}:${prefix}`,
    async deliver(batch) {
      const { client, limits, lost, unheard } = connected
      const messages = batch.messages.map((message) => encoded(location, prefix, batch, message, limits))
      const window = Math.min(inFlightMax, limits.receiveMaximum ?? inFlightMax)
      const before = unheard()
      try {
        for (let at = 0; at < messages.length; at += window) {
          const together = messages.slice(at, at + window)
          const sent = together.map(({ topic, bytes }) => client.publishAsync(topic, bytes, sendOptions))
          await withTimeout(confirmMsMax, Promise.race([Promise.all(sent), lost]))
        }
      } catch (error) {
        if ((error as { code?: unknown }).code === quotaExceeded)
          throw new SinkFull(location, messageOf(error), { left: idsOf(batch.messages), cause: error })
        throw failure(location, error)
      }
      // A batch is of one table, and so of one topic.
      if (unheard() > before) throw nobodyListens(location, messages[0]!.topic)
    },
    close: () => connected.client.endAsync(true),
  }
}

const sendOptions = { qos: 1, properties: { contentType: 'application/json' } } as const

interface Encoded {
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
  return { topic, bytes }
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

function failure(location: string, error: unknown, passwordName?: string): unknown {
  if (error instanceof VarveError) return error
  // Reason codes are the broker's own word; without one it is the line.
  const { code } = error as { code?: unknown }
  if (typeof code !== 'number' || isPassing(code)) return unreachable(location, error)
  const hint =
    passwordName === undefined ? undefined : `give the password in the environment as ${passwordName}`
  return refused(location, error, hint)
}

/** Unavailable, busy, shutting down, taken over, too fast, use another server for now. */
function isPassing(code: number): boolean {
  return [3, 136, 137, 139, 141, 142, 147, 150, 159, 160].includes(code)
}
