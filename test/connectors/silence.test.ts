// A database that falls silent in the middle of a round: it is said who is waited for, and whether the network is still
// there is asked by the system.
import fs from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openEndpoint } from '../../src/connectors/open.ts'
import type { Connector } from '../../src/connectors/interface.ts'
import type { Wait } from '../../src/base/telling-wait.ts'
import { type SqlDatabase, type SqlSystem, sqlSystems } from '../support/sql-systems.ts'

const environment = process.env
const servers = sqlSystems.filter(({ name }) => name !== 'SQLite')

describe.each(servers.map((kind) => [kind.name + kind.without, kind] as const))('%s', (_, kind) => {
  let system: SqlSystem
  let db: SqlDatabase
  beforeAll(async () => {
    if (kind.without !== '') return
    system = await kind.start()
    db = await system.database()
    await db.run('CREATE TABLE people (id int PRIMARY KEY)', 'INSERT INTO people VALUES (1), (2)')
  }, 60_000)
  afterAll(() => system?.stop(), 60_000)

  const lock =
    kind.name !== 'PostgreSQL'
      ? { on: ['LOCK TABLES people WRITE'], off: ['UNLOCK TABLES'] }
      : { on: ['BEGIN', 'LOCK TABLE people IN ACCESS EXCLUSIVE MODE'], off: ['COMMIT'] }

  test.skipIf(kind.without !== '')(
    'that lets a statement wait is said to be waited for, once, and not while nothing is asked',
    async () => {
      const told: Wait[] = []
      const connector = await openEndpoint(db.url, { environment, onWait: (wait) => told.push(wait) })
      const tables = await connector.discover(['people'])
      await pause(2_600)
      expect(told).toEqual([])
      await db.run(...lock.on)
      const reading = countRows(connector, tables)
      await pause(3_500)
      expect(told).toEqual([{ location: connector.location, msMax: null }])
      await db.run(...lock.off)
      expect(await reading).toBe(2)
      await connector.close()
    },
    30_000,
  )
})

test.skipIf(process.platform !== 'linux').each(['postgres', 'mysql'])(
  'whether the other end of a connection of %s is still there is asked by the system, after a minute',
  async (scheme) => {
    const sockets: net.Socket[] = []
    const server = net.createServer((socket) => void sockets.push(socket.on('error', () => undefined)))
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    const opening = openEndpoint(`${scheme}://ada@127.0.0.1:${port}/shop`, {}).catch(() => null)
    while (sockets.length === 0) await pause(10)
    await expect.poll(() => timersTo(port)).toEqual([{ kind: 'probe', isSoon: true }])
    for (const socket of sockets) socket.destroy()
    expect(await opening).toBe(null)
    server.close()
  },
)

async function countRows(
  connector: Connector,
  tables: Awaited<ReturnType<Connector['discover']>>,
): Promise<number> {
  const snapshot = await connector.snapshot(tables)
  let count = 0
  for await (const rows of snapshot.rows(tables[0]!)) count += rows.length
  await snapshot.close()
  return count
}

/** The timers that the kernel runs for our ends of connections over loopback. */
function timersTo(port: number): { kind: string; isSoon: boolean }[] {
  const lines = fs.readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)
  return lines.flatMap((line) => {
    const [, , remote, state, , timer] = line.trim().split(/\s+/)
    if (state !== '01' || Number.parseInt(remote!.split(':')[1]!, 16) !== port) return []
    const [kind, ticks] = timer!.split(':')
    // In hundredths of a second.
    const seconds = Number.parseInt(ticks!, 16) / 100
    return [{ kind: kind === '02' ? 'probe' : kind!, isSoon: seconds > 0 && seconds <= 60 }]
  })
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms))
}
