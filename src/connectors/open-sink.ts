// All kinds of sinks, by URL. A driver is loaded when a sink of its kind is opened.
import { VarveError } from '../base/errors.ts'
import { connectMsMax, namingLink, openPatiently, redisMsMax } from './patience.ts'
import { refusePassword } from './url-password.ts'
import { type OnWait, tellingWait } from '../base/telling-wait.ts'
import type { Batch, Sink, SinkKind, SinkOptions } from './sink.ts'
import { sinkKit } from './sink-kit.ts'

const webhook: SinkKind = {
  name: 'webhook: webhook+https://HOST/PATH',
  accepts: (url) => /^webhook\+https?:\/\//.test(url),
  open: async (url, options) => (await import('./webhook/sink.ts')).openWebhook(url, options),
}

const redis: SinkKind = {
  name: 'Redis: redis://HOST, rediss://HOST',
  accepts: (url) => /^rediss?:\/\//.test(url),
  openMsMax: redisMsMax,
  open: async (url, options) => (await import('./redis/sink.ts')).openRedis(url, options),
}

const nats: SinkKind = {
  name: 'NATS: nats://HOST/SUBJECT, nats+tls://HOST/SUBJECT',
  accepts: (url) => /^nats(\+tls)?:\/\//.test(url),
  openMsMax: connectMsMax,
  open: async (url, options) => (await import('./nats/sink.ts')).openNats(url, options),
}

const mqtt: SinkKind = {
  name: 'MQTT: mqtt://HOST/TOPIC, mqtts://HOST/TOPIC',
  accepts: (url) => /^mqtts?:\/\//.test(url),
  openMsMax: connectMsMax,
  open: async (url, options) => (await import('./mqtt/sink.ts')).openMqtt(url, options),
}

const amqp: SinkKind = {
  name: 'AMQP: amqp://HOST/VHOST?exchange=NAME, amqps://HOST/VHOST?exchange=NAME',
  accepts: (url) => /^amqps?:\/\//.test(url),
  openMsMax: connectMsMax,
  open: async (url, options) => (await import('./amqp/sink.ts')).openAmqp(url, options),
}

const kafka: SinkKind = {
  name: 'Kafka: kafka://HOST/TOPIC, kafkas://HOST/TOPIC',
  accepts: (url) => /^kafkas?:\/\//.test(url),
  openMsMax: connectMsMax,
  open: async (url, options) => (await import('./kafka/sink.ts')).openKafka(url, options),
}

export const sinkKinds: readonly SinkKind[] = [webhook, redis, nats, mqtt, amqp, kafka]

/** `sinks`: kinds of the caller's own. */
export function isSinkUrl(url: string, sinks: readonly SinkKind[] = []): boolean {
  return [...sinks, ...sinkKinds].some((kind) => kind.accepts(url))
}

/** @throws VarveError VARVE_USAGE, VARVE_REFUSED (a password in the URL, none in the environment), VARVE_UNREACHABLE */
export async function openSink(url: string, options: SinkOptions): Promise<Sink> {
  refusePassword(url)
  const kind = [...(options.sinks ?? []), ...sinkKinds].find((one) => one.accepts(url))
  if (kind === undefined)
    throw new VarveError('VARVE_USAGE', `not an endpoint that rows can be sent to: '${url}'`, {
      data: { url },
      hint: 'rows can be sent to webhook+https://, redis://, nats://, amqp://, mqtt:// and kafka://',
    })
  const { openMsMax: msMax } = kind
  const sink = await openPatiently({
    url,
    link: options.link,
    open: () => kind.open(url, { ...options, kit: sinkKit }),
    msMax,
    onWait: options.onWait,
  })
  checkMembers(sink, kind)
  // HTTP tells it of each request, and knows for how long.
  return kind === webhook
    ? namingSink(sink, options.link)
    : tellingSink(namingSink(sink, options.link), options.onWait)
}

/** The same, but that hints name the variables of this link. */
function namingSink(sink: Sink, link: string): Sink {
  const deliver = sink.deliver.bind(sink)
  const naming = async (batch: Batch): Promise<void> => {
    try {
      await deliver(batch)
    } catch (error) {
      throw namingLink(error, link)
    }
  }
  return Object.assign(sink, { deliver: naming })
}

/** The same, but that it says so when the receiver does not confirm a batch. */
function tellingSink(sink: Sink, onWait: OnWait | undefined): Sink {
  const { location } = sink
  const deliver = sink.deliver.bind(sink)
  const wait = { location, msMax: null }
  return Object.assign(sink, { deliver: (batch: Batch) => tellingWait(() => deliver(batch), wait, onWait) })
}

/** Sinks are written without types, too. @throws VarveError VARVE_USAGE for one that lacks a member */
function checkMembers(sink: Sink, { name }: SinkKind): void {
  const given = (sink ?? {}) as Partial<Sink>
  const missing = [
    ...(['location', 'identity'] as const).filter((member) => typeof given[member] !== 'string'),
    ...(['deliver', 'close'] as const).filter((member) => typeof given[member] !== 'function'),
  ]
  if (missing.length === 0) return
  throw new VarveError('VARVE_USAGE', `the sink '${name}' has no ${missing.join(', ')}`, {
    data: { name, missing },
    hint: "give what its 'open' returns these members; docs/CONNECTORS.md says what they promise",
  })
}
