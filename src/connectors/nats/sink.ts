// NATS JetStream as a sink: each row is a message on PREFIX.TABLE, kept by whatever stream takes that subject, with its id
// as Nats-Msg-Id, by which the stream leaves out what comes twice within its window. The stream's answer is awaited for
// each; those of a batch travel together, for no two of them are of one row.
import tls from 'node:tls'
import {
  type NatsConnection,
  RequestError,
  connect,
  credsAuthenticator,
  headers,
} from '@nats-io/transport-node'
import { bareHost } from '../../base/bare-host.ts'
import { VarveError } from '../../base/errors.ts'
import { utf8 } from '../../base/bytes.ts'
import { linkSecret, secretName } from '../link-secret.ts'
import { messageJson } from '../message-json.ts'
import { RowsRefused } from '../rows-refused.ts'
import { SinkFull } from '../sink-full.ts'
import { pathName, sinkAddress } from '../sink-address.ts'
import { messageOf, refused, unreachable } from '../sink-failure.ts'
import type { Sink, SinkOptions } from '../sink.ts'
import { refuseTooLong } from '../too-long.ts'
import { alertOr, tlsPlace } from '../tls/alert.ts'
import { type LinkTls, schemeTls } from '../tls/link-tls.ts'
import { topicPart } from '../topic-part.ts'
import { StreamLimits } from './stream-limits.ts'
import { connectMsMax } from '../patience.ts'

const answerMsMax = 30_000
/** JetStream's code for a message that is too long for the stream. */
const tooLongForStream = 10_054
const idHeader = 'Nats-Msg-Id'
/** What a stream says that takes no more, instead of dropping what is old. */
const isFull = /^(maximum (messages|bytes)|insufficient|resource limits)/

const portDefault = 4222

export async function openNats(url: string, options: SinkOptions): Promise<Sink> {
  const target = sinkAddress(url, 'nats://USER@HOST:PORT/SUBJECT', [])
  const location = `${target.protocol}//${target.host}`
  const prefix = pathName(target, options.link, /[*>\s]/)
  const hint = `give what it asks for in the environment: ${['PASSWORD', 'TOKEN', 'CREDS_FILE'].map((what) => secretName(options.link, what)).join(', ')}`
  const settings = await schemeTls(options, {
    isTls: target.protocol === 'nats+tls:',
    encrypted: 'nats+tls://',
  })
  const connection = await connected(target, settings, options).catch(async (error: unknown) => {
    if (isRefusal(error)) throw refused(location, error, hint)
    const place = { ...tlsPlace(target, portDefault, settings), greets: true } as const
    throw unreachable(location, await alertOr(cutOf(error), place))
  })
  // A connection that is cut says nothing any more.
  const { max_payload: bytesMax } = connection.info!
  const limits = new StreamLimits(connection)
  return {
    location,
    identity: `nats:${target.host}:${prefix}`,
    async deliver(batch) {
      const messages = batch.messages.map((message) => {
        const bytes = utf8(messageJson(batch, message))
        refuseTooLong(location, message, bytes.length, bytesMax)
        return { id: message.id, subject: `${prefix}.${topicPart(message.table, /[%.*>\s]/g)}`, bytes }
      })
      try {
        const answers = await Promise.all(messages.map((message) => publish(connection, location, message)))
        await refuseTooLongForStream(location, limits, answers)
        const left = answers.filter(({ full }) => full !== null)
        if (left.length > 0) throw new SinkFull(location, left[0]!.full!, { left: left.map(({ id }) => id) })
      } catch (error) {
        throw error instanceof VarveError || !(error instanceof Error) ? error : failure(location, error)
      }
    },
    close: () => connection.close(),
  }
}

async function connected(
  target: URL,
  settings: LinkTls | null,
  options: SinkOptions,
): Promise<NatsConnection> {
  const creds = await linkSecret(options, 'CREDS')
  const token = await linkSecret(options, 'TOKEN')
  const pass = await linkSecret(options, 'PASSWORD')
  return connect({
    servers: target.host,
    name: 'varve',
    reconnect: false,
    timeout: connectMsMax,
    ignoreAuthErrorAbort: false,
    ...(settings === null ? {} : { tls: checked(settings, target) }),
    ...(target.username === '' ? {} : { user: decodeURIComponent(target.username) }),
    ...(pass === null ? {} : { pass }),
    ...(token === null ? {} : { token }),
    ...(creds === null ? {} : { authenticator: credsAuthenticator(utf8(creds)) }),
  })
}

