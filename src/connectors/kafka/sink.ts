// A topic of Kafka's protocol as a sink: each row is a record, confirmed by all replicas that are in step (acks=all). The
// producer is idempotent: what it sends again because an answer was lost, the broker keeps once. That holds for one
// session and no longer, so a round that was cut short and runs again may tell a thing twice, under the same id. In a
// cluster what was led by a broker that is gone is led by another one after some seconds: that is waited for, and what was
// not confirmed is sent there.
import { setTimeout as sleep } from 'node:timers/promises'
import { Producer, compatibilityPartitioner } from '@platformatic/kafka'
import { type VarveError, isVarveError, throwIfAborted } from '../../base/errors.ts'
import { tellingWait } from '../../base/telling-wait.ts'
import { linkSecret, secretName } from '../link-secret.ts'
import type { Sink, SinkOptions } from '../sink.ts'
import { unreachable } from '../sink-failure.ts'
import { alertAt } from '../tls/alert.ts'
import { type LinkTls, schemeTls } from '../tls/link-tls.ts'
import { withTimeout } from '../with-timeout.ts'
import { type KafkaAddress, kafkaAddress } from './address.ts'
import { clientOptions, guarded, topicFacts } from './connect.ts'
import { kafkaFailure } from './failure.ts'
import { type SizedRecord, parts, recordsOf } from './records.ts'

const closeMsMax = 15_000
/** For another leader, or enough replicas in step. A broker is given up after nine seconds unless it is set otherwise. */
const leaderMsMax = 60_000
const pauseMs = 500

export async function openKafka(url: string, options: SinkOptions): Promise<Sink> {
  const address = kafkaAddress(url, options.link)
  const { location, topic } = address
  const tls = await schemeTls(options, { isTls: address.isTls, encrypted: 'kafkas://' })
  const client = clientOptions(address, await linkSecret(options, 'PASSWORD'), tls)
  const failure = (error: unknown): unknown =>
    kafkaFailure(address, error, secretName(options.link, 'PASSWORD'))
  const { cluster, id, brokers, batchBytesMax } = await topicFacts(client, topic).catch(
    async (error: unknown) => {
      throw (await refusedCertificate(failure(error), address, tls)) ?? failure(error)
    },
  )
  let producer: Producer | null = null
  const end = async (): Promise<void> => {
    const ending = producer
    producer = null
    if (ending !== null) await withTimeout(closeMsMax, ending.close()).catch(() => undefined)
  }
  const send = async (part: readonly SizedRecord[]): Promise<void> => {
    // Partitions as Java's own producer chooses them, so that topics keyed alike go together.
    producer ??= guarded(new Producer({ ...client, idempotent: true, partitioner: compatibilityPartitioner }))
    try {
      await producer.send({ messages: part.map(({ record }) => record) })
    } catch (error) {
      // What it has numbered and what the broker has kept may differ now: the next one begins anew, with numbers of its own.
      await end()
      throw failure(error)
    }
  }
  const sendPatiently = async (part: readonly SizedRecord[], signal?: AbortSignal): Promise<void> => {
    const endMs = Date.now() + (brokers > 1 ? leaderMsMax : 0)
    for (;;) {
      throwIfAborted(signal)
      try {
        return await send(part)
      } catch (error) {
        const isPassing = isVarveError(error, 'VARVE_UNREACHABLE') && error.data['passing'] !== false
        if (!isPassing || Date.now() > endMs) throw error
        await sleep(pauseMs, undefined, { signal }).catch(() => throwIfAborted(signal))
      }
    }
  }
  return {
    location,
    identity: `kafka:${cluster}:${topic}:${id}`,
    async deliver(batch) {
      for (const part of parts(recordsOf(address, batch, batchBytesMax), batchBytesMax)) {
        const wait = { location, msMax: brokers > 1 ? leaderMsMax : null }
        await tellingWait(() => sendPatiently(part, batch.signal), wait, options.onWait)
      }
    },
    close: end,
  }
}

/** The same as an error that says so, where the connection was cut because of our certificate; else null. */
async function refusedCertificate(
  error: unknown,
  { location, brokers }: KafkaAddress,
  tls: LinkTls | null,
): Promise<VarveError | null> {
  if (!isVarveError(error, 'VARVE_UNREACHABLE') || error.data['passing'] === false) return null
  const alert = await alertAt({ ...brokers[0]!, tls })
  return alert === null ? null : unreachable(location, alert)
}
