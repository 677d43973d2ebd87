// The file of an inbox, and webhooks on their way into it: kept once, bounded, and refused where nothing could come of them.
import fs from 'node:fs'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { InboxFile, waitingMax } from '../../src/connectors/inbox/file.ts'
import { type HookItem, itemsOf } from '../../src/connectors/inbox/hook-items.ts'
import type { ItemName } from '../../src/connectors/inbox/interface.ts'
import { itemTable } from '../../src/connectors/json/item-table.ts'
import { type Receiver, openReceiver } from '../../src/connectors/webhook/receiver.ts'
import { readSecrets } from '../../src/connectors/webhook/sign.ts'
import { temporaryDir } from '../support/temporary.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

describe('an inbox of webhooks', () => {
  let path: string
  let file: InboxFile
  let receiver: Receiver
  let faults: string[]

  beforeEach(async () => {
    path = `${temporaryDir()}/crm.inbox`
    file = await InboxFile.open(path)
    faults = []
    const onFault = (error: unknown): void => void faults.push((error as Error).message)
    const inbox = { tables: ['people', 'a b'], take: file.take.bind(file), onFault }
    receiver = await openReceiver(
      { host: '127.0.0.1', port: 0 },
      new Map([['crm', { secrets: readSecrets(secret, 'it'), inbox }]]),
    )
  })
  afterEach(async () => {
    await receiver.close()
    file.close()
  })

  function post(id: string, body: string, to = 'crm'): Promise<Response> {
    const time = new Date()
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(time.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, time, body),
    }
    return fetch(`${receiver.url}/${to}`, { method: 'POST', headers, body })
  }
  const kept = (): unknown[][] =>
    file.database.all('SELECT id, tableName, CAST(body AS TEXT) FROM hooks ORDER BY seq')

  test('what is confirmed is in it once, whoever has it open, and news once', async () => {
    const other = await InboxFile.open(path)
    const body = Buffer.from('{}')
    const taken = await Promise.all(
      [file, other, file, other].map((one) => one.take({ id: 'msg_0', table: null, event: null, body })),
    )
    other.close()
    expect(taken.sort()).toEqual(['kept', 'known', 'known', 'known'])
    expect((await post('msg_0', '{"again":1}')).status).toBe(200)
    expect([...(await receiver.next(0))]).toEqual([])
    expect((await post('msg_1', '{"id":1}', 'crm/a%20b')).status).toBe(202)
    expect([...(await receiver.next(0))]).toEqual(['crm'])
    expect(kept()).toEqual([
      ['msg_0', null, '{}'],
      ['msg_1', 'a b', '{"id":1}'],
    ])
  })

  test('what is the matter with its file is told here, and the sender may try again', async () => {
    file.database.exec('ALTER TABLE hooks RENAME TO away')
    const refused = await post('msg_1', '{"id":1}')
    expect([refused.status, await refused.text()]).toEqual([503, 'the inbox cannot be written to\n'])
    expect(faults).toEqual([expect.stringContaining('no such table: hooks')])
    file.database.exec('ALTER TABLE away RENAME TO hooks')
    expect((await post('msg_1', '{"id":1}')).status).toBe(202)
    expect(kept().map(([id]) => id)).toEqual(['msg_1'])
  })

  test('one id for the addresses of two tables is one webhook each', async () => {
    const tables = ['people', 'a%20b', 'people', 'a%20b']
    const answers: number[] = []
    for (const table of tables) answers.push((await post('msg_1', '{"id":1}', `crm/${table}`)).status)
    expect(answers).toEqual([202, 202, 200, 200])
    expect(kept().map(([id, table]) => [id, table])).toEqual([
      ['msg_1', 'people'],
      ['msg_1', 'a b'],
    ])
  })

  test('the many bad items of one webhook are read again as fast as they were read', () => {
    const table = itemTable({ table: 'people', items: 'data' })
    const body = Buffer.from(`{"data":[${'1,'.repeat(60_000)}1]}`)
    const hook = { seq: 1, part: 0, id: 'msg_1', table: null, event: null, receivedMs: 1, body }
    const timed = (chosen: readonly ItemName[] | null): readonly [HookItem[], number] => {
      const before = performance.now()
      return [itemsOf([table], { ...hook, chosen }), performance.now() - before]
    }
    const [items, ms] = timed(null)
    const [again, againMs] = timed(items)
    expect(again).toEqual(items)
    expect(againMs).toBeLessThan(5 * ms + 1_000)
  })

  test('for a table that the link has not, no JSON, or a strange id: refused, and not kept', async () => {
    const answers = [
      await post('msg_1', '{}', 'crm/orders'),
      await post('msg_1', '{}', 'crm/people/1'),
      await post('msg_1', '{}', 'crm/%E0%A4%A'),
      await post('msg_1', '{"id":'),
      await post('msg_1', '{"id":1} x'),
      await post('m'.repeat(257), '{}'),
    ]
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 400, 400, 401])
    expect(kept()).toEqual([])
  })

  test('one that is full says when to come again, and takes the same one then', async () => {
    file.database.run('UPDATE inbox SET waiting = ?', [waitingMax])
    const refused = await post('msg_1', '{}')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '60'])
    file.database.run('UPDATE inbox SET waiting = 0')
    expect((await post('msg_1', '{}')).status).toBe(202)
  })

  test('one whose file fails confirms nothing', async () => {
    file.database.exec('DROP TABLE hooks')
    expect((await post('msg_1', '{}')).status).toBe(503)
  })

  test('a file that is something else is refused, and left as it is', async () => {
    const other = await InboxFile.open(`${path}.other`)
    other.database.exec('PRAGMA user_version = 9')
    other.close()
    await expect(InboxFile.open(`${path}.other`)).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE' })
    fs.writeFileSync(
      `${path}.text`,
      'no database at all, but longer than the head of one would be '.repeat(9),
    )
    await expect(InboxFile.open(`${path}.text`)).rejects.toThrow()
    // Nothing holds it open.
    const held = fs.readdirSync('/proc/self/fd').map((fd) => {
      try {
        return fs.readlinkSync(`/proc/self/fd/${fd}`)
      } catch {
        return ''
      }
    })
    expect(held.filter((target) => target.endsWith('.text'))).toEqual([])
    await expect(InboxFile.open(`${temporaryDir()}/not/there`)).rejects.toMatchObject({
      code: 'VARVE_UNREACHABLE',
      message: expect.stringMatching(/^there is no folder '.*\/not' for the inbox$/) as string,
    })
  })
})
