// How senders sign their webhooks, against what their own documentation and libraries make: GitHub's example, what Stripe's
// library signs, what openssl makes in Shopify's way.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { InboxFile } from '../../src/connectors/inbox/file.ts'
import { type Receiver, openReceiver } from '../../src/connectors/webhook/receiver.ts'
import type { WebhookSignature } from '../../src/dataset/interface.ts'
import { isSigned, schemes } from '../../src/connectors/webhook/schemes.ts'
import { macOf, readSecrets, signatureOf } from '../../src/connectors/webhook/sign.ts'
import { temporaryDir } from '../support/temporary.ts'

type Headers = Readonly<Record<string, string>>
const whsec = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

interface Vector {
  readonly secret: string
  readonly headers: Headers
  readonly body: string
  /** Header and what to put into it, so that it is signed no more. */
  readonly bent: readonly [string, string][]
}

const vectors: Readonly<Record<WebhookSignature, Vector>> = {
  standard: {
    secret: whsec,
    headers: {
      'webhook-id': 'msg_1',
      'webhook-timestamp': '1700000000',
      'webhook-signature': signatureOf(
        { id: 'msg_1', timestamp: 1_700_000_000, body: Buffer.from('{}') },
        readSecrets(whsec, 'it'),
      ),
    },
    body: '{}',
    bent: [
      ['webhook-id', 'msg_2'],
      ['webhook-timestamp', '1700000001'],
      ['webhook-signature', 'v1,AAAA'],
      ['webhook-signature', 'v2,AAAA'],
    ],
  },
  github: {
    secret: "It's a Secret to Everybody",
    headers: {
      'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
      'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    },
    body: 'Hello, World!',
    bent: [
      ['x-hub-signature-256', 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e18'],
      ['x-hub-signature-256', '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'],
      ['x-hub-signature-256', 'sha256='],
      ['x-github-delivery', ''],
    ],
  },
  stripe: {
    secret: 'whsec_test_secret',
    headers: {
      'stripe-signature': 't=1760000000,v1=8c032c6b5729dcb3cc1f3a2c4ec17af66b2885bdbac65e2108d19a14282d243d',
    },
    body: '{"id":"evt_1"}',
    bent: [
      [
        'stripe-signature',
        't=1760000001,v1=8c032c6b5729dcb3cc1f3a2c4ec17af66b2885bdbac65e2108d19a14282d243d',
      ],
      [
        'stripe-signature',
        't=1760000000,v0=8c032c6b5729dcb3cc1f3a2c4ec17af66b2885bdbac65e2108d19a14282d243d',
      ],
      ['stripe-signature', 'v1=8c032c6b5729dcb3cc1f3a2c4ec17af66b2885bdbac65e2108d19a14282d243d'],
      ['stripe-signature', 't=1760000000'],
    ],
  },
  shopify: {
    secret: 'hush',
    headers: {
      'x-shopify-webhook-id': 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043',
      'x-shopify-hmac-sha256': 'VnKUjZsLuN5iZWjn5EntcBVCF9kMN43LglzCE1/GSeY=',
    },
    body: '{"id":1}',
    bent: [
      ['x-shopify-hmac-sha256', 'WnKUjZsLuN5iZWjn5EntcBVCF9kMN43LglzCE1/GSeY='],
      ['x-shopify-hmac-sha256', ''],
      ['x-shopify-webhook-id', 'two words'],
    ],
  },
}

function accepts(scheme: WebhookSignature, headers: Headers, body: string, secrets: string): boolean {
  const one = schemes[scheme]
  const said = one.head((name) => headers[name] ?? '')
  return said !== null && isSigned(said, Buffer.from(body), one.readSecrets(secrets, 'it'))
}

describe.each(Object.entries(vectors))('%s', (name, { secret, headers, body, bent }) => {
  const scheme = name as WebhookSignature
  const other = scheme === 'standard' ? `whsec_${Buffer.alloc(32, 8).toString('base64')}` : 'another'

  test('its own signature is accepted, by this secret or by an old one beside it', () => {
    expect(accepts(scheme, headers, body, secret)).toBe(true)
    expect(accepts(scheme, headers, body, `${other}\n${secret}`)).toBe(true)
    expect(accepts(scheme, headers, body, `${secret}\r\n${other}\n`)).toBe(true)
    expect(accepts(scheme, headers, body, other)).toBe(false)
    expect(() =>
      schemes[scheme].readSecrets('short and bad\n\n'.slice(scheme === 'standard' ? 0 : 13), 'IT'),
    ).toThrow(/^IT is /)
  })

  test('one changed bit of what was signed, or a header that is missing, is no signature', () => {
    expect(accepts(scheme, headers, `${body} `, secret)).toBe(false)
    for (const [header, value] of bent)
      expect([value, accepts(scheme, { ...headers, [header]: value }, body, secret)]).toEqual([value, false])
    for (const header of Object.keys(headers))
      expect([header, accepts(scheme, { ...headers, [header]: '' }, body, secret)]).toEqual([header, false])
  })
})

test('one of several signatures is enough where a sender gives one for each of its secrets', () => {
  const { stripe, standard } = vectors
  const bad = 'f'.repeat(64)
  const twice = stripe.headers['stripe-signature']!.replace(',v1=', `,v0=${bad},v1=${bad},v1=`)
  expect(accepts('stripe', { 'stripe-signature': twice }, stripe.body, stripe.secret)).toBe(true)
  const both = `v1,AAAA ${standard.headers['webhook-signature']}`
  expect(accepts('standard', { ...standard.headers, 'webhook-signature': both }, '{}', whsec)).toBe(true)
})

describe('an inbox of senders that sign in their own way', () => {
  let path: string
  let file: InboxFile
  let receiver: Receiver

  beforeEach(async () => {
    path = `${temporaryDir()}/it.inbox`
    file = await InboxFile.open(path)
    const inbox = { tables: ['people'], take: file.take.bind(file) }
    const link = (signature: WebhookSignature) =>
      [signature, { signature, secrets: [Buffer.from('s3cret')], inbox }] as const
    receiver = await openReceiver(
      { host: '127.0.0.1', port: 0 },
      new Map([link('github'), link('stripe'), link('shopify')]),
    )
  })
  afterEach(async () => {
    await receiver.close()
    file.close()
  })

  async function post(link: string, headers: Headers, body: string): Promise<[number, string]> {
    const answer = await fetch(`${receiver.url}/${link}`, { method: 'POST', headers, body })
    return [answer.status, (await answer.text()).trim()]
  }
  const hex = (prefix: string, body: string): string =>
    macOf(prefix, Buffer.from(body), Buffer.from('s3cret')).toString('hex')
  const stripe = (body: string, seconds = Math.floor(Date.now() / 1000)): Promise<[number, string]> =>
    post('stripe', { 'stripe-signature': `t=${seconds},v1=${hex(`${seconds}.`, body)}` }, body)
  const kept = (): unknown[][] =>
    file.database.all('SELECT id, event, CAST(body AS TEXT) FROM hooks ORDER BY seq')

  test('an event of Stripe is known by the id in its body, however often and whenever it is sent again', async () => {
    const now = Math.floor(Date.now() / 1000)
    expect(await stripe('{"id":"evt_1","type":"a"}', now - 200)).toEqual([202, ''])
    expect(await stripe('{"id":"evt_1","type":"a"}', now)).toEqual([200, ''])
    expect(await stripe('{"id":"evt_2"}', now - 400)).toEqual([
      401,
      'the time that was signed is more than 300 seconds off',
    ])
    for (const body of ['{"id":7}', '{}', '[]', '{"id":"two words"}', 'evt_3'])
      expect([body, await stripe(body)]).toEqual([body, [400, "the body has no 'id'"]])
    expect(kept()).toEqual([['evt_1', null, '{"id":"evt_1","type":"a"}']])
  })

  test('what GitHub and Shopify name in a header stands beside the body, and one delivery is kept once', async () => {
    const body = '{"id":1}'
    const github = { 'x-github-delivery': 'd1', 'x-hub-signature-256': `sha256=${hex('', body)}` }
    expect(await post('github', { ...github, 'x-github-event': 'issues' }, body)).toEqual([202, ''])
    expect(await post('github', { ...github, 'x-github-event': 'issues' }, body)).toEqual([200, ''])
    const shopify = {
      'x-shopify-webhook-id': 'w1',
      'x-shopify-hmac-sha256': Buffer.from(hex('', body), 'hex').toString('base64'),
      'x-shopify-topic': 'orders/create',
    }
    expect(await post('shopify', shopify, body)).toEqual([202, ''])
    expect(await post('shopify/people', shopify, body)).toEqual([202, ''])
    expect(await post('shopify', { ...shopify, 'x-shopify-hmac-sha256': 'AAAA' }, body)).toEqual([
      401,
      "the signature was not made with this link's secret",
    ])
    expect(await post('github', shopify, body)).toEqual([
      401,
      'X-GitHub-Delivery or X-Hub-Signature-256 is missing',
    ])
    const form = `payload=${encodeURIComponent(body)}`
    const formed = { ...github, 'x-hub-signature-256': `sha256=${hex('', form)}` }
    expect(await post('github', formed, form)).toEqual([
      400,
      'the body is not JSON: let the sender use application/json',
    ])
    expect(kept()).toEqual([
      ['d1', 'issues', body],
      ['w1', 'orders/create', body],
      ['w1', 'orders/create', body],
    ])
  })

  test('a file of the layout before, in which no events were kept, is read on', async () => {
    const { database } = file
    await file.take({ id: 'm1', table: null, event: null, body: Buffer.from('{}') })
    for (const table of ['hooks', 'aside']) database.exec(`ALTER TABLE ${table} DROP COLUMN event`)
    database.exec('PRAGMA user_version = 1')
    const again = await InboxFile.open(path)
    await again.take({ id: 'm2', table: null, event: 'issues', body: Buffer.from('{}') })
    expect(kept().map(([id, event]) => [id, event])).toEqual([
      ['m1', null],
      ['m2', 'issues'],
    ])
    again.close()
  })
})
