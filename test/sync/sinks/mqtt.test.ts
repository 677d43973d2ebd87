// MQTT as a sink, with a real broker: the contract of sinks, and what a broker refuses.
import { execFileSync } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type MqttClient, connectAsync } from 'mqtt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSink } from '../../../src/connectors/open-sink.ts'
import type { Batch } from '../../../src/connectors/sink.ts'
import { BatchSender } from '../../../src/sync/deliver/batch-sender.ts'
import { type Message, sinkContract } from '../../contract/sink.ts'
import { type Broker, programAt, startBroker } from '../../support/brokers.ts'
import { deliverTo, insertInto, oneBatch } from '../../support/one-batch.ts'

const program = programAt('mosquitto')
const without = program === null ? ' (skipped: mosquitto is not installed)' : ''
const environment = { VARVE_LINK_SHOP_PASSWORD: 'a password' }

function startMosquitto(settings = ''): Promise<Broker> {
  return startBroker({
    program: program!,
    args: (port, dir) => {
      execFileSync('mosquitto_passwd', ['-b', '-c', `${dir}/passwords`, 'ada', 'a password'])
      writeFileSync(`${dir}/acl`, 'user ada\ntopic readwrite #\ntopic deny forbidden/#\n')
      writeFileSync(
        `${dir}/mosquitto.conf`,
        `listener ${port} 127.0.0.1
allow_anonymous false
password_file ${dir}/passwords
acl_file ${dir}/acl
max_queued_messages 0
persistence false
${process.getuid?.() === 0 ? 'user root' : ''}
${settings}
`,
      )
      return ['-c', `${dir}/mosquitto.conf`]
    },
  })
}

/** Reads along: a broker gives messages to those who listen. */
class Listener {
  readonly #messages: Message[] = []
  readonly #barrier = new EventEmitter()
  readonly #client: MqttClient
  readonly #prefix: string

  private constructor(client: MqttClient, prefix: string) {
    this.#client = client
    this.#prefix = prefix
    client.on('message', (topic, payload) => {
      if (topic !== `${prefix}/barrier`) this.#messages.push(JSON.parse(payload.toString()) as Message)
      else this.#barrier.emit('seen')
    })
  }

  static async on(port: number, prefix: string): Promise<Listener> {
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { username: 'ada', password: 'a password' })
    await client.subscribeAsync(`${prefix}/#`, { qos: 1 })
    return new Listener(client, prefix)
  }

  /** All that was confirmed before. */
  async messages(): Promise<readonly Message[]> {
    const seen = once(this.#barrier, 'seen')
    await this.#client.publishAsync(`${this.#prefix}/barrier`, '', { qos: 1 })
    await seen
    return [...this.#messages]
  }

  stop(): Promise<void> {
    return this.#client.endAsync(true)
  }
}

describe.skipIf(program === null)(`MQTT${without}`, () => {
  let count = 0
  sinkContract('as every sink', async () => {
    const broker = await startMosquitto()
    const listeners: Listener[] = []
    return {
      async receiver() {
        const prefix = `sites/p${++count}`
        const listener = await Listener.on(broker.port, prefix)
        listeners.push(listener)
        return {
          url: `mqtt://ada@127.0.0.1:${broker.port}/${prefix}`,
          environment,
          messages: () => listener.messages(),
        }
      },
      nowhere: 'mqtt://ada@127.0.0.1:9/x',
      environment,
      async stop() {
        for (const listener of listeners) await listener.stop()
        await broker.stop()
      },
    }
  })

  let broker: Broker
  beforeAll(async () => {
    broker = await startMosquitto('max_packet_size 65536')
  }, 60_000)
  afterAll(() => broker.stop())

  const deliver = (prefix: string, batch: Batch, given: Readonly<Record<string, string>> = environment) =>
    deliverTo(`mqtt://ada@127.0.0.1:${broker.port}/${prefix}`, batch, given)

  test('a topic that nobody has subscribed to keeps nothing, and that is said', async () => {
    expect(await deliver('nobody', insertInto('people'))).toMatch(
      /^VARVE_REFUSED: nobody has subscribed to 'nobody\/people'/,
    )
  })

  test('a forbidden topic, a long message and a wrong password are refused by name', async () => {
    const listener = await Listener.on(broker.port, 'open')
    expect(await deliver('forbidden', insertInto('people'))).toMatch(/^VARVE_REFUSED: .*Not authorized/)
    expect(await deliver('open', insertInto('people', { text: 'x'.repeat(70_000) }))).toMatch(
      /^VARVE_REFUSED: row \{"id":1\} of 'people'/,
    )
    expect(await deliver('open', insertInto('people'), { VARVE_LINK_SHOP_PASSWORD: 'x' })).toMatch(
      /^VARVE_REFUSED: .*uthorized/,
    )
    expect(await deliver('open', insertInto('a+b/c#.csv'))).toBe('delivered')
    expect((await listener.messages()).map(({ table }) => table)).toEqual(['a+b/c#.csv'])
    await listener.stop()
  })

  test('a message that is longer than a limit of the broker that it does not tell is refused alone', async () => {
    const other = await startMosquitto('message_size_limit 3000')
    const listener = await Listener.on(other.port, 'x')
    const sink = await openSink(`mqtt://ada@127.0.0.1:${other.port}/x`, { link: 'shop', environment })
    const row = insertInto('people').messages[0]!
    const messages = [1, 2, 3, 4].map((id) => {
      const text = id === 3 ? 'x'.repeat(5000) : ''
      return { ...row, id: `m${id}`, keyHex: `${id}`, key: { id }, after: { id, text } }
    })
    const refused = await new BatchSender(sink).tell(oneBatch({ messages }) as never, new Set())
    expect(refused.map(({ row: { id }, message }) => [id, message])).toEqual([
      ['m3', expect.stringContaining('message_size_limit')],
    ])
    expect(new Set((await listener.messages()).map(({ key }) => key['id']))).toEqual(new Set([1, 2, 4]))
    await sink.close()
    await listener.stop()
    await other.stop()
  })

  test('a right that is taken away between two batches is said, and what to do', async () => {
    const other = await startMosquitto()
    const listener = await Listener.on(other.port, 'x')
    const sink = await openSink(`mqtt://ada@127.0.0.1:${other.port}/x`, { link: 'shop', environment })
    await sink.deliver(insertInto('people'))
    writeFileSync(`${other.dir}/acl`, 'user ada\ntopic read #\n')
    other.signal('SIGHUP')
    await expect
      .poll(() => sink.deliver(insertInto('people')).catch((error: unknown) => error), { timeout: 20_000 })
      .toMatchObject({
        code: 'VARVE_REFUSED',
        message: expect.stringContaining('Not authorized'),
        hint: "let the user publish to 'x/#'",
      })
    await sink.close()
    await listener.stop()
    await other.stop()
  })

  test('a broker that ends in the middle is unreachable', async () => {
    const other = await startMosquitto()
    const sink = await openSink(`mqtt://ada@127.0.0.1:${other.port}/x`, { link: 'shop', environment })
    await other.kill()
    await expect(sink.deliver(insertInto('people'))).rejects.toMatchObject({ code: 'VARVE_UNREACHABLE' })
    await sink.close()
    await other.stop()
  })
})
