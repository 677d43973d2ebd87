// Webhooks that come in, signed by the library of the standard itself.
import { getEventListeners, once } from 'node:events'
import net from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Receiver, openReceiver } from '../../src/connectors/webhook/receiver.ts'
import { readSecrets } from '../../src/connectors/webhook/sign.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`

describe('webhooks that come in', () => {
  let receiver: Receiver
  beforeEach(async () => {
    const secrets = new Map([
      ['crm', { secrets: readSecrets(secret, 'it') }],
      ['shop', { secrets: readSecrets(other, 'it') }],
    ])
    receiver = await openReceiver({ host: '127.0.0.1', port: 0 }, secrets)
  })
  afterEach(() => receiver.close())

  async function post(
    change: { link?: string; id?: string; time?: Date; secret?: string; body?: string; sent?: string } = {},
  ): Promise<number> {
    const { link = 'crm', id = 'msg_1', time = new Date(), body = '{}' } = change
    const signature = new Webhook(change.secret ?? secret).sign(id, time, body)
    const { status } = await fetch(`${receiver.url}/${link}`, {
      method: 'POST',
      headers: {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(time.getTime() / 1000)),
        'webhook-signature': signature,
      },
      body: change.sent ?? body,
    })
    return status
  }

  const news = async (): Promise<string[]> => [...(await receiver.next(0))].sort()

  test('a signed one is news once, and news for its own link alone', async () => {
    expect(await post()).toBe(202)
    expect(await news()).toEqual(['crm'])
    expect([await post(), await news()]).toEqual([200, []])
    expect([await post({ id: 'msg_2' }), await post({ link: 'shop', secret: other })]).toEqual([202, 202])
    expect(await news()).toEqual(['crm', 'shop'])
  })

  test('who waits is woken by the first one', async () => {
    const waiting = receiver.next(null)
    expect(await post()).toBe(202)
    expect([...(await waiting)]).toEqual(['crm'])
  })

  test('waiting ends when it is called off', async () => {
    const stop = new AbortController()
    const waiting = receiver.next(null, stop.signal)
    stop.abort()
    expect([...(await waiting)]).toEqual([])
  })

  test('signed by another, for another link, too old, too early, changed, or not at all: refused, and no news', async () => {
    const minutes = (count: number): Date => new Date(Date.now() + count * 60_000)
    expect(await post({ secret: other })).toBe(401)
    expect(await post({ link: 'shop' })).toBe(401)
    expect(await post({ time: minutes(-6) })).toBe(401)
    expect(await post({ time: minutes(6) })).toBe(401)
    expect(await post({ sent: '{"a":1}' })).toBe(401)
    expect(await post({ link: 'nobody' })).toBe(404)
    const bare = await fetch(`${receiver.url}/crm`, { method: 'POST', body: '{}' })
    expect([bare.status, await bare.text()]).toEqual([401, expect.stringContaining('is missing')])
    expect((await fetch(`${receiver.url}/crm`)).status).toBe(405)
    expect(await news()).toEqual([])
    expect(await post()).toBe(202)
  })

  test('a body that is longer than a hook may be is not read to its end', async () => {
    const status = await post({ body: 'x'.repeat(3 << 20) }).catch(() => 413)
    expect(status).toBe(413)
    expect(await news()).toEqual([])
  })

  function begin(signature: string): net.Socket {
    const { port } = new URL(receiver.url)
    const socket = net.connect(Number(port), '127.0.0.1').on('error', () => undefined)
    const now = Math.floor(Date.now() / 1000)
    const signs = `webhook-id: msg_1\r\nwebhook-timestamp: ${now}\r\n${signature}`
    socket.write(`POST /crm HTTP/1.1\r\nhost: x\r\ncontent-length: 1048576\r\n${signs}\r\n{`)
    return socket
  }

  test('of one that nobody has signed no body is waited for', async () => {
    const [answer] = (await once(begin(''), 'data')) as [Buffer]
    expect(answer.toString('latin1')).toMatch(/^HTTP\/1\.1 401 /)
  })

  test('bodies wait on so many connections and no more, and then others are heard again', async () => {
    const sockets = Array.from({ length: 140 }, () => begin('webhook-signature: v1,x\r\n'))
    const closed: net.Socket[] = []
    for (const socket of sockets) socket.on('close', () => closed.push(socket))
    await vi.waitFor(() => expect(closed.length).toBe(12), 20_000)
    for (const socket of sockets) socket.destroy()
    await vi.waitFor(async () => expect(await post()).toBe(202), 20_000)
  })

  test('whoever waits again and again leaves nothing behind', async () => {
    const { signal } = new AbortController()
    for (let i = 0; i < 12; i++) await receiver.next(1, signal)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('an address that is taken is named', async () => {
    const port = Number(new URL(receiver.url).port)
    await expect(openReceiver({ host: '127.0.0.1', port }, new Map())).rejects.toMatchObject({
      code: 'VARVE_IO',
      message: `cannot listen on 127.0.0.1:${port}: another program listens there`,
      hint: "choose another port with '--listen HOST:PORT'",
    })
  })
})
