// A topic of Kafka's protocol as a sink: each row is a record, confirmed by all replicas that are in step (acks=all). The
// producer is idempotent: what it sends again because an answer was lost, the broker keeps once. That holds for one
// session and no longer, so a round that was cut short and runs again may tell a thing twice, under the same id.
import { Producer, compatibilityPartitioner } from '@platformatic/kafka'
import { throwIfAborted } from '../../base/errors.ts'
import { linkSecret, secretName } from '../link-secret.ts'
import type { Sink, SinkOptions } from '../sink.ts'
import { withTimeout } from '../with-timeout.ts'
import { kafkaAddress } from './address.ts'
import { clientOptions, guarded, topicFacts } from './connect.ts'
import { kafkaFailure } from './failure.ts'
import { type SizedRecord, parts, recordsOf } from './records.ts'

const closeMsMax = 15_000

export async function openKafka(url: string, options: SinkOptions): Promise<Sink> {
  const address = kafkaAddress(url, options.link)
  const { location, topic } = address
  const client = clientOptions(address, await linkSecret(options, 'PASSWORD'))
  const failure = (error: unknown): unknown =>
    kafkaFailure(address, error, secretName(options.link, 'PASSWORD'))
  const { cluster, id, batchBytesMax } = await topicFacts(client, topic).catch((error: unknown) => {
    throw failure(error)
  })
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
  return {
    location,
    identity: `kafka:${cluster}:${topic}:${id}`,
    async deliver(batch) {
      for (const part of parts(recordsOf(address, batch, batchBytesMax), batchBytesMax)) {
        throwIfAborted(batch.signal)
        await send(part)
      }
    },
    close: end,
  }
}
