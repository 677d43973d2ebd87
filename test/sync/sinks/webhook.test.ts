// Webhooks as a sink: the contract of sinks, signatures as others check them, and receivers that are busy or refuse.
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Receiver, sinkContract } from '../../contract/sink.ts'
import { deliverTo, insertInto } from '../../support/one-batch.ts'
import { type Hook, secret, startHook } from './webhook-receiver.ts'

const environment = { VARVE_LINK_SHOP_SECRET: secret }

sinkContract('webhook', async () => {
  const hooks: Hook[] = []
  return {
    async receiver() {
      const hook = await startHook()
      hooks.push(hook)
      const messages = async () => hook.batches.flatMap(({ rows }) => rows)
      const refuse: Receiver['refuse'] = (rule) =>
        void (hook.judge = (rows) => (rows.some(rule) ? 422 : null))
      return { url: hook.url, environment, messages, refuse }
    },
    nowhere: 'webhook+http://127.0.0.1:9/hook',
    environment,
    stop: async () => void (await Promise.all(hooks.map((hook) => hook.close()))),
  }
})

describe('a webhook', () => {
  let hook: Hook
  beforeEach(async () => {
    hook = await startHook()
  })
  afterEach(() => hook.close())

  const deliver = (given: Readonly<Record<string, string>> = environment) =>
    deliverTo(hook.url, insertInto('people'), given)

  test('is tried again while the receiver is busy, after the pause that it asks for, under the same id', async () => {
    const ids: unknown[] = []
    hook.before = (request, response) => {
      ids.push(request.headers['webhook-id'])
      if (ids.length > 2) return false
      response.writeHead(ids.length === 1 ? 503 : 429, { 'retry-after': '0' }).end()
      return true
    }
    expect(await deliver()).toBe('delivered')
    expect(new Set(ids).size).toBe(1)
    expect([ids.length, hook.batches.length]).toEqual([3, 1])
  })

  test('whose answer is lost is sent again under the same id', async () => {
    let isFirst = true
    hook.kept = (response) => {
      if (!isFirst) return false
      isFirst = false
      response.destroy()
      return true
    }
    expect(await deliver()).toBe('delivered')
    expect(hook.batches.map(({ id }) => id)).toEqual(Array(2).fill(hook.batches[0]!.id))
  })

  test('is confirmed by the status alone, however long the answer is, and however it ends', async () => {
    const answers: ((response: ServerResponse) => void)[] = [
      (response) => response.end(Buffer.alloc(5 << 20)),
      (response) => void response.write('x', () => response.destroy()),
    ]
    for (const answer of answers) {
      let calls = 0
      hook.before = (_, response) => {
        calls++
        response.writeHead(200)
        answer(response)
        return true
      }
      expect(await deliver()).toBe('delivered')
      expect(calls).toBe(1)
    }
  })

  test('that is refused is not tried again, and the receiver is quoted', async () => {
    let calls = 0
    hook.before = (_, response) => {
      calls++
      response.writeHead(422).end('no such\n  topic')
      return true
    }
    expect(await deliver()).toMatch(/^VARVE_REFUSED: .*answers 422: no such topic$/)
    expect(calls).toBe(1)
  })

  test('that sends us elsewhere is not followed', async () => {
    const other = await startHook()
    hook.before = (_, response) => {
      response.writeHead(307, { location: other.url.replace('webhook+', '') }).end()
      return true
    }
    expect(await deliver()).toMatch(/^VARVE_REFUSED: .*not followed$/)
    expect([other.batches, other.refused]).toEqual([[], []])
    await other.close()
  })

  test('signed with another secret is refused by the receiver; two secrets serve while one replaces the other', async () => {
    const wrong = `whsec_${Buffer.alloc(32, 8).toString('base64')}`
    expect(await deliver({ VARVE_LINK_SHOP_SECRET: wrong })).toMatch(
      /^VARVE_REFUSED: .*refuses access \(401\)/,
    )
    expect(await deliver({ VARVE_LINK_SHOP_SECRET: `${wrong} ${secret}` })).toBe('delivered')
  })

  test('needs a secret, and says under which name; what is none is not repeated', async () => {
    expect(await deliver({})).toMatch(/^VARVE_REFUSED: there is no secret/)
    const fault = await deliver({ VARVE_LINK_SHOP_SECRET: 'whsec_short' })
    expect(fault).toMatch(/^VARVE_REFUSED: VARVE_LINK_SHOP_SECRET is not a webhook secret$/)
    expect(await deliver({ VARVE_LINK_SHOP_SECRET_FILE: '/nonexistent' })).toContain(
      'VARVE_LINK_SHOP_SECRET_FILE',
    )
  })
})
