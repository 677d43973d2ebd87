// A real broker of Apache Kafka with lists of who may do what (ACLs), which lets people in over TLS alone: by a client's
// certificate, or by a password (SASL_SSL). Whoever looks on uses an open port.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import {
  type Acl,
  AclOperations,
  AclPermissionTypes,
  Admin,
  ResourcePatternTypes,
  ResourceTypes,
} from '@platformatic/kafka'
import { type Broker, startBroker } from './brokers.ts'
import type { CertificateFiles } from './certificate.ts'
import { freePort } from './free-port.ts'
import { formatted, java, jvm, kafkaStartMsMax } from './kafka.ts'

/** Both have the password of `kafkaUser`; ada may do anything. */
export const kafkaUsers: readonly string[] = ['ada', 'grace']

export interface GuardedKafka extends Broker {
  /** Where a certificate of the client is asked for. */
  readonly mutualPort: number
  /** Where a password is asked for. */
  readonly guardedPort: number
  readonly openPort: number
  admin<T>(work: (admin: Admin) => Promise<T>): Promise<T>
  allow(...acls: readonly Pick<Acl, 'resourceType' | 'resourceName' | 'operation'>[]): Promise<void>
  /** Of grace, for SCRAM-SHA-512. */
  setPassword(password: string): void
}

export async function startGuardedKafka(ca: string, own: CertificateFiles): Promise<GuardedKafka> {
  const [guarded, open, controller] = await Promise.all([1, 2, 3].map(freePort))
  const broker = await startBroker(
    {
      program: java!,
      args(mutual, dir) {
        // Read anew when it starts again.
        fs.writeFileSync(
          `${dir}/keystore.pem`,
          fs.readFileSync(own.key, 'utf8') + fs.readFileSync(own.certificate, 'utf8'),
        )
        const ports = { OPEN: open!, MUTUAL: mutual, GUARDED: guarded! }
        return [...jvm, 'kafka.Kafka', formatted(dir, settings(ports, controller!, dir, ca), kafkaUsers)]
      },
    },
    kafkaStartMsMax,
  )
  const admin: GuardedKafka['admin'] = async (work) => {
    const one = new Admin({ clientId: 'tests', bootstrapBrokers: [`127.0.0.1:${open}`] })
    try {
      return await work(one)
    } finally {
      await one.close()
    }
  }
  return {
    ...broker,
    mutualPort: broker.port,
    guardedPort: guarded!,
    openPort: open!,
    admin,
    allow: (...acls) =>
      admin((one) =>
        one.createAcls({
          creations: acls.map((acl) => ({
            ...acl,
            resourcePatternType: ResourcePatternTypes.LITERAL,
            principal: 'User:grace',
            host: '*',
            permissionType: AclPermissionTypes.ALLOW,
          })),
        }),
      ),
    setPassword(password) {
      const words = [
        '--bootstrap-server',
        `127.0.0.1:${open}`,
        '--alter',
        '--entity-type',
        'users',
        '--entity-name',
        'grace',
      ]
      const change = ['--add-config', `SCRAM-SHA-512=[password=${password}]`]
      const { status, stderr } = spawnSync(
        java!,
        [...jvm, 'kafka.admin.ConfigCommand', ...words, ...change],
        {
          encoding: 'utf8',
          timeout: kafkaStartMsMax,
        },
      )
      if (status !== 0) throw new Error(`the password was not changed: ${stderr}`)
    },
  }
}

export const writeTo = (resourceName: string): Pick<Acl, 'resourceType' | 'resourceName' | 'operation'> => ({
  resourceType: ResourceTypes.TOPIC,
  resourceName,
  operation: AclOperations.WRITE,
})

function settings(
  ports: Readonly<Record<string, number>>,
  controller: number,
  dir: string,
  ca: string,
): string {
  const login = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
  const listed = (host: string): string =>
    Object.entries(ports)
      .map(([name, port]) => `${name}://${host}:${port}`)
      .join(',')
  const tls = ['mutual', 'guarded'].flatMap((name) => [
    `listener.name.${name}.ssl.keystore.type=PEM`,
    `listener.name.${name}.ssl.keystore.location=${dir}/keystore.pem`,
    `listener.name.${name}.ssl.truststore.type=PEM`,
    `listener.name.${name}.ssl.truststore.location=${ca}`,
    `listener.name.${name}.ssl.client.auth=${name === 'mutual' ? 'required' : 'none'}`,
  ])
  return `${[
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controller}`,
    'controller.listener.names=CONTROLLER',
    `listeners=${listed('127.0.0.1')},CONTROLLER://127.0.0.1:${controller}`,
    `advertised.listeners=${listed('localhost')}`,
    'listener.security.protocol.map=OPEN:PLAINTEXT,CONTROLLER:PLAINTEXT,MUTUAL:SSL,GUARDED:SASL_SSL',
    'inter.broker.listener.name=OPEN',
    ...tls,
    'sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512',
    `listener.name.guarded.scram-sha-256.sasl.jaas.config=${login}`,
    `listener.name.guarded.scram-sha-512.sasl.jaas.config=${login}`,
    'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users=User:ANONYMOUS;User:ada;User:CN=client',
    'allow.everyone.if.no.acl.found=false',
    `log.dirs=${dir}/data`,
    'auto.create.topics.enable=false',
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=1',
    'group.initial.rebalance.delay.ms=0',
    'broker.heartbeat.interval.ms=500',
    'broker.session.timeout.ms=3000',
    'num.network.threads=1',
    'num.io.threads=2',
  ].join('\n')}\n`
}
