// AMQP as a sink, with a real RabbitMQ: the contract of sinks, and what a broker refuses.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { type ChannelModel, connect } from 'amqplib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSink } from '../../../src/connectors/open-sink.ts'
import type { Batch } from '../../../src/connectors/sink.ts'
import { BatchSender } from '../../../src/sync/deliver/batch-sender.ts'
import { type Message, sinkContract } from '../../contract/sink.ts'
import { type Broker, startBroker } from '../../support/brokers.ts'
import { freePort } from '../../support/free-port.ts'
import { deliverTo, insertInto, oneBatch } from '../../support/one-batch.ts'

// Debian's script in the path would change the user.
const program = '/usr/lib/rabbitmq/bin/rabbitmq-server'
const hasRabbit = fs.existsSync(program)
const without = hasRabbit ? '' : ' (skipped: rabbitmq-server is not installed)'
const environment = { VARVE_LINK_SHOP_PASSWORD: 'a password' }
const startMsMax = 240_000

/** With its own port mapper of Erlang, which is ended with it. */
async function startRabbit(): Promise<Broker> {
  const [distribution, mapper] = [await freePort(), await freePort()]
  const mapperAt = {
    ERL_EPMD_PORT: `${mapper}`,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    // It ends when it is told to, though the killed broker is not struck off its list yet.
    ERL_EPMD_RELAXED_COMMAND_CHECK: 'true',
  }
  const broker = await startBroker(
    {
      program,
      args: (port, dir) => {
        fs.writeFileSync(
          `${dir}/rabbitmq.conf`,
          `listeners.tcp.local = 127.0.0.1:${port}\ndefault_user = ada\ndefault_pass = a password\nlog.file = false\nlog.console = false\n`,
        )
        return []
      },
      env: (port, dir) => ({
        ...mapperAt,
        RABBITMQ_NODENAME: `varve${port}@localhost`,
        RABBITMQ_DIST_PORT: `${distribution}`,
        RABBITMQ_MNESIA_BASE: `${dir}/mnesia`,
        RABBITMQ_LOG_BASE: `${dir}/log`,
        RABBITMQ_CONFIG_FILE: `${dir}/rabbitmq.conf`,
        RABBITMQ_ENABLED_PLUGINS_FILE: `${dir}/plugins`,
      }),
    },
    startMsMax,
  )
  return {
    ...broker,
    async stop() {
      await broker.stop()
      spawnSync('epmd', ['-port', `${mapper}`, '-kill'], { stdio: 'ignore' })
    },
  }
}

const clientOf = (port: number): Promise<ChannelModel> =>
  connect({ protocol: 'amqp', hostname: '127.0.0.1', port, username: 'ada', password: 'a password' })

describe.skipIf(!hasRabbit)(`AMQP${without}`, () => {
  let broker: Broker
  let client: ChannelModel
  beforeAll(async () => {
    broker = await startRabbit()
    client = await clientOf(broker.port)
  }, startMsMax)
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
    startMsMax,
  )
})
