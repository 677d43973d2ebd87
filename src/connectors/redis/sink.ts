// Redis as a sink: a hash for each row, under PREFIX:TABLE:KEY. A batch is one transaction (MULTI) that also moves the
// link's position, a hash beside the rows: rows and position are never apart, so each change takes effect exactly once,
// and a Redis that was restored from an older dump says itself how far it has been told.
import { createClient } from '@redis/client'
import { VarveError } from '../../base/errors.ts'
import { linkSecret, secretName } from '../link-secret.ts'
import { SinkFull, idsOf } from '../sink-full.ts'
import { sinkAddress, wrongSinkUrl } from '../sink-address.ts'
import { refused, unreachable } from '../sink-failure.ts'
import type { Batch, Sink, SinkOptions, SinkPosition } from '../sink.ts'
import { rowFields, rowKey } from './row.ts'
import { connectMsMax, redisMsMax } from '../patience.ts'
import { alertOr, tlsPlace } from '../tls/alert.ts'
import { type LinkTls, schemeTls } from '../tls/link-tls.ts'

type Client = ReturnType<typeof clientOf>

export async function openRedis(url: string, options: SinkOptions): Promise<Sink> {
  const target = sinkAddress(url, 'redis://USER@HOST:PORT/DB?prefix=PREFIX', ['prefix'])
  if (!/^\/?$|^\/[0-9]{1,9}$/.test(target.pathname))
    throw wrongSinkUrl(url, 'the path after the host is the number of a database: redis://HOST/0')
  const prefix = target.searchParams.get('prefix') ?? options.link
  const location = `${target.protocol}//${target.host}${target.pathname.replace(/\/$/, '')}`
  const password = (await linkSecret(options, 'PASSWORD')) ?? options.environment?.['REDISCLI_AUTH'] ?? null
  const tls = await schemeTls(options, { isTls: target.protocol === 'rediss:', encrypted: 'rediss://' })
  const client = clientOf(target, password, tls)
  // A connection that breaks while nobody waits for it is noticed by whoever asks next.
  client.on('error', () => undefined)
  const passwordName = secretName(options.link, 'PASSWORD')
  const asked = async <T>(work: () => Promise<T>, batch?: Batch): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      const said = firstSaid(error)
      if (batch !== undefined && said instanceof Error && wordsOf(said).startsWith('OOM '))
        throw new SinkFull(location, wordsOf(said), { left: idsOf(batch.messages), cause: error })
      throw redisFailure({ location, link: options.link, prefix, passwordName }, said)
    }
  }
  await asked(() =>
    client.connect().catch(async (error: unknown) => {
      throw await alertOr(error, tlsPlace(target, 6379, tls))
    }),
  )
  const state = `${prefix}:varve_sync`
  return {
    location,
    identity: `redis:${target.host}${target.pathname.replace(/\/$/, '')}:${prefix}`,
    position: () => asked(() => positionOf(client, state, options.link)),
    deliver: (batch) => asked(() => deliver(client, prefix, state, batch), batch),
    close: async () => client.destroy(),
  }
}

function clientOf(target: URL, password: string | null, tls: LinkTls | null) {
  return createClient({
    url: `${target.protocol}//${target.host}${target.pathname}`,
    ...(target.username === '' ? {} : { username: decodeURIComponent(target.username) }),
    ...(password === null ? {} : { password }),
    socket: {
      connectTimeout: connectMsMax,
      socketTimeout: redisMsMax,
      reconnectStrategy: false,
      ...(tls === null ? {} : { tls: true, ...tls }),
    },
    disableOfflineQueue: true,
    clientInfoTag: 'varve',
  })
}

async function positionOf(client: Client, state: string, link: string): Promise<SinkPosition> {
  const { link: owner, done, toward } = await client.hGetAll(state)
  if (owner !== undefined && owner !== link) {
    throw new VarveError('VARVE_REFUSED', `the link '${owner}' writes under the same prefix`, {
      data: { link, owner, key: state },
      hint: "give this one a prefix of its own: '?prefix=NAME' at the end of the URL",
    })
  }
  return { done: done || null, toward: toward || null }
}

async function deliver(client: Client, prefix: string, state: string, batch: Batch): Promise<void> {
  const { link, delivery, previous, number, isLast, messages } = batch
  // From here on, whoever writes the position makes the transaction fail.
  await client.watch(state)
  const { done, toward } = await positionOf(client, state, link)
  const begins = number === 0 && (previous === null || done === previous)
  if (!begins && (done !== previous || toward !== delivery)) throw overtaken(link)
  const transaction = client.multi()
  for (const { table, keyTexts, after } of messages) {
    const name = rowKey(prefix, table, keyTexts)
    transaction.del(name)
    const fields = after === null ? [] : rowFields(after)
    if (fields.length > 0) transaction.hSet(name, fields)
  }
  transaction.hSet(
    state,
    isLast ? { link, done: delivery, toward: '' } : { link, done: previous ?? '', toward: delivery },
  )
  await transaction.exec()
}

function overtaken(link: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `another worker delivers '${link}' as well`, {
    data: { link, passing: true },
    hint: 'nothing is lost; let one of them do it, or run it again',
  })
}

/** Answers that pass by themselves, or when somebody has looked after the server, and what to do. */
const passing: readonly (readonly [RegExp, string])[] = [
  [/^READONLY /, 'it is a replica now: let the URL lead to its primary, or wait until it is one again'],
  [/^MISCONF /, 'it cannot write its data to disk: free some space there, or see its log'],
  [/^NOREPLICAS /, 'let its replicas come back'],
  [/^ERR max number of clients/, 'close other connections, or let it take more (maxclients)'],
]

/** The first failure among the answers that MULTI gathers, which says why. */
function firstSaid(error: unknown): unknown {
  const { errorIndexes, replies } = error as { errorIndexes?: number[]; replies?: unknown[] }
  const first = replies?.[errorIndexes?.[0] ?? -1]
  return first instanceof Error ? first : error
}

/** Of a transaction that is refused when it ends the reason stands behind that it is. */
function wordsOf({ message }: Error): string {
  return message.replace(/^EXECABORT Transaction discarded because of: /, '')
}

interface Asked {
  readonly location: string
  readonly link: string
  readonly prefix: string
  readonly passwordName: string
}

function redisFailure({ location, link, prefix, passwordName }: Asked, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof VarveError) return error
  if (error.constructor.name === 'WatchError') return overtaken(link)
  const words = wordsOf(error)
  const [, hint] = passing.find(([pattern]) => pattern.test(words)) ?? []
  if (hint !== undefined) {
    const data = { endpoint: location, passing: true }
    return new VarveError('VARVE_REFUSED', `'${location}' refuses: ${words}`, { cause: error, data, hint })
  }
  if (words.startsWith('NOPERM '))
    return refused(
      location,
      error,
      `let the user write there: ACL SETUSER NAME '~${prefix}:*' +multi +exec +watch +hgetall +hset +del`,
    )
  if (/^(NOAUTH|WRONGPASS|ERR AUTH|ERR invalid password)/.test(words))
    return refused(location, error, `give the password in the environment as ${passwordName}`)
  if (/^(LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)/.test(words)) return unreachable(location, error)
  // The server's own answers begin with a word in capitals.
  return /^[A-Z]+ /.test(error.message) ? refused(location, error) : unreachable(location, error)
}
