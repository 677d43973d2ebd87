// A real broker of Apache Kafka for tests, a cluster of one: its libraries are where .ci/install-kafka puts them. It asks for
// a password at its own port; whoever looks on uses another. A third is reached through a line that can be cut.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type Broker, programAt, startBroker } from './brokers.ts'
import { freePort } from './free-port.ts'
import { type CuttingProxy, startCuttingProxy } from './cutting-proxy.ts'

const version = '3.9.1'
const caches = process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache')
const libraries = path.join(caches, 'varve', `kafka-${version}`)
export const java: string | null = programAt('java')

export const hasKafka: boolean =
  java !== null && fs.existsSync(path.join(libraries, `kafka_2.13-${version}.jar`))
export const withoutKafka: string = hasKafka ? '' : ' (skipped: Kafka is not installed)'
export const kafkaStartMsMax = 240_000
export const kafkaUser = { name: 'ada', password: 'a password' }

export interface Kafka extends Broker {
  /** Where no password is asked for. */
  readonly openPort: number
  readonly line: CuttingProxy
  /** The same over TLS, where a certificate (PEM) was given. */
  readonly tlsPort: number
}

interface Ports {
  readonly password: number
  readonly open: number
  readonly behindLine: number
  readonly line: number
  readonly tls: number
  readonly controller: number
}

export const jvm: readonly string[] = [
  '-Xmx256m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-cp',
  `${libraries}/*`,
]

/** `pem`: a private key and its certificate. */
export async function startKafka(pem: string | null = null): Promise<Kafka> {
  const [open, behindLine, tls, controller] = await Promise.all([1, 2, 3, 4].map(freePort))
  const line = await startCuttingProxy(`http://127.0.0.1:${behindLine}`)
  const others = { open: open!, behindLine: behindLine!, tls: tls!, controller: controller! }
  const broker = await startBroker(
    {
      program: java!,
      args: (password, dir) => {
        const ports = { ...others, password, line: Number(new URL(line.endpoint).port) }
        return [...jvm, 'kafka.Kafka', formatted(dir, settings(ports, dir, pem))]
      },
    },
    kafkaStartMsMax,
  )
  return { ...broker, openPort: others.open, tlsPort: others.tls, line }
}

function settings(ports: Ports, dir: string, pem: string | null): string {
  const login = 'org.apache.kafka.common.security'
  const listeners: Record<string, number> = {
    OPEN: ports.open,
    PASSWORD: ports.password,
    LINE: ports.behindLine,
    ...(pem === null ? {} : { TLS: ports.tls }),
  }
  const listed = (port: (name: string) => number, host: string): string =>
    Object.keys(listeners)
      .map((name) => `${name}://${host}:${port(name)}`)
      .join(',')
  const lines = [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${ports.controller}`,
    'controller.listener.names=CONTROLLER',
    `listeners=${listed((name) => listeners[name]!, '127.0.0.1')},CONTROLLER://127.0.0.1:${ports.controller}`,
    `advertised.listeners=${listed((name) => (name === 'LINE' ? ports.line : listeners[name]!), 'localhost')}`,
    'listener.security.protocol.map=OPEN:PLAINTEXT,LINE:PLAINTEXT,CONTROLLER:PLAINTEXT,PASSWORD:SASL_PLAINTEXT,TLS:SSL',
    'inter.broker.listener.name=OPEN',
    'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    `listener.name.password.plain.sasl.jaas.config=${login}.plain.PlainLoginModule required user_${kafkaUser.name}="${kafkaUser.password}";`,
    ...['256', '512'].map(
      (bits) =>
        `listener.name.password.scram-sha-${bits}.sasl.jaas.config=${login}.scram.ScramLoginModule required;`,
    ),
    `log.dirs=${dir}/data`,
    'auto.create.topics.enable=false',
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=1',
    'group.initial.rebalance.delay.ms=0',
    // After a kill it may not come back before its former self is given up.
    'broker.heartbeat.interval.ms=500',
    'broker.session.timeout.ms=3000',
    'num.network.threads=1',
    'num.io.threads=2',
    ...(pem === null
      ? []
      : ['ssl.keystore.type=PEM', `ssl.keystore.location=${dir}/keystore.pem`, 'ssl.client.auth=none']),
  ]
  if (pem !== null) fs.writeFileSync(`${dir}/keystore.pem`, pem)
  return `${lines.join('\n')}\n`
}

/** The first time, its folder is made and its users are added, with one password. */
export function formatted(dir: string, text: string, names: readonly string[] = [kafkaUser.name]): string {
  const file = `${dir}/server.properties`
  if (fs.existsSync(file)) return file
  fs.writeFileSync(file, text)
  const users = names.flatMap((name) =>
    ['256', '512'].flatMap((bits) => [
      '--add-scram',
      `SCRAM-SHA-${bits}=[name=${name},password=${kafkaUser.password}]`,
    ]),
  )
  const cluster = Buffer.from('varve-test-cluster').subarray(0, 16).toString('base64url')
  const tool = ['kafka.tools.StorageTool', 'format', '-t', cluster, '-c', file, ...users]
  const { status, stderr } = spawnSync(java!, [...jvm, ...tool], {
    timeout: kafkaStartMsMax,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`Kafka's storage cannot be made: ${stderr}`)
  return file
}
