// A topic of Kafka as a sink, with a real broker: the contract of sinks, keys and partitions, and what a broker refuses.
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import {
  Admin,
  Consumer,
  type ConsumerOptions,
  MessagesStreamModes,
  compatibilityPartitioner,
} from '@platformatic/kafka'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kafkaAddress } from '../../../src/connectors/kafka/address.ts'
import { DataRepository } from '../../../src/api/data-repository.ts'
import { createContext } from '../../../src/repo/context.ts'
import { MemoryStore } from '../../../src/store/memory.ts'
import { deliverRound } from '../../../src/sync/deliver/deliver.ts'
import { openSink } from '../../../src/connectors/open-sink.ts'
import { RowsRefused } from '../../../src/connectors/rows-refused.ts'
import type { Batch, RowMessage } from '../../../src/connectors/sink.ts'
import { ok, varve } from '../../cli/varve.ts'
import { type Message, folded, sinkContract } from '../../contract/sink.ts'
import { type Kafka, hasKafka, kafkaStartMsMax, startKafka, withoutKafka } from '../../support/kafka.ts'
import { oneBatch } from '../../support/one-batch.ts'
import { temporaryDir } from '../../support/temporary.ts'

const environment = { VARVE_LINK_SHOP_PASSWORD: 'a password' }

const hasOpenssl = spawnSync('openssl', ['version'], { stdio: 'ignore' }).status === 0

interface Told {
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  /** null: a tombstone. */
  readonly message: Message | null
}

let groups = 0

/** All that the topic holds, partition by partition, as a consumer reads it. */
async function toldAt(port: number, topic: string): Promise<Told[]> {
  const options = { clientId: 'reader', groupId: `g${++groups}`, bootstrapBrokers: [`127.0.0.1:${port}`] }
  const consumer = new Consumer(options as ConsumerOptions<Buffer, Buffer, Buffer, Buffer>)
  const all: Told[] = []
  const count = await recordsAt(port, topic)
  if (count === 0) return []
  try {
    const stream = await consumer.consume({
      topics: [topic],
      mode: MessagesStreamModes.EARLIEST,
      autocommit: false,
    })
    for await (const { partition, offset, key, value, headers } of stream) {
      const named = Object.fromEntries([...headers].map(([name, text]) => [name.toString(), text.toString()]))
      const message = value === null || value === undefined ? null : (JSON.parse(value.toString()) as Message)
      all.push({ partition, offset: Number(offset), key: key.toString(), headers: named, message })
      if (all.length === count) break
    }
    await stream.close()
  } finally {
    // It leaves its group, whether or not its stream has come to an end.
    await new Promise<void>((done) => consumer.close(true, () => done()))
  }
  return all.sort((a, b) => a.partition - b.partition || a.offset - b.offset)
}

/** How many records the topic at the broker's open port holds. */
async function recordsAt(port: number, topic: string): Promise<number> {
  const options = { clientId: 'reader', groupId: `g${++groups}`, bootstrapBrokers: [`127.0.0.1:${port}`] }
  const consumer = new Consumer(options as ConsumerOptions<Buffer, Buffer, Buffer, Buffer>)
  try {
    const ends = (await consumer.listOffsets({ topics: [topic] })).get(topic)!
    return ends.reduce((sum, end) => sum + Number(end), 0)
  } finally {
    await new Promise<void>((done) => consumer.close(true, () => done()))
  }
}

