// Connections to a cluster that speaks Kafka's protocol, and what it says of a topic before anything is sent there.
import { isIP } from 'node:net'
import { Admin, type BaseOptions, ConfigResourceTypes } from '@platformatic/kafka'
import type { KafkaAddress } from './address.ts'
import { isForbidden, isUnknownUser } from './failure.ts'
import { connectMsMax } from '../patience.ts'
import type { LinkTls } from '../tls/link-tls.ts'

const answerMsMax = 60_000
/** How long a broker may wait for its replicas. */
const keepMsMax = 30_000
const retries = 3
const retryMsMin = 200
/** What a batch may weigh at a broker that nobody has set otherwise. */
const batchBytesDefault = 1_048_588

export function clientOptions(
  address: KafkaAddress,
  password: string | null,
  tls: LinkTls | null,
): BaseOptions {
  const { brokers, user, sasl } = address
  return {
    clientId: 'varve',
    bootstrapBrokers: brokers.map(({ host, port }) => ({ host, port })),
    connectTimeout: connectMsMax,
    requestTimeout: answerMsMax,
    timeout: keepMsMax,
    retries,
    // The client would retry a refused password as it retries a lost connection.
    retryDelay: (_client, _operation, attempt, _retries, error) =>
      isUnknownUser(error) ? 0 : retryMsMin * 2 ** (attempt - 1),
    autocreateTopics: false,
    ...(user === null ? {} : { sasl: { mechanism: sasl, username: user, password: password ?? '' } }),
    // Whoever hosts many clusters under one address tells them apart by the name that is asked for.
    ...(tls !== null ? { tls, tlsServerName: !brokers.some(({ host }) => isIP(host) !== 0) } : {}),
  }
}

/**
 * A connection that is reset while it proves who we are says so twice, and nobody listens the second time: Node would end
 * the process. Whoever waits has heard of it the first time.
 */
export function guarded<Client extends Pick<Admin, 'connections'>>(client: Client): Client {
  client.connections.on('connecting', ({ connection }) => void connection.on('error', () => undefined))
  return client
}

export interface TopicFacts {
  /** The cluster's own, and the topic's: another one under the same name has another. */
  readonly cluster: string
  readonly id: string
  /** How many brokers there are, as far as the cluster knows. */
  readonly brokers: number
  /** What one batch may weigh. */
  readonly batchBytesMax: number
}

export async function topicFacts(options: BaseOptions, topic: string): Promise<TopicFacts> {
  const admin = guarded(new Admin(options))
  try {
    const { id: cluster, brokers, topics } = await admin.metadata({ topics: [topic] })
    const [id, bytesMax] = [topics.get(topic)?.id ?? '', await batchBytesMax(admin, topic)]
    return { cluster, id, brokers: brokers.size, batchBytesMax: bytesMax }
  } finally {
    await admin.close()
  }
}

async function batchBytesMax(admin: Admin, topic: string): Promise<number> {
  const name = 'max.message.bytes'
  const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: [name] }
  try {
    const [described] = await admin.describeConfigs({ resources: [resource] })
    const value = Number(described?.configs.find((one) => one.name === name)?.value)
    return Number.isSafeInteger(value) && value > 0 ? value : batchBytesDefault
  } catch (error) {
    // Writing to a topic takes no right to read its settings.
    if (isForbidden(error)) return batchBytesDefault
    throw error
  }
}
