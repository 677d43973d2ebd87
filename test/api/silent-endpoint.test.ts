// Endpoints that take a connection and never say a word: whoever waits for one can be stopped at once, and nobody says
// that it answers.
import { writeFileSync } from 'node:fs'
import net, { type AddressInfo, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import type { LinkMode, LinkSetting } from '../../src/index.ts'
import { fault } from '../support/fault.ts'
import { temporaryDir } from '../support/temporary.ts'

describe('an endpoint that says nothing', () => {
  let repo: Repository
  let server: net.Server
  const sockets: Socket[] = []
  /** Called when somebody has connected. */
  let onConnected = (): void => undefined
  let place: string

  beforeAll(async () => {
    server = net.createServer((socket) => {
      sockets.push(socket.on('error', () => undefined))
      onConnected()
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    place = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const secrets = ['PASSWORD', 'SECRET'].map((what) => [`VARVE_LINK_SILENT_${what}`, 'x'])
    repo = await Repository.init(temporaryDir(), {
      author: { name: 'Ada', email: 'ada@example.org' },
      environment: Object.fromEntries(secrets) as Record<string, string>,
    })
  })
  afterAll(async () => {
    await repo.close()
    sockets.forEach((socket) => socket.destroy())
    await new Promise((done) => server.close(done))
  })

  /** Stops it as soon as it has connected. */
  async function stopped(work: (options: { signal: AbortSignal }) => Promise<unknown>): Promise<string> {
    const stop = new AbortController()
    onConnected = () => stop.abort()
    return fault(work({ signal: stop.signal }))
  }

  const capture = 'capture' satisfies LinkMode
  const materialize = 'materialize' satisfies LinkMode
  const endpoints: [string, LinkMode][] = [
    ['postgres://ada@PLACE/shop', capture],
    ['mysql://ada@PLACE/shop', capture],
    ['http://PLACE/v1', capture],
    ['redis://ada@PLACE/0', materialize],
    ['nats://ada@PLACE/rows', materialize],
    ['amqp://ada@PLACE/?exchange=rows', materialize],
    ['mqtt://ada@PLACE/rows', materialize],
    ['kafka://ada@PLACE/rows', materialize],
  ]
  test.each(endpoints)('%s is no longer waited for once that is asked', async (url, mode) => {
    const setting: LinkSetting = {
      endpoint: url.replace('PLACE', place),
      mode,
      tables: ['people'],
      into: 'silent',
      branch: null,
    }
    expect(await stopped((options) => repo.addLink('silent', setting, options))).toMatch(/^VARVE_ABORTED: /)
    expect(await repo.links()).toEqual([])
  })

  test('an API of whose tables nothing is declared is asked for them too', async () => {
    const link = `{ endpoint: "http://${place}/v1", mode: capture, tables: [people] }`
    writeFileSync(`${repo.root!}/varve.yaml`, `links:\n  silent: ${link}\n`)
    expect(await stopped((options) => repo.testLink('silent', options))).toMatch(/^VARVE_ABORTED: /)
    expect(await stopped((options) => repo.sync('silent', options))).toMatch(/^VARVE_ABORTED: /)
    expect(await stopped((options) => repo.sync('silent', { ...options, dryRun: true }))).toMatch(
      /^VARVE_ABORTED: /,
    )
  })
})
