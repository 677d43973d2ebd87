// What is tried again, and when.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPatiently } from '../../src/connectors/patience.ts'
import { VarveError } from '../../src/base/errors.ts'
import { endpointError } from '../../src/connectors/postgres/failure.ts'
import { isTransient, waitMs, withRetries } from '../../src/sync/retry.ts'
import { fault } from '../support/fault.ts'
import { Linked, wrapped } from '../support/linked.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

const refused = new VarveError('VARVE_REFUSED', 'no')
const said = (code: string): unknown => endpointError('db', Object.assign(new Error('words'), { code }))
const deadlock = said('40P01') as VarveError

describe('faults that pass', () => {
  test('a cut line, a deadlock, a serialization failure and another worker pass; rights and rules do not', () => {
    const passing = [
      new VarveError('VARVE_UNREACHABLE', 'gone'),
      new VarveError('VARVE_NOT_POSSIBLE', 'overtaken', { data: { passing: true } }),
      deadlock,
      // A serialization failure, no connection left, a lock that was not to be had.
      ...['40001', '53300', '55P03'].map(said),
    ]
    expect(passing.map(isTransient)).toEqual([true, true, true, true, true, true])
    const other = new VarveError('VARVE_NOT_POSSIBLE', 'no column', { data: { code: '42703' } })
    expect([refused, other, new Error('x'), null].map(isTransient)).toEqual([false, false, false, false])
  })

  test('a pipe that broke is the line, though its code has the length of a word of the database', () => {
    const passing = ['EPIPE', 'ECONNRESET', '57P01', 'XX000'].map((code) => isTransient(said(code)))
    expect(passing).toEqual([true, true, true, false])
  })

  test('waits double from 0.2 s to 5 minutes, and differ by up to a half', () => {
    expect([0, 1, 2, 30].map((attempt) => waitMs(attempt, () => 1))).toEqual([200, 400, 800, 300_000])
    expect([0, 30].map((attempt) => waitMs(attempt, () => 0))).toEqual([100, 150_000])
  })

  test('work is done again until it succeeds, as often as was said, and not at all for what does not pass', async () => {
    let tries = 0
    const failing = (times: number, error: Error) => async (): Promise<number> => {
      if (tries++ < times) throw error
      return tries
    }
    expect(await withRetries(failing(2, deadlock), { retries: 2 })).toBe(3)
    tries = 0
    expect(await fault(withRetries(failing(5, deadlock), { retries: 1 }))).toContain('words')
    expect(tries).toBe(2)
    tries = 0
    expect(await fault(withRetries(failing(1, refused), { retries: 5 }))).toContain('VARVE_REFUSED')
    expect(tries).toBe(1)
    tries = 0
    const asked = new VarveError('VARVE_UNREACHABLE', 'busy', { data: { attempts: 5 } })
    expect(await fault(withRetries(failing(5, asked), { retries: 5 }))).toContain('busy')
    expect(tries).toBe(1)
    tries = 0
    const silent = openPatiently({
      url: 'redis://there',
      link: 'cache',
      open: () =>
        new Promise((_, late) => setTimeout(() => late(new VarveError('VARVE_UNREACHABLE', 'late')), 60)),
      msMax: 50,
      onWait: undefined,
    })
    const said = await silent.catch((error: unknown) => error as VarveError)
    expect(await fault(withRetries(failing(5, said as VarveError), { retries: 5 }))).toContain(
      "cannot reach 'redis://there': no answer in 0.05 s",
    )
    expect(tries).toBe(1)
    const secret = openPatiently({
      url: 'redis://there',
      link: 'my-cache',
      open: () =>
        Promise.reject(new VarveError('VARVE_REFUSED', 'no', { hint: 'give VARVE_LINK_NAME_PASSWORD' })),
      msMax: 50,
      onWait: undefined,
    })
    await expect(secret).rejects.toMatchObject({ hint: 'give VARVE_LINK_MY_CACHE_PASSWORD' })
    tries = 0
    const over = AbortSignal.abort()
    expect(await fault(withRetries(failing(5, deadlock), { retries: 5, signal: over }))).toContain('ABORTED')
    expect(tries).toBe(1)
  })
})

let postgres: Postgres

describe.skipIf(!hasPostgres)(`faults of a real server${withoutPostgres}`, () => {
  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop())

  test('a worker that was overtaken and a server that was killed are faults that pass', async () => {
    const linked = await Linked.start(postgres)
    await linked.sync()
    await linked.edit((rows) => rows.put({ id: 1, name: 'ours', age: 1 }))
    const errors: unknown[] = []
    const note = (work: Promise<unknown>): Promise<unknown> => work.catch((error) => errors.push(error))
    await note(
      linked.sync({}, (connector) => ({
        ...wrapped(connector),
        takeOver: async (name) => {
          const taken = await connector.takeOver(name)
          await linked.connected((other) => other.takeOver(name))
          return taken
        },
      })),
    )
    await postgres.kill()
    await note(linked.sync())
    await postgres.start()
    expect(errors.map((error) => [isTransient(error), String(error)])).toEqual([
      [true, expect.stringContaining('another worker has taken over')],
      [true, expect.stringContaining('cannot reach')],
    ])
    expect((await linked.sync()).heldBack).toEqual([])
  })
})
