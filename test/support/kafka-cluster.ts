// Three real brokers of Apache Kafka on loopback, which are their own controllers (KRaft): one may be killed, the others go
// on, and what it led is led by another one.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { Admin } from '@platformatic/kafka'
import { type Broker, startBroker } from './brokers.ts'
import { freePort } from './free-port.ts'
import { java, jvm, kafkaStartMsMax } from './kafka.ts'

const cluster = Buffer.from('varve-three-brok').toString('base64url')

export interface KafkaCluster {
  /** By their ids less one. */
  readonly brokers: readonly Broker[]
  readonly addresses: readonly string[]
  /** Which broker leads each partition now, by its place in `brokers`; -1: none. */
  leaders(topic: string): Promise<number[]>
  admin<T>(work: (admin: Admin) => Promise<T>): Promise<T>
  stop(): Promise<void>
}

export async function startKafkaCluster(): Promise<KafkaCluster> {
  const controllers = await Promise.all([1, 2, 3].map(freePort))
  const voters = controllers.map((port, i) => `${i + 1}@127.0.0.1:${port}`).join(',')
  const brokers = await Promise.all(
    controllers.map((controller, i) =>
      startBroker(
        {
          program: java!,
          args: (port, dir) => [
            ...jvm,
            'kafka.Kafka',
            formatted(dir, settings({ id: i + 1, port, controller, voters, dir })),
          ],
        },
        kafkaStartMsMax,
      ),
    ),
  )
  const addresses = brokers.map(({ port }) => `127.0.0.1:${port}`)
  const admin: KafkaCluster['admin'] = async (work) => {
    const one = new Admin({ clientId: 'tests', bootstrapBrokers: [...addresses] })
    try {
      return await work(one)
    } finally {
      await one.close()
    }
  }
  return {
    brokers,
    addresses,
    admin,
    async leaders(topic) {
      const { topics } = await admin((one) => one.metadata({ topics: [topic], forceUpdate: true }))
      return topics.get(topic)!.partitions.map(({ leader }) => (leader < 0 ? -1 : leader - 1))
    },
    async stop() {
      for (const broker of brokers) await broker.stop()
    },
  }
}

interface Place {
  readonly id: number
  readonly port: number
  readonly controller: number
  readonly voters: string
  readonly dir: string
}

function settings({ id, port, controller, voters, dir }: Place): string {
  return `${[
    'process.roles=broker,controller',
    `node.id=${id}`,
    `controller.quorum.voters=${voters}`,
    'controller.listener.names=CONTROLLER',
    `listeners=OPEN://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    `advertised.listeners=OPEN://127.0.0.1:${port}`,
    'listener.security.protocol.map=OPEN:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name=OPEN',
    `log.dirs=${dir}/data`,
    'auto.create.topics.enable=false',
    'offsets.topic.replication.factor=3',
    'offsets.topic.num.partitions=1',
    'group.initial.rebalance.delay.ms=0',
    'broker.heartbeat.interval.ms=500',
    'broker.session.timeout.ms=4000',
    'replica.lag.time.max.ms=5000',
    'num.network.threads=1',
    'num.io.threads=2',
  ].join('\n')}\n`
}

/** The first time, its folder is made. */
function formatted(dir: string, text: string): string {
  const file = `${dir}/server.properties`
  if (fs.existsSync(file)) return file
  fs.writeFileSync(file, text)
  const tool = ['kafka.tools.StorageTool', 'format', '-t', cluster, '-c', file]
  const { status, stderr } = spawnSync(java!, [...jvm, ...tool], {
    timeout: kafkaStartMsMax,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`Kafka's storage cannot be made: ${stderr}`)
  return file
}
