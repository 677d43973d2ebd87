// AMQP as a sink, with a real RabbitMQ: the contract of sinks, and what a broker refuses.
import { type ChannelModel, connect } from 'amqplib'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openSink } from '../../../src/connectors/open-sink.ts'
import type { Batch } from '../../../src/connectors/sink.ts'
import { BatchSender } from '../../../src/sync/deliver/batch-sender.ts'
import { type Message, sinkContract } from '../../contract/sink.ts'
import { deliverTo, insertInto, oneBatch } from '../../support/one-batch.ts'
import { type Rabbit, hasRabbit, rabbitStartMsMax, startRabbit, withoutRabbit } from '../../support/rabbit.ts'

const environment = { VARVE_LINK_SHOP_PASSWORD: 'a password' }

const clientOf = (port: number): Promise<ChannelModel> =>
  connect({ protocol: 'amqp', hostname: '127.0.0.1', port, username: 'ada', password: 'a password' })

describe.skipIf(!hasRabbit)(`AMQP${withoutRabbit}`, () => {
  let broker: Rabbit
  let client: ChannelModel
  beforeAll(async () => {
    broker = await startRabbit()
    client = await clientOf(broker.port)
  }, rabbitStartMsMax)
  afterAll(async () => {
    await client.close()
    await broker.stop()
  })

  async function exchange(name: string, pattern = '#', settings: object = {}): Promise<void> {
    const channel = await client.createChannel()
    await channel.assertExchange(name, 'topic', { durable: true })
    await channel.assertQueue(name, { durable: true, ...settings })
    await channel.bindQueue(name, name, pattern)
    await channel.close()
  }

  /** All that lies in the queue, which keeps it. */
  async function messagesOf(queue: string): Promise<Message[]> {
    const channel = await client.createChannel()
    const messages: Message[] = []
    for (;;) {
      const got = await channel.get(queue)
      if (got === false) break
      const message = JSON.parse(got.content.toString()) as Message
      expect([got.properties.messageId, got.properties.deliveryMode]).toEqual([message.id, 2])
      messages.push(message)
    }
    channel.nackAll(true)
    await channel.close()
    return messages
  }

  let count = 0
  sinkContract('as every sink', async () => ({
    async receiver() {
      const name = `e${++count}`
      await exchange(name)
      return {
        url: `amqp://ada@127.0.0.1:${broker.port}?exchange=${name}`,
        environment,
        messages: () => messagesOf(name),
      }
    },
    nowhere: 'amqp://127.0.0.1:9?exchange=x',
    environment,
    stop: () => Promise.resolve(),
  }))

  const deliver = (name: string, batch: Batch, given: Readonly<Record<string, string>> = environment) =>
    deliverTo(`amqp://ada@127.0.0.1:${broker.port}?exchange=${name}`, batch, given)

  test('an exchange that is not there, a row that no queue takes, a full queue and a wrong password are refused by name', async () => {
    expect(await deliver('nowhere', insertInto('people'))).toMatch(
      /^VARVE_REFUSED: there is no exchange 'nowhere'/,
    )
    await exchange('some', 'people')
    expect(await deliver('some', insertInto('people'))).toBe('delivered')
    expect(await deliver('some', insertInto('orders'))).toMatch(
      /^VARVE_REFUSED: no queue of .* takes 'orders' from exchange 'some'$/,
    )
    await exchange('full', '#', { arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } })
    expect(await deliver('full', insertInto('people'))).toBe('delivered')
    expect(await deliver('full', insertInto('people'))).toMatch(/^VARVE_REFUSED: .* has no room for more now/)
    expect(await deliver('some', insertInto('people'), { VARVE_LINK_SHOP_PASSWORD: 'x' })).toMatch(
      /^VARVE_REFUSED: .*ACCESS[-_]REFUSED/,
    )
  }, 60_000)

  test('a vhost that is not there, and one that the user may not use, are refused by name', async () => {
    await broker.control('add_vhost', 'closed')
    for (const vhost of ['nowhere', 'closed']) {
      const opened = openSink(`amqp://ada@127.0.0.1:${broker.port}/${vhost}`, { link: 'shop', environment })
      await expect(opened).rejects.toMatchObject({
        code: 'VARVE_REFUSED',
        message: expect.stringContaining(vhost),
        hint: expect.stringContaining('names the vhost'),
      })
    }
  }, 60_000)

  test('a queue that is full is waited for, and keeps each row once', async () => {
    await exchange('narrow', '#', { arguments: { 'x-max-length': 5, 'x-overflow': 'reject-publish' } })
    const sink = await openSink(`amqp://ada@127.0.0.1:${broker.port}?exchange=narrow`, {
      link: 'shop',
      environment,
    })
    const keys = Array.from({ length: 40 }, (_, i) => `k${i}`)
    const messages = keys.map((id) => ({ ...insertInto('people').messages[0]!, id, keyHex: id }))
    const channel = await client.createChannel()
    const taken: string[] = []
    let isTold = false
    const telling = new BatchSender(sink).tell(oneBatch({ messages }) as never, new Set())
    void telling.finally(() => (isTold = true)).catch(() => undefined)
    for (;;) {
      const got = await channel.get('narrow', { noAck: true })
      if (got !== false) taken.push(got.properties.messageId as string)
      else if (isTold) break
      else await new Promise((done) => setTimeout(done, 20))
    }
    expect(await telling).toEqual([])
    expect(taken.toSorted()).toEqual(keys.toSorted())
    const full = { ...oneBatch({ messages }), messages }
    await expect(new BatchSender(sink, 200).tell(full, new Set())).rejects.toMatchObject({
      code: 'VARVE_REFUSED',
      data: { passing: true },
    })
    await channel.close()
    await sink.close()
  }, 60_000)

  const open = (name: string) =>
    openSink(`amqp://ada@127.0.0.1:${broker.port}?exchange=${name}`, { link: 'shop', environment })

  test('an exchange that is deleted and a right that is taken away between two batches are said, and what to do', async () => {
    await exchange('gone')
    const gone = await open('gone')
    await gone.deliver(insertInto('people'))
    await client.createChannel().then((channel) => channel.deleteExchange('gone'))
    await expect(gone.deliver(insertInto('people'))).rejects.toMatchObject({
      code: 'VARVE_REFUSED',
      message: expect.stringMatching(/^there is no exchange 'gone'/),
      hint: expect.stringContaining('rabbitmqadmin declare exchange'),
    })
    await exchange('gone')
    // The same connection goes on.
    await gone.deliver(insertInto('people'))
    await gone.close()
    // A channel may remember what was allowed before.
    const refused = await open('gone')
    await broker.control('set_permissions', 'ada', '.*', '^$', '.*')
    try {
      await expect(refused.deliver(insertInto('people'))).rejects.toMatchObject({
        message: expect.stringContaining("access to exchange 'gone'"),
        hint: expect.stringContaining('rabbitmqctl set_permissions'),
      })
    } finally {
      await broker.control('set_permissions', 'ada', '.*', '.*', '.*')
    }
    await refused.deliver(insertInto('people'))
    await refused.close()
  }, 60_000)

  test('a message that is longer than the broker takes is refused by name, and those beside it are kept', async () => {
    await broker.control('eval', 'application:set_env(rabbit, max_message_size, 2000).')
    await exchange('short')
    const sink = await open('short')
    const row = insertInto('people').messages[0]!
    const messages = [1, 2, 3].map((id) => {
      const text = id === 2 ? 'x'.repeat(5000) : ''
      return { ...row, id: `m${id}`, keyHex: `${id}`, key: { id }, after: { id, text } }
    })
    const refused = await new BatchSender(sink).tell(oneBatch({ messages }) as never, new Set())
    expect(refused.map(({ row: { id }, message }) => [id, message])).toEqual([
      ['m2', expect.stringMatching(/^row \{"id":2\} of 'people' is a message of \d+ bytes, .* takes 2000$/)],
    ])
    expect(new Set((await messagesOf('short')).map(({ key }) => key['id']))).toEqual(new Set([1, 3]))
    await broker.control('eval', 'application:set_env(rabbit, max_message_size, 134217728).')
    await sink.close()
  }, 60_000)

  test('a broker that is short of memory says so, and goes on when it has some again', async () => {
    await exchange('short of memory')
    const sink = await open('short%20of%20memory')
    await broker.control('set_vm_memory_high_watermark', '0.00001')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const told = sink.deliver(insertInto('people')).then(
        () => 'delivered',
        ({ message, data }: { message: string; data: object }) => [message, data],
      )
      // It takes longer than the word that the connection is blocked.
      await broker.control('list_connections')
      await vi.advanceTimersByTimeAsync(60_000)
      expect(await told).toEqual([
        expect.stringMatching(/ takes no messages now: low on memory$/),
        expect.objectContaining({ passing: true }),
      ])
    } finally {
      vi.useRealTimers()
      await broker.control('set_vm_memory_high_watermark', '0.4')
    }
    await sink.deliver(insertInto('people'))
    await sink.close()
  }, 60_000)

  test(
    'a connection that the broker ends in the middle is unreachable',
    async () => {
      await exchange('ended')
      const sink = await openSink(`amqp://ada@127.0.0.1:${broker.port}?exchange=ended`, {
        link: 'shop',
        environment,
      })
      await client.close()
      await broker.kill()
      await expect(sink.deliver(insertInto('people'))).rejects.toMatchObject({ code: 'VARVE_UNREACHABLE' })
      await sink.close()
      await broker.start()
      client = await clientOf(broker.port)
      // What was confirmed before the broker was killed is there after it has come back.
      expect((await messagesOf('some')).map(({ table }) => table)).toEqual(['people'])
    },
    rabbitStartMsMax,
  )
})
