// A cluster of three real brokers as a sink, as it is run in production: each partition is kept three times, and two have to
// be in step. Leaders are killed in the middle of deliveries, and come back.
import { Consumer, type ConsumerOptions, MessagesStreamModes } from '@platformatic/kafka'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DataRepository } from '../../../src/api/data-repository.ts'
import { openSink } from '../../../src/connectors/open-sink.ts'
import { createContext } from '../../../src/repo/context.ts'
import { MemoryStore } from '../../../src/store/memory.ts'
import { deliverRound } from '../../../src/sync/deliver/deliver.ts'
import { type KafkaCluster, startKafkaCluster } from '../../support/kafka-cluster.ts'
import { type Message, folded } from '../../contract/sink.ts'
import { hasKafka, kafkaStartMsMax, withoutKafka } from '../../support/kafka.ts'

const author = { name: 'Ada', email: 'ada@example.org' }
const rowsMany = 3000

describe.skipIf(!hasKafka)(`a cluster of Kafka${withoutKafka}`, () => {
  let cluster: KafkaCluster
  beforeAll(async () => {
    cluster = await startKafkaCluster()
  }, kafkaStartMsMax)
  afterAll(() => cluster.stop())

  async function addTopic(topic: string, inStep = 2): Promise<void> {
    const configs = [{ name: 'min.insync.replicas', value: String(inStep) }]
    await cluster.admin((admin) =>
      admin.createTopics({ topics: [topic], partitions: 3, replicas: 3, configs }),
    )
    await expect.poll(() => cluster.leaders(topic), { timeout: 30_000 }).not.toContain(-1)
  }

  async function reading<T>(
    work: (consumer: Consumer<Buffer, Buffer, Buffer, Buffer>) => Promise<T>,
  ): Promise<T> {
    const options = {
      clientId: 'reader',
      groupId: `g${Math.random()}`,
      bootstrapBrokers: [...cluster.addresses],
    }
    const consumer = new Consumer(options as ConsumerOptions<Buffer, Buffer, Buffer, Buffer>)
    try {
      return await work(consumer)
    } finally {
      await new Promise<void>((done) => consumer.close(true, () => done()))
    }
  }

  const recordsAt = (topic: string): Promise<number> =>
    reading(async (consumer) =>
      (await consumer.listOffsets({ topics: [topic] }))
        .get(topic)!
        .reduce((sum, end) => sum + Number(end), 0),
    )

  /** By partition, in its order. */
  async function toldAt(topic: string): Promise<(readonly [partition: number, message: Message])[]> {
    const count = await recordsAt(topic)
    return reading(async (consumer) => {
      const all: { partition: number; offset: bigint; message: Message }[] = []
      const mode = MessagesStreamModes.EARLIEST
      const stream = await consumer.consume({ topics: [topic], mode, autocommit: false })
      for await (const { partition, offset, value } of stream) {
        all.push({ partition, offset, message: JSON.parse(value.toString()) as Message })
        if (all.length === count) break
      }
      await stream.close()
      return all
        .sort((a, b) => a.partition - b.partition || Number(a.offset - b.offset))
        .map(({ partition, message }) => [partition, message] as const)
    })
  }

  function linked(topic: string): {
    put: (step: number) => Promise<void>
    round: () => Promise<string>
  } {
    const store = MemoryStore.create()
    const repository = DataRepository.over(store, { author })
    const endpoint = `kafka://${cluster.addresses.join(',')}/${topic}`
    const link = { name: 'shop', endpoint, tables: ['people'], into: 'shop', branch: 'main' }
    return {
      async put(step) {
        await repository.transaction('main', async (tx) => {
          const people = step === 0 ? tx.createTable('people', { key: ['id'] }) : tx.table('people')
          for (let id = 0; id < rowsMany; id++) people.put({ id, step, text: 'x'.repeat(300) })
        })
      },
      async round() {
        let sink
        try {
          sink = await openSink(endpoint, { link: 'shop' })
          const repo = createContext(store, { author })
          await deliverRound({ repo, sink, link: { ...link, mode: 'materialize' }, options: {} })
          return 'told'
        } catch (error) {
          return `${(error as { code: string }).code}: ${(error as Error).message}; ${(error as { hint: string }).hint}`
        } finally {
          await sink?.close()
        }
      },
    }
  }

  test('the leader of a partition is killed in the middle of a delivery, three times: the round waits for the next one, nothing is lost, and each row keeps its order', async () => {
    await addTopic('leaders')
    const { put, round } = linked('leaders')
    for (let step = 0; step < 3; step++) {
      await put(step)
      const before = await recordsAt('leaders')
      const first = round()
      await expect.poll(() => recordsAt('leaders'), { timeout: 30_000, interval: 20 }).toBeGreaterThan(before)
      const leader = (await cluster.leaders('leaders'))[step]!
      await cluster.brokers[leader]!.kill()
      expect(await first).toBe('told')
      await cluster.brokers[leader]!.start()
    }
    const told = await toldAt('leaders')
    const places = new Map<unknown, number>()
    for (const [partition, { key }] of told) {
      const id = Number(key['id'])
      expect(places.get(id) ?? partition).toBe(partition)
      places.set(id, partition)
    }
    expect(new Set(told.map(([, { id }]) => id)).size).toBe(3 * rowsMany)
    const rows = folded(told.map(([, message]) => message))
    expect(Object.keys(rows)).toHaveLength(rowsMany)
    expect(Object.values(rows).every(({ step }) => step === '2')).toBe(true)
  }, 240_000)

  test('while too few replicas are in step nothing is kept: the round waits for them, and says so when they do not come', async () => {
    await addTopic('few', 3)
    const { put, round } = linked('few')
    await put(0)
    const before = await recordsAt('few')
    await cluster.brokers[1]!.kill()
    const words = await round()
    expect(words).toMatch(
      /^VARVE_UNREACHABLE: 'kafka:.*' keeps nothing now: too few of the topic's replicas are in step/,
    )
    expect(words).toContain("'min.insync.replicas'")
    expect(await recordsAt('few')).toBe(before)
    const waiting = round()
    await cluster.brokers[1]!.start()
    expect(await waiting).toBe('told')
    expect(new Set((await toldAt('few')).map(([, { id }]) => id)).size).toBe(rowsMany)
  }, 240_000)

  test('partitions that are added in the middle of a delivery take keys from then on, and a topic that is deleted is named', async () => {
    await addTopic('grown')
    const { put, round } = linked('grown')
    await put(0)
    const first = round()
    await expect.poll(() => recordsAt('grown'), { timeout: 30_000, interval: 20 }).toBeGreaterThan(0)
    const assignments = [{ brokerIds: [1, 2, 3] }, { brokerIds: [2, 3, 1] }]
    const topics = [{ name: 'grown', count: 5, assignments }]
    await cluster.admin((admin) => admin.createPartitions({ topics, validateOnly: false }))
    expect(await first).toBe('told')
    await put(1)
    expect(await round()).toBe('told')
    const told = await toldAt('grown')
    expect(new Set(told.map(([partition]) => partition))).toEqual(new Set([0, 1, 2, 3, 4]))
    expect(new Set(told.map(([, { id }]) => id)).size).toBe(2 * rowsMany)
    await put(2)
    await cluster.admin((admin) => admin.deleteTopics({ topics: ['grown'] }))
    await expect.poll(round, { timeout: 30_000 }).toMatch(/^VARVE_REFUSED: there is no topic 'grown' at/)
  }, 120_000)
})
