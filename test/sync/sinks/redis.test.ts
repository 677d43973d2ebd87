// Redis as a sink, with a real server: the contract of sinks, the position beside the rows, and restores.
import { copyFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { RESP_TYPES, createClient } from '@redis/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rowFields, rowKey } from '../../../src/connectors/redis/row.ts'
import type { Wait } from '../../../src/base/telling-wait.ts'
import { openSink } from '../../../src/connectors/open-sink.ts'
import { SinkFull } from '../../../src/connectors/sink-full.ts'
import { createContext } from '../../../src/repo/context.ts'
import { DataRepository } from '../../../src/api/data-repository.ts'
import { MemoryStore } from '../../../src/store/memory.ts'
import { deliverRound } from '../../../src/sync/deliver/deliver.ts'
import type { Link, Receipt } from '../../../src/sync/interface.ts'
import { type Rows, sinkContract } from '../../contract/sink.ts'
import { type Broker, programAt, startBroker } from '../../support/brokers.ts'
import { deliverTo, insertInto, oneBatch } from '../../support/one-batch.ts'
import { fault } from '../../support/fault.ts'

const program = programAt('redis-server')
const without = program === null ? ' (skipped: redis-server is not installed)' : ''
const password = 'a password'
const environment = { VARVE_LINK_SHOP_PASSWORD: password }

async function startRedis(): Promise<Broker> {
  const broker = await startBroker({
    program: program!,
    args: (port, dir) => [
      '--port',
      `${port}`,
      '--bind',
      '127.0.0.1',
      '--dir',
      dir,
      '--save',
      '',
      '--requirepass',
      password,
    ],
  })
  return broker
}

function clientOf(port: number) {
  const client = createClient({ url: `redis://127.0.0.1:${port}`, password })
  return client.on('error', () => undefined)
}

async function rowsOf(port: number, prefix: string): Promise<Rows> {
  const client = clientOf(port)
  await client.connect()
  const rows: Rows = {}
  for (const name of await client.keys(`${prefix}:*`)) {
    if (name === `${prefix}:varve_sync`) continue
    const row = Object.create(null) as Record<string, string>
    const columns = await client.hKeys(name)
    const values = await client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).hVals(name)
    for (const [i, column] of columns.entries()) row[column] = textOf(values[i]!)
    rows[name.slice(prefix.length + 1).replace(':', '/')] = row
  }
  client.destroy()
  return rows
}

function textOf(bytes: Buffer): string {
  const text = bytes.toString()
  return Buffer.from(text).equals(bytes) ? text : bytes.toString('base64')
}

