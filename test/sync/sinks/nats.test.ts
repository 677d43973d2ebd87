// NATS JetStream as a sink, with a real server: the contract of sinks, and what a stream answers.
import { writeFileSync } from 'node:fs'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { type NatsConnection, connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSink } from '../../../src/connectors/open-sink.ts'
import type { Batch } from '../../../src/connectors/sink.ts'
import { type Message, sinkContract } from '../../contract/sink.ts'
import { type Broker, programAt, startBroker } from '../../support/brokers.ts'
import { deliverTo, insertInto } from '../../support/one-batch.ts'

const program = programAt('nats-server')
const without = program === null ? ' (skipped: nats-server is not installed)' : ''
const environment = { VARVE_LINK_SHOP_PASSWORD: 'a password' }

function startNats(): Promise<Broker> {
  return startBroker({
    program: program!,
    args: (port, dir) => {
      writeFileSync(
        `${dir}/nats.conf`,
        `listen: "127.0.0.1:${port}"
         jetstream: { store_dir: "${dir}" }
         authorization: { user: ada, password: "a password" }`,
      )
      return ['-c', `${dir}/nats.conf`]
    },
  })
}

const clientOf = (port: number): Promise<NatsConnection> =>
  connect({ servers: `127.0.0.1:${port}`, user: 'ada', pass: 'a password' })

async function messagesOf(port: number, stream: string): Promise<Message[]> {
  const client = await clientOf(port)
  try {
    const manager = await jetstreamManager(client)
    const { messages } = (await manager.streams.info(stream)).state
    if (messages === 0) return []
    const consumer = await jetstream(client).consumers.get(stream)
    const all: Message[] = []
    for await (const message of await consumer.consume()) {
      all.push(message.json<Message>())
      expect(message.headers!.get('Nats-Msg-Id')).toBe(all.at(-1)!.id)
      if (all.length === messages) break
    }
    return all
  } finally {
    await client.close()
  }
}

async function addStream(port: number, name: string, settings: object = {}): Promise<void> {
  const client = await clientOf(port)
  await (await jetstreamManager(client)).streams.add({ name, subjects: [`${name}.>`], ...settings })
  await client.close()
}

