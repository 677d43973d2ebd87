// A server whose wal_level is set back after a link has read its log: the tables are compared meanwhile, nothing is lost, and
// a new log begins when the setting allows it.
import { expect, test } from 'vitest'
import { Linked } from '../support/linked.ts'
import { hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

test.skipIf(!hasPostgres)(
  `a wal_level that is set back has the tables compared, until it is logical again${withoutPostgres}`,
  { timeout: 60_000 },
  async () => {
    const settings: Record<string, string> = {}
    const postgres = await startPostgres(settings)
    try {
      const linked = await Linked.start(postgres)
      const slots = async (): Promise<unknown[]> => {
        const { rows } = await linked.db.query('SELECT slot_name FROM pg_replication_slots')
        return rows
      }
      const restarted = async (level: string): Promise<void> => {
        await postgres.kill()
        settings['wal_level'] = level
        await postgres.start()
        Object.assign(linked, { db: await postgres.client(linked.link.endpoint) })
      }
      const insert = (id: number): Promise<unknown> =>
        linked.db.query('INSERT INTO people VALUES ($1, $2, 1)', [id, 'later'])
      const seen = async (): Promise<string> => {
        const { notes } = await linked.sync()
        expect(await linked.branchRows()).toEqual(await linked.rows())
        return notes.join('\n')
      }
      linked.link = { ...linked.link, changes: 'log' }
      expect([await seen(), await slots()]).toEqual(['', [expect.anything()]])
      await insert(4)
      linked.link = { ...linked.link, changes: 'compare' }
      expect([await seen(), await slots()]).toEqual(['', []])
      linked.link = { ...linked.link, changes: 'log' }
      await restarted('replica')
      await insert(5)
      expect(await seen()).toMatch(/^the log cannot be read, .*wal_level is 'replica'/)
      await insert(6)
      await restarted('logical')
      expect([await seen(), await slots()]).toEqual(['', [expect.anything()]])
      await insert(7)
      expect(await seen()).toBe('')
    } finally {
      await postgres.stop()
    }
  },
)