interface Answer {
  readonly id: string
  readonly stream: string
  /** Of subject, headers and message. */
  readonly bytes: number
  /** What a full stream says; null when the message is kept. */
  readonly full: string | null
}

async function publish(
  connection: NatsConnection,
  location: string,
  { id, subject, bytes }: { id: string; subject: string; bytes: Uint8Array },
): Promise<Answer> {
  const named = headers()
  named.set(idHeader, id)
  const answer = await connection
    .request(subject, bytes, { headers: named, timeout: answerMsMax })
    .catch((error: unknown) => {
      if (!(error instanceof RequestError && error.isNoResponders())) throw error
      const without = connection.info?.jetstream === true ? '' : ', which runs without JetStream,'
      const start = without === '' ? '' : 'start it with JetStream (nats-server -js) and '
      throw new VarveError('VARVE_REFUSED', `no stream of '${location}'${without} takes '${subject}'`, {
        data: { endpoint: location, subject },
        hint: `${start}make one that does: nats stream add --subjects '${subject.split('.')[0]}.>'`,
      })
    })
  const { error, stream } = answer.json<{
    error?: { description?: string; err_code?: number }
    stream?: unknown
  }>()
  if (error?.err_code === tooLongForStream) {
    const words = `'${location}' refuses: ${error.description ?? 'the message is too long'}`
    throw new RowsRefused(words, { ids: new Set([id]), data: { endpoint: location, subject } })
  }
  const length = utf8(`NATS/1.0\r\n${idHeader}: ${id}\r\n\r\n${subject}`).length + bytes.length
  const full = isFull.test(error?.description ?? '') ? error!.description! : null
  if (full === null && error !== undefined)
    throw refused(location, new Error(error.description ?? 'the stream does not take it'))
  // Another subscriber of the subject has answered, and not a stream.
  if (typeof stream !== 'string') throw refused(location, new Error(`'${subject}' is not kept by a stream`))
  return { id, stream, bytes: length, full }
}

/** A stream that takes it in spite of its limit has dropped it. */
async function refuseTooLongForStream(
  location: string,
  limits: StreamLimits,
  answers: readonly Answer[],
): Promise<void> {
  for (const stream of new Set(answers.map((answer) => answer.stream))) {
    const limit = await limits.of(stream)
    if (limit === null) continue
    const ids = answers.filter((one) => one.stream === stream && one.bytes + limit.overhead > limit.maxBytes)
    if (ids.length === 0) continue
    throw new RowsRefused(
      `the message is longer than all that the stream '${stream}' keeps, ${limit.maxBytes} bytes`,
      {
        ids: new Set(ids.map(({ id }) => id)),
        data: { endpoint: location, stream, bytesMax: limit.maxBytes },
        hint: `let it keep more: nats stream edit ${stream} --max-bytes …`,
      },
    )
  }
}

function failure(location: string, error: Error): VarveError {
  const [, subject] = /publish to "([^"]*)"/i.exec(messageOf(error)) ?? []
  const hint = subject === undefined ? undefined : `let the user publish to '${subject}'`
  return isRefusal(error) ? refused(location, error, hint) : unreachable(location, error)
}

function isRefusal(error: unknown): boolean {
  const { name } = error as Error
  return (
    name === 'AuthorizationError' ||
    name === 'UserAuthenticationExpiredError' ||
    /permission/i.test(`${name} ${messageOf(error)}`)
  )
}

/** What the driver made its own error of. */
function cutOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error
}

/** The driver would compare the certificate of a server that is called by its address with 'localhost'. */
function checked(
  settings: LinkTls,
  { hostname }: URL,
): LinkTls & { readonly checkServerIdentity: typeof tls.checkServerIdentity } {
  const host = bareHost(hostname)
  return { ...settings, checkServerIdentity: (_, certificate) => tls.checkServerIdentity(host, certificate) }
}