describe.skipIf(program === null)(`Redis${without}`, () => {
  let count = 0
  sinkContract('as every sink', async () => {
    const own = await startRedis()
    return {
      async receiver() {
        const prefix = `p${++count}`
        const url = `redis://127.0.0.1:${own.port}?prefix=${prefix}`
        return { url, environment, rows: () => rowsOf(own.port, prefix) }
      },
      nowhere: 'redis://127.0.0.1:9',
      environment,
      stop: () => own.stop(),
    }
  })

  let broker: Broker
  beforeAll(async () => {
    broker = await startRedis()
  }, 60_000)
  afterAll(() => broker.stop())

  const open = (query = '', given: Readonly<Record<string, string>> = environment) =>
    openSink(`redis://127.0.0.1:${broker.port}${query}`, { link: 'shop', environment: given })

  test('a delivery that does not follow the position beside the rows changes nothing', async () => {
    const sink = await open('?prefix=fence')
    await sink.deliver({ ...insertInto('people'), isLast: false })
    expect(await sink.position!()).toEqual({ done: null, toward: 'd1' })
    await sink.deliver(oneBatch({ number: 1 }))
    expect(await sink.position!()).toEqual({ done: 'd1', toward: null })
    const late = oneBatch({ delivery: 'd3', previous: 'd2' })
    expect(await fault(sink.deliver(late))).toMatch(/^VARVE_NOT_POSSIBLE: another worker/)
    expect(await sink.position!()).toEqual({ done: 'd1', toward: null })
    await sink.close()
  })

  test('a password that is missing or wrong, and a prefix that another link has, are refused by name', async () => {
    expect(await fault(open('', {}))).toMatch(/^VARVE_REFUSED: .*NOAUTH/)
    expect(await fault(open('', { VARVE_LINK_SHOP_PASSWORD: 'x' }))).toMatch(/^VARVE_REFUSED: .*WRONGPASS/)
    expect(await fault(open('', { REDISCLI_AUTH: password }).then((sink) => sink.close()))).toBe('no error')
    const sink = await open('?prefix=taken')
    await sink.deliver({ ...insertInto('people'), link: 'other' })
    expect(await fault(sink.position!())).toContain("the link 'other' writes under the same prefix")
    await sink.close()
  })

  test('a server that does not confirm a batch is said to be waited for, once', async () => {
    const admin = clientOf(broker.port)
    await admin.connect()
    const told: Wait[] = []
    const url = `redis://127.0.0.1:${broker.port}?prefix=paused`
    const sink = await openSink(url, { link: 'shop', environment, onWait: (wait) => told.push(wait) })
    await admin.sendCommand(['CLIENT', 'PAUSE', '3000', 'WRITE'])
    await sink.deliver(insertInto('people'))
    expect(told).toEqual([{ location: sink.location, msMax: null }])
    await sink.close()
    admin.destroy()
  })

  test('a server that takes no writes for now says what to do, and takes them again when it can', async () => {
    const admin = clientOf(broker.port)
    await admin.connect()
    const sink = await open('?prefix=later')
    const told = async (): Promise<unknown> =>
      sink.deliver(insertInto('people')).catch((error: unknown) => error)
    await admin.sendCommand(['REPLICAOF', '127.0.0.1', '9'])
    expect(await told()).toMatchObject({
      code: 'VARVE_REFUSED',
      data: { passing: true },
      hint: expect.stringContaining('primary'),
    })
    await admin.sendCommand(['REPLICAOF', 'NO', 'ONE'])
    await admin.sendCommand(['CONFIG', 'SET', 'min-replicas-to-write', '1'])
    expect(await told()).toMatchObject({
      message: expect.stringContaining('NOREPLICAS'),
      data: { passing: true },
    })
    await admin.sendCommand(['CONFIG', 'SET', 'min-replicas-to-write', '0'])
    expect(await told()).toBeUndefined()
    await sink.close()
    admin.destroy()
  })

  test('a user without rights to the prefix, and a command that is taken away, are named with what to allow', async () => {
    const admin = clientOf(broker.port)
    await admin.connect()
    await admin.sendCommand(['ACL', 'SETUSER', 'ada', 'on', `>${password}`, '~other:*', '+@all'])
    const asAda = (): Promise<string> =>
      deliverTo(`redis://ada@127.0.0.1:${broker.port}?prefix=acl`, insertInto('people'), environment)
    expect(await asAda()).toMatch(/^VARVE_REFUSED: .* refuses: NOPERM /)
    const allowed = ['~acl:*', '-@all', '+multi', '+exec', '+watch', '+hgetall', '+hset', '+del']
    await admin.sendCommand(['ACL', 'SETUSER', 'ada', 'resetkeys', ...allowed])
    expect(await asAda()).toBe('delivered')
    await admin.sendCommand(['ACL', 'SETUSER', 'ada', '-hset'])
    expect(await asAda()).toMatch(/NOPERM .*'hset'/)
    admin.destroy()
  })

  test('a server that is out of memory refuses the batch as a whole', async () => {
    const client = clientOf(broker.port)
    await client.connect()
    const sink = await open('?prefix=full')
    await client.sendCommand(['CONFIG', 'SET', 'maxmemory', '1'])
    expect(await fault(sink.deliver(insertInto('people', { name: 'Ada' })))).toMatch(/^VARVE_REFUSED: .*OOM/)
    await client.sendCommand(['CONFIG', 'SET', 'maxmemory', '0'])
    expect(await client.keys('full:*')).toEqual([])
    client.destroy()
    await sink.close()
  })

  test('a server that runs out of memory when a transaction ends is waited for, as one that is full', async () => {
    const client = clientOf(broker.port)
    await client.connect()
    const front = net.createServer((socket) => {
      const server = net.connect(broker.port, '127.0.0.1')
      let queued = 0
      let end: Buffer | null = null
      socket.on('data', (bytes) => {
        const at = bytes.indexOf('*1\r\n$4\r\nEXEC')
        if (at < 0) return void server.write(bytes)
        end = bytes.subarray(at)
        server.write(bytes.subarray(0, at))
      })
      server.on('data', (bytes) => {
        socket.write(bytes)
        queued += bytes.toString('latin1').split('+QUEUED').length - 1
        if (queued < 3 || end === null) return
        queued = 0
        const exec = end
        void client.sendCommand(['CONFIG', 'SET', 'maxmemory', '1']).then(() => server.write(exec))
      })
      for (const one of [socket, server]) one.on('error', () => undefined)
      socket.on('close', () => server.destroy())
    })
    await new Promise<void>((done) => void front.listen(0, '127.0.0.1', done))
    const { port } = front.address() as AddressInfo
    const sink = await openSink(`redis://127.0.0.1:${port}?prefix=late`, { link: 'shop', environment })
    await expect(sink.deliver(insertInto('people', { name: 'Ada' }))).rejects.toThrow(SinkFull)
    await client.sendCommand(['CONFIG', 'SET', 'maxmemory', '0'])
    expect(await client.keys('late:*')).toEqual([])
    client.destroy()
    await sink.close()
    front.close()
  })

  test('restored from an older dump, or emptied, it is brought to the branch again', async () => {
    const store = MemoryStore.create()
    const author = { name: 'Ada', email: 'ada@example.org' }
    const repository = DataRepository.over(store, { author })
    const url = `redis://127.0.0.1:${broker.port}?prefix=restored`
    const link: Link = {
      name: 'shop',
      endpoint: url,
      mode: 'materialize',
      tables: ['people'],
      into: '',
      branch: 'main',
    }
    const sync = async (): Promise<Receipt> => {
      const sink = await open('?prefix=restored')
      try {
        return await deliverRound({ repo: createContext(store, { author }), sink, link, options: {} })
      } finally {
        await sink.close()
      }
    }
    const names = async (): Promise<unknown[]> => {
      const rows = await rowsOf(broker.port, 'restored')
      return Object.keys(rows)
        .sort()
        .map((key) => [key, rows[key]!['name']])
    }
    await repository.transaction('main', async (tx) => {
      tx.createTable('people', { key: ['id'] }).put({ id: 1, name: 'Ada' })
    })
    await sync()
    const client = clientOf(broker.port)
    await client.connect()
    await client.sendCommand(['SAVE'])
    client.destroy()
    copyFileSync(path.join(broker.dir, 'dump.rdb'), path.join(broker.dir, 'older.rdb'))
    await repository.transaction('main', async (tx) => {
      tx.table('people').put({ id: 1, name: 'Ada Lovelace' })
      tx.table('people').put({ id: 2, name: 'Grace' })
    })
    await sync()
    const now = [
      ['people/1', 'Ada Lovelace'],
      ['people/2', 'Grace'],
    ]
    expect(await names()).toEqual(now)
    await broker.kill()
    copyFileSync(path.join(broker.dir, 'older.rdb'), path.join(broker.dir, 'dump.rdb'))
    await broker.start()
    expect(await names()).toEqual([['people/1', 'Ada']])
    expect((await sync()).notes.join()).toContain('restored from an earlier state')
    expect(await names()).toEqual(now)
    expect((await sync()).notes).toEqual([])
    const admin = clientOf(broker.port)
    await admin.connect()
    await admin.sendCommand(['FLUSHALL'])
    admin.destroy()
    expect((await sync()).notes.join()).toContain('has lost its record of this link')
    expect(await names()).toEqual(now)
  }, 60_000)

  test('rows whose keys are written alike are hashes of their own', async () => {
    const store = MemoryStore.create()
    const author = { name: 'Ada', email: 'ada@example.org' }
    const repository = DataRepository.over(store, { author })
    const ids = [7, '7', true, 'true', 1.5, '1.5', 'text%7']
    await repository.transaction('main', (tx) => {
      const mixed = tx.createTable('mixed', { key: ['id'] })
      for (const id of ids) mixed.put({ id, name: `${typeof id} ${id}` })
      const numbers = tx.createTable('numbers', { key: ['id'] })
      numbers.put({ id: 7, name: 'number 7' })
    })
    await repository.transaction('main', (tx) => {
      tx.table('numbers').put({ id: '7', name: 'string 7' })
    })
    const link: Link = {
      name: 'shop',
      endpoint: `redis://127.0.0.1:${broker.port}?prefix=alike`,
      mode: 'materialize',
      tables: ['mixed', 'numbers'],
      into: '',
      branch: 'main',
    }
    const sync = async (): Promise<void> => {
      const sink = await open('?prefix=alike')
      try {
        await deliverRound({ repo: createContext(store, { author }), sink, link, options: {} })
      } finally {
        await sink.close()
      }
    }
    await sync()
    const names = async (): Promise<string[]> =>
      Object.values(await rowsOf(broker.port, 'alike'))
        .map((row) => row['name']!)
        .sort()
    const all = [...ids.map((id) => `${typeof id} ${id}`), 'number 7', 'string 7'].sort()
    expect(await names()).toEqual(all)
    await repository.transaction('main', (tx) => {
      tx.table('mixed').delete('7')
    })
    await sync()
    expect(await names()).toEqual(all.toSpliced(all.indexOf('string 7'), 1))
  })

  test('a server that ends in the middle is unreachable', async () => {
    const other = await startRedis()
    const sink = await openSink(`redis://127.0.0.1:${other.port}`, { link: 'shop', environment })
    await other.kill()
    expect(await fault(sink.deliver(insertInto('people', { name: 'Ada' })))).toMatch(/^VARVE_UNREACHABLE/)
    await sink.close()
    await other.stop()
  })
})

test('keys of rows cannot be taken for those of others', () => {
  const name = (...texts: (string | [kind: string, text: string])[]): string =>
    rowKey(
      'p',
      'a/b.csv',
      texts.map((text) =>
        typeof text === 'string' ? { kind: null, text } : { kind: text[0], text: text[1] },
      ),
    )
  expect(name('7')).toBe('p:a/b.csv:7')
  expect(name('b:c', 'd')).toBe('p:a/b.csv:b%3Ac:d')
  expect(name('b', 'c:d')).toBe('p:a/b.csv:b:c%3Ad')
  expect(name('b%3Ac')).toBe('p:a/b.csv:b%253Ac')
  expect([name(['text', '7']), name('text%7')]).toEqual(['p:a/b.csv:text%7', 'p:a/b.csv:text%257'])
  expect(rowFields({ a: null, b: true, c: 10n ** 20n, d: { e: [1] } })).toEqual([
    'b',
    'true',
    'c',
    '1' + '0'.repeat(20),
    'd',
    '{"e":[1]}',
  ])
})