async function addTopic(
  port: number,
  topic: string,
  settings: { partitions?: number; configs?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const admin = new Admin({ clientId: 'tests', bootstrapBrokers: [`127.0.0.1:${port}`] })
  const configs = Object.entries(settings.configs ?? {}).map(([name, value]) => ({ name, value }))
  await admin.createTopics({ topics: [topic], partitions: settings.partitions ?? 1, replicas: 1, configs })
  await admin.close()
}

/** Of 'localhost', in a file and as Kafka takes it. */
function keyAndCertificate(certificate: string): string {
  const key = `${certificate}.key`
  const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost']
  const files = ['-keyout', key, '-out', certificate, '-addext', 'subjectAltName=DNS:localhost']
  execFileSync('openssl', [...words, ...files], { stdio: 'ignore' })
  return fs.readFileSync(key, 'utf8') + fs.readFileSync(certificate, 'utf8')
}

function row(id: number, text = '', kind: RowMessage['kind'] = 'insert'): RowMessage {
  const cells = { id, text }
  const [before, after] = [kind === 'insert' ? null : cells, kind === 'delete' ? null : cells]
  const keyTexts = [{ kind: null, text: `${id}` }]
  return {
    id: `m${id} ${kind} ${text.slice(0, 9)}`,
    table: 'people',
    kind,
    key: { id },
    keyTexts,
    before,
    after,
  }
}

const batch = (...messages: readonly RowMessage[]): Batch => oneBatch({ messages })

test('an URL names brokers, topic and how the password is shown; what it cannot mean is refused', () => {
  expect(kafkaAddress('kafkas://a%40b@one:1,two,[::1]:3/t.opic?sasl=plain&tombstones=yes', 'shop')).toEqual({
    location: 'kafkas://one:1,two:9092,::1:3/t.opic',
    isTls: true,
    user: 'a@b',
    brokers: [
      { host: 'one', port: 1 },
      { host: 'two', port: 9092 },
      { host: '::1', port: 3 },
    ],
    topic: 't.opic',
    sasl: 'PLAIN',
    hasTombstones: true,
  })
  expect(kafkaAddress('kafka://one', 'shop')).toMatchObject({
    topic: 'shop',
    sasl: 'SCRAM-SHA-512',
    user: null,
  })
  for (const url of ['kafka://', 'kafka://one/a/b', 'kafka://one/a%20b', 'kafka://one/..', 'kafka://one:x/t'])
    expect(() => kafkaAddress(url, 'shop')).toThrow('not an endpoint of Kafka')
  for (const url of [
    'kafka://one/t?sasl=md5',
    'kafka://one/t?tombstones=1',
    'kafka://one/t?acks=1',
    'kafka://one,,two/t',
  ])
    expect(() => kafkaAddress(url, 'shop')).toThrow('not an endpoint of Kafka')
})

describe.skipIf(!hasKafka)(`Kafka${withoutKafka}`, () => {
  const certificate = path.join(temporaryDir(), 'cert.pem')
  let broker: Kafka
  beforeAll(async () => {
    broker = await startKafka(hasOpenssl ? keyAndCertificate(certificate) : null)
  }, kafkaStartMsMax)
  afterAll(() => broker.stop())

  const urlOf = (topic: string, query = ''): string => `kafka://ada@127.0.0.1:${broker.port}/${topic}${query}`

  let count = 0
  sinkContract('as every sink', async () => ({
    async receiver() {
      const topic = `t${++count}`
      await addTopic(broker.openPort, topic)
      return {
        url: urlOf(topic),
        environment,
        messages: async () => (await toldAt(broker.openPort, topic)).map(({ message }) => message!),
      }
    },
    nowhere: 'kafka://127.0.0.1:9/x',
    environment,
    stop: () => Promise.resolve(),
  }))

  async function deliver(
    url: string,
    one: Batch,
    given: Readonly<Record<string, string>> = environment,
  ): Promise<string> {
    let sink
    try {
      sink = await openSink(url, { link: 'shop', environment: given })
      await sink.deliver(one)
      return 'delivered'
    } catch (error) {
      return `${(error as { code: string }).code}: ${(error as Error).message}`
    } finally {
      await sink?.close()
    }
  }

  test('all of a row lies in one partition in its order, where other producers would put its key', async () => {
    await addTopic(broker.openPort, 'ordered', { partitions: 5 })
    const sink = await openSink(urlOf('ordered'), { link: 'shop', environment })
    const ids = Array.from({ length: 40 }, (_, id) => id)
    await sink.deliver(batch(...ids.map((id) => row(id))))
    for (const step of ['a', 'b']) await sink.deliver(batch(...ids.map((id) => row(id, step, 'update'))))
    await sink.close()
    const told = await toldAt(broker.openPort, 'ordered')
    expect(told).toHaveLength(120)
    expect(new Set(told.map(({ partition }) => partition)).size).toBe(5)
    for (const id of ids) {
      const key = `{"table":"people","key":{"id":${id}}}`
      const own = told.filter((one) => one.key === key)
      expect(own.map(({ headers }) => headers['id'])).toEqual([
        `m${id} insert `,
        `m${id} update a`,
        `m${id} update b`,
      ])
      const partition = compatibilityPartitioner({ topic: '', value: Buffer.of() }, Buffer.from(key)) % 5
      expect(new Set(own.map((one) => one.partition))).toEqual(new Set([partition]))
    }
    expect(told[0]!.headers).toMatchObject({
      table: 'people',
      kind: 'insert',
      'content-type': 'application/json',
    })
  }, 60_000)

  test('a row that is gone leaves a tombstone where that is asked for', async () => {
    await addTopic(broker.openPort, 'graves')
    expect(await deliver(urlOf('graves', '?tombstones=yes'), batch(row(1), row(2, '', 'delete')))).toBe(
      'delivered',
    )
    const told = await toldAt(broker.openPort, 'graves')
    expect(told.map(({ key, message }) => [key, message?.kind ?? null])).toEqual([
      ['{"table":"people","key":{"id":1}}', 'insert'],
      ['{"table":"people","key":{"id":2}}', 'delete'],
      ['{"table":"people","key":{"id":2}}', null],
    ])
  }, 60_000)

  test('a batch that is too large for the topic goes in parts, and a row that is too large is refused by name before any', async () => {
    await addTopic(broker.openPort, 'small', { configs: { 'max.message.bytes': '5000' } })
    const rows = Array.from({ length: 20 }, (_, id) => row(id, 'x'.repeat(1000)))
    expect(await deliver(urlOf('small'), batch(...rows))).toBe('delivered')
    expect(await toldAt(broker.openPort, 'small')).toHaveLength(20)
    expect(await deliver(urlOf('small'), batch(row(20), row(21, 'x'.repeat(6000))))).toMatch(
      /^VARVE_REFUSED: row \{"id":21\} of 'people' is a message of \d+ bytes, and 'kafka:.*' takes 5000$/,
    )
    expect(await toldAt(broker.openPort, 'small')).toHaveLength(20)
    // The topic is made smaller while the sink is open: the broker says it then.
    await addTopic(broker.openPort, 'shrinking')
    const sink = await openSink(urlOf('shrinking'), { link: 'shop', environment })
    const admin = new Admin({ clientId: 'tests', bootstrapBrokers: [`127.0.0.1:${broker.openPort}`] })
    await admin.incrementalAlterConfigs({
      resources: [
        {
          resourceType: 2,
          resourceName: 'shrinking',
          configs: [{ name: 'max.message.bytes', configOperation: 0, value: '5000' }],
        },
      ],
    })
    await admin.close()
    await expect
      .poll(() => sink.deliver(batch(row(1, 'x'.repeat(6000)))).then(() => '', String), { timeout: 30_000 })
      .toMatch(/refuses: .*larger than the max message size/)
    await expect(sink.deliver(batch(row(1, 'x'.repeat(6000)), row(2)))).rejects.toBeInstanceOf(RowsRefused)
    await sink.deliver(batch(row(2)))
    await sink.close()
    expect((await toldAt(broker.openPort, 'shrinking')).at(-1)!.headers['id']).toBe('m2 insert ')
  }, 60_000)

  test('a topic that is not there, a wrong password and a mechanism that is not spoken are refused by name', async () => {
    expect(await deliver(urlOf('nowhere'), batch(row(1)))).toMatch(
      /^VARVE_REFUSED: there is no topic 'nowhere' at 'kafka:\/\/127.0.0.1:\d+\/nowhere'$/,
    )
    await addTopic(broker.openPort, 'guarded')
    for (const sasl of ['scram-sha-512', 'scram-sha-256', 'plain']) {
      const url = urlOf('guarded', `?sasl=${sasl}`)
      expect(await deliver(url, batch(row(1)))).toBe('delivered')
      expect(await deliver(url, batch(row(1)), { VARVE_LINK_SHOP_PASSWORD: 'x' })).toMatch(
        /^VARVE_REFUSED: 'kafka:.*' refuses: .*uthentication failed/,
      )
    }
    expect(await deliver(urlOf('guarded').replace('ada@', ''), batch(row(1)))).toMatch(/^VARVE_UNREACHABLE/)
    expect(await toldAt(broker.openPort, 'guarded')).toHaveLength(3)
  }, 60_000)

  test('a line that is reset at any moment while the password is proven is unreachable, and harms nobody', async () => {
    await addTopic(broker.openPort, 'reset')
    let left = 0
    const proxy = net.createServer((near) => {
      const far = net.connect(broker.port, '127.0.0.1')
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        from.on('error', () => to.destroy())
        from.on('close', () => to.destroy())
        from.on('data', (bytes: Buffer) => {
          if (left-- > 0) to.write(bytes)
          else near.resetAndDestroy()
        })
      }
    })
    await once(proxy.listen(0, '127.0.0.1'), 'listening')
    const { port } = proxy.address() as AddressInfo
    const url = `kafka://ada@127.0.0.1:${port}/reset`
    for (let parts = 0; parts < 8; parts++) {
      left = parts
      // Each part counts for all tries together: no try comes further.
      expect(await deliver(url, batch(row(parts)))).toMatch(/^VARVE_UNREACHABLE/)
    }
    left = Number.POSITIVE_INFINITY
    expect(await deliver(url, batch(row(9)))).toBe('delivered')
    await new Promise((done) => proxy.close(done))
    expect((await toldAt(broker.openPort, 'reset')).map(({ message }) => message!.key['id'])).toEqual([9])
  }, 120_000)

  test('an answer that is lost with the line is asked for again, and the broker keeps the rows once', async () => {
    await addTopic(broker.openPort, 'cut')
    const sink = await openSink(`${broker.line.endpoint.replace('http', 'kafka')}/cut`, { link: 'shop' })
    await sink.deliver(batch(row(1)))
    // The rows arrive; of the broker's answer to them one byte gets through.
    broker.line.cut('down', 1, 'once')
    await sink.deliver(batch(row(2), row(3)))
    expect(broker.line.passed.down).toBeGreaterThan(1)
    await sink.deliver(batch(row(4)))
    await sink.close()
    expect((await toldAt(broker.openPort, 'cut')).map(({ message }) => message!.key['id'])).toEqual([
      1, 2, 3, 4,
    ])
  }, 60_000)

  test.skipIf(!hasOpenssl)(
    `the command line tells a topic over TLS, of a certificate that it trusts${hasOpenssl ? '' : ' (skipped: no openssl to make one)'}`,
    async () => {
      await addTopic(broker.openPort, 'private')
      const cwd = temporaryDir()
      fs.writeFileSync(`${cwd}/people.csv`, 'id,name\n1,Ada\n')
      await ok(['init'], { cwd })
      await ok(['track', 'people.csv', '--key', 'id'], { cwd })
      const url = `kafkas://localhost:${broker.tlsPort}/private`
      const env = { NODE_EXTRA_CA_CERTS: certificate }
      await ok(['link', 'add', 'shop', url, '--tables', 'people.csv', '--mode', 'materialize'], { cwd, env })
      await ok(['add', '.'], { cwd })
      await ok(['commit', '-m', 'people'], { cwd })
      const stranger = await varve(['sync', 'shop'], { cwd })
      expect([stranger.code, stranger.stderr]).toEqual([
        60,
        expect.stringContaining('self-signed certificate'),
      ])
      await ok(['sync', 'shop'], { cwd, env })
      const told = await toldAt(broker.openPort, 'private')
      expect(told.map(({ message }) => message!.after)).toEqual([{ id: 1, name: 'Ada' }])
    },
    120_000,
  )

  test(
    'rounds that a kill of the broker cuts short go on: every row arrives, in its order, and a row that is too large waits alone',
    async () => {
      await addTopic(broker.openPort, 'rounds', { partitions: 3 })
      const author = { name: 'Ada', email: 'ada@example.org' }
      const store = MemoryStore.create()
      const repository = DataRepository.over(store, { author })
      const link = {
        name: 'shop',
        endpoint: urlOf('rounds'),
        tables: ['people'],
        into: 'shop',
        branch: 'main',
      }
      const round = async (): Promise<string[]> => {
        const sink = await openSink(link.endpoint, { link: 'shop', environment })
        try {
          const repo = createContext(store, { author })
          const given = { repo, sink, link: { ...link, mode: 'materialize' as const }, options: {} }
          return (await deliverRound(given)).heldBack.map(({ key, reason }) => `${key} ${reason}`)
        } finally {
          await sink.close()
        }
      }
      for (let step = 0; step < 2; step++) {
        await repository.transaction('main', async (tx) => {
          const people = step === 0 ? tx.createTable('people', { key: ['id'] }) : tx.table('people')
          for (let id = 0; id < 2000; id++) people.put({ id, step, text: 'x'.repeat(500) })
          if (step === 0) people.put({ id: 7, step, text: 'x'.repeat(2 << 20) })
        })
        const cut = round().then(
          (rows) => rows.join(),
          (error: { code: string }) => error.code,
        )
        await expect
          .poll(() => recordsAt(broker.openPort, 'rounds'), { timeout: 30_000 })
          .toBeGreaterThan(step * 2000)
        await broker.kill()
        expect(['', '7 rejected', 'VARVE_UNREACHABLE']).toContain(await cut)
        await broker.start()
        await expect
          .poll(() => round().catch(() => null), { timeout: 60_000 })
          .toEqual(step === 0 ? ['7 rejected'] : [])
      }
      const rows = folded((await toldAt(broker.openPort, 'rounds')).map(({ message }) => message!))
      expect(Object.keys(rows)).toHaveLength(2000)
      expect(Object.values(rows).every(({ step }) => step === '1')).toBe(true)
    },
    kafkaStartMsMax,
  )

  test(
    'a broker that is killed in the middle is unreachable, keeps what it has confirmed, and is told the rest when it is back',
    async () => {
      await addTopic(broker.openPort, 'killed', { partitions: 3 })
      const sink = await openSink(urlOf('killed'), { link: 'shop', environment })
      await sink.deliver(batch(row(1), row(2)))
      const many = batch(...Array.from({ length: 500 }, (_, id) => row(id + 3, 'x'.repeat(1500))))
      const sending = sink.deliver(many).then(
        () => 'delivered',
        (error: { code: string }) => error.code,
      )
      await broker.kill()
      expect(['delivered', 'VARVE_UNREACHABLE']).toContain(await sending)
      await expect(sink.deliver(many)).rejects.toMatchObject({ code: 'VARVE_UNREACHABLE' })
      await sink.close()
      await broker.start()
      await expect.poll(() => deliver(urlOf('killed'), many), { timeout: 60_000 }).toBe('delivered')
      const ids = (await toldAt(broker.openPort, 'killed')).map(({ message }) => message!.key['id'])
      expect(new Set(ids)).toEqual(new Set(Array.from({ length: 502 }, (_, id) => id + 1)))
    },
    kafkaStartMsMax,
  )
})