describe.skipIf(program === null)(`NATS${without}`, () => {
  let count = 0
  sinkContract('as every sink', async () => {
    const broker = await startNats()
    return {
      async receiver() {
        const stream = `s${++count}`
        await addStream(broker.port, stream)
        const url = `nats://ada@127.0.0.1:${broker.port}/${stream}`
        return { url, environment, messages: () => messagesOf(broker.port, stream), leavesOutRepeats: true }
      },
      nowhere: 'nats://127.0.0.1:9/x',
      environment,
      stop: () => broker.stop(),
    }
  })

  let broker: Broker
  beforeAll(async () => {
    broker = await startNats()
  }, 60_000)
  afterAll(() => broker.stop())

  const deliver = (stream: string, batch: Batch, given: Readonly<Record<string, string>> = environment) =>
    deliverTo(`nats://ada@127.0.0.1:${broker.port}/${stream}`, batch, given)

  test('what comes twice is kept once by the stream itself', async () => {
    await addStream(broker.port, 'twice')
    expect([
      await deliver('twice', insertInto('people')),
      await deliver('twice', insertInto('people')),
    ]).toEqual(Array(2).fill('delivered'))
    expect(await messagesOf(broker.port, 'twice')).toHaveLength(1)
  })

  test('paths of tables are one part of a subject, whatever is in them', async () => {
    await addStream(broker.port, 'paths', { subjects: ['paths.*'] })
    expect(await deliver('paths', insertInto('a.b/c *>% d.csv'))).toBe('delivered')
    const client = await clientOf(broker.port)
    const { state } = await (await jetstreamManager(client)).streams.info('paths', { subjects_filter: '>' })
    expect(Object.keys(state.subjects!)).toEqual(['paths.a%2Eb/c%20%2A%3E%25%20d%2Ecsv'])
    await client.close()
  })

  test('a server without JetStream is said to be one', async () => {
    const plain = await startBroker({
      program: program!,
      args: (port) => ['-a', '127.0.0.1', '-p', `${port}`],
    })
    const sink = await openSink(`nats://127.0.0.1:${plain.port}/plain`, { link: 'shop', environment: {} })
    await expect(sink.deliver(insertInto('people'))).rejects.toMatchObject({
      message: expect.stringContaining('runs without JetStream') as string,
      hint: expect.stringContaining('nats-server -js') as string,
    })
    await sink.close()
    await plain.stop()
  })

  test('a subject that no stream takes, a full stream, a long message and a wrong password are refused by name', async () => {
    expect(await deliver('nobody', insertInto('people'))).toMatch(
      /^VARVE_REFUSED: no stream of .* takes 'nobody.people'$/,
    )
    await addStream(broker.port, 'full', { max_msgs: 1, discard: 'new' })
    expect(await deliver('full', insertInto('people'))).toBe('delivered')
    expect(await deliver('full', insertInto('orders'))).toMatch(/^VARVE_REFUSED: .*maximum messages/)
    expect(await deliver('full', insertInto('people', { text: 'x'.repeat(1 << 20) }))).toMatch(
      /^VARVE_REFUSED: row \{"id":1\} of 'people' is a message of \d+ bytes, and .* takes 1048576$/,
    )
    expect(await deliver('full', insertInto('people'), { VARVE_LINK_SHOP_PASSWORD: 'x' })).toMatch(
      /^VARVE_REFUSED: .*uthoriz/,
    )
  })

  test.each([
    ['new', 'file'],
    ['old', 'file'],
    ['new', 'memory'],
    ['old', 'memory'],
  ] as const)(
    'a message longer than all that a stream keeps is refused, and the longest is not (discard %s, %s)',
    async (discard, storage) => {
      const bytesMax = 20_000
      const send = async (name: string, textBytes: number): Promise<string> => {
        const stream = `${name}-${discard}-${storage}`
        await addStream(broker.port, stream, { max_bytes: bytesMax, discard, storage })
        return deliver(stream, insertInto('people', { text: 'x'.repeat(textBytes) }))
      }
      await send('a', 0)
      const client = await clientOf(broker.port)
      const { state } = await (await jetstreamManager(client)).streams.info(`a-${discard}-${storage}`)
      await client.close()
      const longest = bytesMax - state.bytes
      expect(await send('b', longest)).toBe('delivered')
      expect(await messagesOf(broker.port, `b-${discard}-${storage}`)).toHaveLength(1)
      for (const [name, bytes] of [
        ['c', longest + 1],
        ['d', 100_000],
      ] as const)
        expect(await send(name, bytes)).toBe(
          `VARVE_REFUSED: the message is longer than all that the stream '${name}-${discard}-${storage}' keeps, 20000 bytes`,
        )
    },
  )

  test('a user who may only publish is told no limits, and sends all the same', async () => {
    const other = await startBroker({
      program: program!,
      args: (port, dir) => {
        writeFileSync(
          `${dir}/nats.conf`,
          `listen: "127.0.0.1:${port}"
           jetstream: { store_dir: "${dir}" }
           authorization: { users: [
             { user: ada, password: "a password" }
             { user: bob, password: "a password", permissions: { publish: "only.>" } } ] }`,
        )
        return ['-c', `${dir}/nats.conf`]
      },
    })
    await addStream(other.port, 'only', { max_bytes: 20_000, discard: 'new' })
    const url = `nats://bob@127.0.0.1:${other.port}/only`
    const sink = await openSink(url, { link: 'shop', environment })
    for (const table of ['people', 'orders']) await sink.deliver(insertInto(table))
    await sink.close()
    expect(await messagesOf(other.port, 'only')).toHaveLength(2)
    const long = insertInto('long', { text: 'x'.repeat(100_000) })
    expect(await deliverTo(url, long, environment)).toMatch(
      /^VARVE_REFUSED: .*no room for more now: maximum bytes/,
    )
    await other.stop()
  })

  test('a right that is taken away between two batches is said, and what to do', async () => {
    const settings = (port: number, rights: string): string =>
      `listen: "127.0.0.1:${port}"
       jetstream: { store_dir: "STORE" }
       authorization: { users: [ { user: ada, password: "a password" ${rights} } ] }`
    let file = ''
    const other = await startBroker({
      program: program!,
      args: (port, dir) => {
        file = `${dir}/nats.conf`
        writeFileSync(file, settings(port, '').replace('STORE', dir))
        return ['-c', file]
      },
    })
    await addStream(other.port, 'kept')
    const sink = await openSink(`nats://ada@127.0.0.1:${other.port}/kept`, { link: 'shop', environment })
    await sink.deliver(insertInto('people'))
    const denied = ', permissions: { publish: { deny: "kept.>" } }'
    writeFileSync(file, settings(other.port, denied).replace('STORE', other.dir))
    other.signal('SIGHUP')
    await expect
      .poll(() => sink.deliver(insertInto('people')).catch((error: unknown) => error), { timeout: 20_000 })
      .toMatchObject({ code: 'VARVE_REFUSED', hint: "let the user publish to 'kept.people'" })
    await sink.close()
    await other.stop()
  })

  test('a server that ends between two batches is unreachable', async () => {
    await addStream(broker.port, 'ended')
    const sink = await openSink(`nats://ada@127.0.0.1:${broker.port}/ended`, { link: 'shop', environment })
    await sink.deliver(insertInto('people'))
    await broker.kill()
    for (let batch = 0; batch < 2; batch++)
      await expect(sink.deliver(insertInto('orders'))).rejects.toMatchObject({ code: 'VARVE_UNREACHABLE' })
    await sink.close()
    await broker.start()
  }, 60_000)
})
