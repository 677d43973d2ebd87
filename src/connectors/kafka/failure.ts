// Errors of a Kafka cluster as errors of Varve. The client wraps the broker's answer in what it was doing at the time,
// once for each try: the broker's own error is looked for in there.
import { VarveError } from '../../base/errors.ts'
import { RowsRefused } from '../rows-refused.ts'
import { messageOf, refused, unreachable } from '../sink-failure.ts'
import type { KafkaAddress } from './address.ts'

const refusals =
  /^(MESSAGE_TOO_LARGE|RECORD_LIST_TOO_LARGE|INVALID_(TOPIC_EXCEPTION|TIMESTAMP|RECORD|REQUEST|REQUIRED_ACKS)|POLICY_VIOLATION|SECURITY_DISABLED|UNSUPPORTED_\w+|\w+_AUTHORIZATION_FAILED|SASL_AUTHENTICATION_FAILED)$/

/** For what is in them; a batch may hold others. */
const aboutRows: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
])

interface Said extends Error {
  readonly code?: string
  /** The protocol's name of it. */
  readonly apiId?: string
  readonly serverErrorMessage?: string | null
}

export function kafkaFailure(
  { location, topic, user }: KafkaAddress,
  error: unknown,
  passwordName: string,
): unknown {
  if (error instanceof VarveError) return error
  const all = [...saidWithin(error)]
  if (all.some(({ message }) => message === `Unknown topic ${topic}.`)) return noTopic(location, topic)
  const refusal = all.find(({ apiId }) => apiId !== undefined && refusals.test(apiId))
  if (isUnknownUser(error))
    return refused(
      location,
      wordsOf(refusal ?? all.at(-1)),
      `give the password in the environment as ${passwordName}; how it is shown is said in the URL: '?sasl=plain', scram-sha-256, scram-sha-512`,
    )
  if (refusal !== undefined && aboutRows.has(refusal.apiId!)) {
    const words = `'${location}' refuses: ${wordsOf(refusal).message}`
    return new RowsRefused(words, { ids: null, data: { endpoint: location }, cause: error })
  }
  if (refusal !== undefined) return refused(location, wordsOf(refusal), rightHint(refusal, topic, user))
  if (all.some(({ apiId }) => apiId?.startsWith('NOT_ENOUGH_REPLICAS') === true))
    return tooFew(location, topic, error)
  return unreachable(location, wordsOf(all.at(-1)))
}

/** A connection that is cut during authentication is reported as failed authentication, which it is not. */
export function isUnknownUser(error: unknown): boolean {
  const all = [...saidWithin(error)]
  const last = all.at(-1)?.code
  const isOfLine = last?.startsWith('PLT_KFK_') !== true || last === 'PLT_KFK_NETWORK'
  return !isOfLine && all.some(({ code }) => code === 'PLT_KFK_AUTHENTICATION')
}

export function isForbidden(error: unknown): boolean {
  return [...saidWithin(error)].some(({ apiId }) => apiId?.endsWith('_AUTHORIZATION_FAILED') === true)
}

/** The error and all that it was made of, the innermost of the last try last. */
function* saidWithin(error: unknown): Generator<Said> {
  if (!(error instanceof Error)) return
  yield error
  if (error instanceof AggregateError) for (const one of error.errors) yield* saidWithin(one)
  yield* saidWithin(error.cause)
}

function wordsOf(said: Said | undefined): Error {
  const words = said?.serverErrorMessage || messageOf(said)
  return new Error(words.replace(/\.$/, ''), { cause: said })
}

/** Which right is missing; undefined where it is none. */
function rightHint({ apiId }: Said, topic: string, user: string | null): string | undefined {
  if (apiId?.endsWith('_AUTHORIZATION_FAILED') !== true) return undefined
  const who = user === null ? 'the user' : `the user '${user}'`
  const add = `kafka-acls.sh --add --allow-principal 'User:${user ?? '…'}'`
  return apiId === 'CLUSTER_AUTHORIZATION_FAILED'
    ? `let ${who} number what is written, as Kafka before 2.8 wants it: ${add} --operation IdempotentWrite --cluster`
    : `let ${who} write to the topic: ${add} --operation Write --topic '${topic}'`
}

/** It passes when brokers come back. */
function tooFew(location: string, topic: string, cause: unknown): VarveError {
  return new VarveError(
    'VARVE_UNREACHABLE',
    `'${location}' keeps nothing now: too few of the topic's replicas are in step`,
    {
      cause,
      data: { endpoint: location, topic },
      hint: `bring the missing brokers back: '${topic}' asks for more in step ('min.insync.replicas') than there are; the next round goes on where this one stopped`,
    },
  )
}

function noTopic(location: string, topic: string): VarveError {
  return new VarveError('VARVE_REFUSED', `there is no topic '${topic}' at '${location}'`, {
    data: { endpoint: location, topic },
    hint: `make it, with as many partitions and copies as you need: kafka-topics.sh --create --topic '${topic}' --bootstrap-server …`,
  })
}
