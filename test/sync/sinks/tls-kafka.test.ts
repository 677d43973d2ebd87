// Kafka over TLS and behind lists of who may do what, with a real broker: a private CA, certificates of clients, passwords
// (SASL_SSL with SCRAM), topics that may be written to and others that may not.
import { AclOperations, ResourceTypes } from '@platformatic/kafka'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isVarveError } from '../../../src/base/errors.ts'
import { openSink } from '../../../src/connectors/open-sink.ts'
import { hasOpenssl, withoutOpenssl } from '../../support/certificate.ts'
import { type GuardedKafka, startGuardedKafka, writeTo } from '../../support/guarded-kafka.ts'
import { hasKafka, kafkaStartMsMax, kafkaUser, withoutKafka } from '../../support/kafka.ts'
import { insertInto } from '../../support/one-batch.ts'
import { type TlsFiles, type TlsServer, makeTlsFiles, tlsLaws } from './tls-laws.ts'

describe.skipIf(!hasKafka || !hasOpenssl)(`Kafka over TLS${withoutKafka}${withoutOpenssl}`, () => {
  let files: TlsFiles
  let broker: GuardedKafka
  let at: TlsServer
  beforeAll(async () => {
    files = makeTlsFiles()
    broker = await startGuardedKafka(files.authority.ca, files.server)
    await broker.admin((admin) =>
      admin.createTopics({
        topics: ['shop', 'allowed', 'denied', 'seen', 'changing'],
        partitions: 1,
        replicas: 1,
      }),
    )
    at = {
      url: (host) => `kafkas://${host}:${broker.mutualPort}/shop`,
      own: files.server,
      async restart() {
        await broker.kill()
        await broker.start()
      },
      environment: {},
    }
  }, kafkaStartMsMax)
  afterAll(() => broker.stop())

  tlsLaws(() => ({ ...files, at }))

  /** As grace. */
  async function told(topic: string, query = '', password = kafkaUser.password): Promise<string> {
    let sink
    try {
      const url = `kafkas://grace@localhost:${broker.guardedPort}/${topic}${query}`
      const environment = { VARVE_LINK_SHOP_PASSWORD: password, VARVE_LINK_SHOP_CA_FILE: files.authority.ca }
      sink = await openSink(url, { link: 'shop', environment })
      await sink.deliver(insertInto('people'))
      return 'delivered'
    } catch (error) {
      if (!isVarveError(error)) throw error
      expect(JSON.stringify([error.message, error.hint, error.data])).not.toContain(password)
      return `${error.code}: ${error.message}; ${error.hint}`
    } finally {
      await sink?.close()
    }
  }

  const keptIn = (topic: string): Promise<number> =>
    broker.admin(async (admin) => {
      const [listed] = await admin.listOffsets({
        topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1n }] }],
      })
      return Number(listed!.partitions[0]!.offset)
    })

  test('a user who may write to one topic is let in by SCRAM over TLS, and to no other topic', async () => {
    const denied = await told('allowed')
    expect(denied).toMatch(/^VARVE_REFUSED: .*; let the user 'grace' write to the topic: kafka-acls/)
    await broker.allow(writeTo('allowed'))
    for (const sasl of ['', '?sasl=scram-sha-256'])
      await expect.poll(() => told('allowed', sasl), { timeout: 30_000 }).toBe('delivered')
    expect(await told('denied')).toMatch(/^VARVE_REFUSED: .*; let the user 'grace' write to the topic/)
    // One that may be seen, and not written to, is refused when rows are sent.
    await broker.allow({ ...writeTo('seen'), operation: AclOperations.DESCRIBE })
    await expect.poll(() => told('seen'), { timeout: 30_000 }).toMatch(/^VARVE_REFUSED: .*TOPIC|uthoriz/)
    expect([await keptIn('allowed'), await keptIn('denied'), await keptIn('seen')]).toEqual([2, 0, 0])
  }, 240_000)

  test('a user who may write, and make topics, needs no right to see settings of a topic or the cluster', async () => {
    await broker.allow(writeTo('changing'), {
      resourceType: ResourceTypes.CLUSTER,
      resourceName: 'kafka-cluster',
      operation: AclOperations.CREATE,
    })
    await expect.poll(() => told('changing'), { timeout: 30_000 }).toBe('delivered')
  }, 120_000)

  test('a wrong password, and one that was changed while the link was open, are refused by name', async () => {
    expect(await told('changing', '', 'another')).toMatch(
      /^VARVE_REFUSED: .*uthentication failed.*; give the password in the environment as VARVE_LINK_SHOP_PASSWORD/,
    )
    const environment = {
      VARVE_LINK_SHOP_PASSWORD: kafkaUser.password,
      VARVE_LINK_SHOP_CA_FILE: files.authority.ca,
    }
    const url = `kafkas://grace@localhost:${broker.guardedPort}/changing`
    const open = await openSink(url, { link: 'shop', environment })
    const before = await keptIn('changing')
    broker.setPassword('a new one')
    await expect
      .poll(() => told('changing'), { timeout: 30_000 })
      .toMatch(/^VARVE_REFUSED: .*uthentication failed/)
    // It has proven itself at one connection, and has to do so again at the one for rows.
    await expect(open.deliver(insertInto('people'))).rejects.toMatchObject({
      code: 'VARVE_REFUSED',
      hint: expect.stringContaining('VARVE_LINK_SHOP_PASSWORD'),
    })
    await open.close()
    expect(await keptIn('changing')).toBe(before)
    expect(await told('changing', '', 'a new one')).toBe('delivered')
  }, 240_000)
})
