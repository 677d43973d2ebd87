// Links against a real PostgreSQL: what is read, merged and written, and what is left alone.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Client } from 'pg'
import type { Receipt, SyncOptions } from '../../src/sync/interface.ts'
import { fault } from '../support/fault.ts'
import { Linked, wrapped } from '../support/linked.ts'
import { type Postgres, hasPostgres, startPostgres, withoutPostgres } from '../support/postgres.ts'

let postgres: Postgres

describe.skipIf(!hasPostgres)(`links with PostgreSQL${withoutPostgres}`, () => {
  beforeAll(async () => {
    postgres = await startPostgres()
  }, 60_000)
  afterAll(() => postgres.stop(), 60_000)

  let linked: Linked
  let db: Client

  beforeEach(async () => {
    linked = await Linked.start(postgres)
    db = linked.db
  })

  const rows = (): Promise<unknown[]> => linked.rows()
  const branchRows = (): Promise<unknown[]> => linked.branchRows()
  const edit: Linked['edit'] = (change) => linked.edit(change)

  async function sync(options: SyncOptions = {}, mode = linked.link.mode): Promise<Receipt> {
    linked.link = { ...linked.link, mode }
    return linked.sync(options)
  }

  async function sequence(): Promise<number> {
    return (await linked.store.manifest()).sequence
  }

  test('the first round brings all rows, and a quiet one makes no commit and writes nothing', async () => {
    const first = await sync()
    expect(first.tables[0]).toMatchObject({ read: 3, captured: { added: 3 }, written: { added: 0 } })
    expect(await branchRows()).toEqual(await rows())
    const refs = (await linked.store.manifest()).refs
    const { rows: before } = await db.query('SELECT pg_current_xact_id_if_assigned(), xmin::text FROM people')
    const second = await sync()
    expect(second.commit).toBe(first.commit)
    const after = new Map((await linked.store.manifest()).refs)
    after.set('links/shop/receipt', refs.get('links/shop/receipt')!)
    expect(after).toEqual(refs)
    const { rows: then } = await db.query('SELECT pg_current_xact_id_if_assigned(), xmin::text FROM people')
    expect(then).toEqual(before)
    expect((await db.query("SELECT to_regclass('varve_sync') AS state")).rows).toEqual([{ state: null }])
  })

  test('both sides change different rows and cells: all of it arrives on both sides', async () => {
    await sync()
    await db.query("UPDATE people SET age = 37 WHERE id = 1; INSERT INTO people VALUES (4, 'Barbara', 84)")
    await edit((table) => {
      table.put({ id: 1, name: 'Ada Lovelace', age: 36 })
      table.delete(3)
      table.put({ id: 5, name: 'Donald', age: null })
    })
    const receipt = await sync()
    expect(receipt.heldBack).toEqual([])
    expect(await rows()).toEqual([
      { id: 1, name: 'Ada Lovelace', age: 37 },
      { id: 2, name: 'Grace', age: 85 },
      { id: 4, name: 'Barbara', age: 84 },
      { id: 5, name: 'Donald', age: null },
    ])
    expect(await branchRows()).toEqual(await rows())
    expect((await sync()).commit).toBe(receipt.commit)
  })

  test('a clash holds back its own row only, in each round again, until one side gives way', async () => {
    await sync()
    await db.query('UPDATE people SET age = 40 WHERE id = 1; UPDATE people SET age = 86 WHERE id = 2')
    await edit((table) => {
      table.put({ id: 1, name: 'Ada', age: 50 })
      table.put({ id: 3, name: 'Edsger W.', age: 72 })
    })
    for (let round = 0; round < 2; round++) {
      const receipt = await sync()
      expect(receipt.heldBack).toMatchObject([{ table: 'people', key: '1', reason: 'conflict' }])
      expect(await rows()).toEqual([
        { id: 1, name: 'Ada', age: 40 },
        { id: 2, name: 'Grace', age: 86 },
        { id: 3, name: 'Edsger W.', age: 72 },
      ])
      expect((await branchRows())[0]).toEqual({ id: 1, name: 'Ada', age: 50 })
    }
    await edit((table) => table.put({ id: 1, name: 'Ada', age: 40 }))
    expect((await sync()).heldBack).toEqual([])
    await edit((table) => table.put({ id: 1, name: 'Ada', age: 41 }))
    await sync()
    expect((await rows())[0]).toEqual({ id: 1, name: 'Ada', age: 41 })
  })

  test('a dry run says what both sides would get, and changes nothing', async () => {
    await sync()
    await db.query("INSERT INTO people VALUES (4, 'Barbara', 84)")
    await edit((table) => table.delete(2))
    const [before, at] = [await rows(), await sequence()]
    const receipt = await sync({ dryRun: true })
    expect(receipt.tables[0]).toMatchObject({ captured: { added: 1 }, written: { removed: 1 } })
    expect(await rows()).toEqual(before)
    expect(await sequence()).toBe(at)
  })

  test('a row that the database refuses waits, and the others go through', async () => {
    await db.query('ALTER TABLE people ADD CHECK (age < 150)')
    await sync()
    await edit((table) => {
      table.put({ id: 1, name: 'Ada', age: 999 })
      for (let id = 10; id < 60; id++) table.put({ id, name: `p${id}`, age: id === 33 ? 200 : id })
    })
    const receipt = await sync()
    expect(receipt.heldBack.map(({ key, reason }) => `${reason} ${key}`).sort()).toEqual([
      'rejected 1',
      'rejected 33',
    ])
    expect(receipt.heldBack[0]!.message).toContain('check constraint')
    expect(await rows()).toHaveLength(3 + 49)
    await edit((table) => table.put({ id: 33, name: 'p33', age: 33 }))
    expect((await sync()).heldBack.map(({ key }) => key)).toEqual(['1'])
    expect(await rows()).toHaveLength(3 + 50)
  })

  test('a writer that comes in between the reading and the writing is not overwritten', async () => {
    await sync()
    await edit((table) => {
      table.put({ id: 1, name: 'ours', age: 1 })
      table.put({ id: 2, name: 'ours', age: 2 })
    })
    const receipt = await linked.sync({}, (connector) => ({
      ...wrapped(connector),
      takeOver: async (name) => {
        await db.query("UPDATE people SET name = 'theirs' WHERE id = 1")
        return connector.takeOver(name)
      },
    }))
    expect(receipt.heldBack).toMatchObject([{ key: '1', reason: 'changed' }])
    expect(await rows()).toMatchObject([{ name: 'theirs' }, { name: 'ours', age: 2 }, {}])
    expect((await sync()).heldBack).toMatchObject([{ key: '1', reason: 'conflict' }])
  })

  test('a round that was killed after the database committed, and one before, come to the same end', async () => {
    for (const when of ['before', 'after']) {
      await sync()
      await edit((table) => table.put({ id: 2, name: `Grace ${when}`, age: 85 }))
      const killed = linked.sync({}, (connector) => ({
        ...wrapped(connector),
        apply: async (plan) => {
          if (when === 'after') await connector.apply(plan)
          throw new Error('killed')
        },
      }))
      expect(await fault(killed)).toContain('killed')
      await db.query(`UPDATE people SET age = age + 1 WHERE id = 3`)
      expect((await sync()).heldBack).toEqual([])
      expect((await rows())[1]).toEqual({ id: 2, name: `Grace ${when}`, age: 85 })
      expect(await branchRows()).toEqual(await rows())
    }
  })

  test('a database that is restored from an earlier state keeps what it has and gets back what it had lost', async () => {
    await edit.call(null, () => undefined).catch(() => undefined)
    await sync()
    await edit((table) => table.put({ id: 2, name: 'Grace H.', age: 85 }))
    await sync()
    await db.query(
      'CREATE TABLE backup AS SELECT * FROM people; CREATE TABLE backup_state AS SELECT * FROM varve_sync',
    )
    await edit((table) => {
      table.put({ id: 1, name: 'Ada L.', age: 36 })
      table.put({ id: 9, name: 'Nine', age: 9 })
    })
    await sync()
    await db.query(`TRUNCATE people; INSERT INTO people SELECT * FROM backup;
      UPDATE varve_sync SET base_commit = (SELECT base_commit FROM backup_state);
      UPDATE people SET age = 73 WHERE id = 3`)
    const receipt = await sync({ allow: ['restored'] })
    expect(receipt.notes[0]).toContain('restored')
    expect(receipt.heldBack).toEqual([])
    expect(await rows()).toEqual([
      { id: 1, name: 'Ada L.', age: 36 },
      { id: 2, name: 'Grace H.', age: 85 },
      { id: 3, name: 'Edsger', age: 73 },
      { id: 9, name: 'Nine', age: 9 },
    ])
    expect(await branchRows()).toEqual(await rows())
  })

  test('a repository that is new meets a database that was linked before: equal rows are adopted, nothing is overwritten', async () => {
    await sync()
    await edit((table) => table.put({ id: 2, name: 'Grace H.', age: 85 }))
    await sync()
    const before = await rows()
    linked = linked.anew()
    const receipt = await sync()
    expect(receipt.notes[0]).toContain('not here')
    expect(await rows()).toEqual(before)
    expect(await branchRows()).toEqual(before)
  })

  test('a new column that may be empty flows; any other change of shape stops that table alone, until it is let through', async () => {
    await db.query('CREATE TABLE other (id int PRIMARY KEY, n int); INSERT INTO other VALUES (1, 1)')
    linked.link = { ...linked.link, tables: ['people', 'other'] }
    await sync()
    await db.query("ALTER TABLE people ADD email text; UPDATE people SET email = 'a@b' WHERE id = 1")
    expect((await sync()).heldBack).toEqual([])
    expect((await branchRows())[0]).toEqual({ id: 1, name: 'Ada', age: 36, email: 'a@b' })
    await db.query(
      'ALTER TABLE people DROP age; ALTER TABLE people ALTER email TYPE int USING 5; UPDATE other SET n = 2',
    )
    const before = await branchRows()
    const stopped = await sync()
    expect(stopped.heldBack).toMatchObject([
      {
        table: 'people',
        reason: 'schema',
        message: expect.stringContaining("column 'age' is gone; column 'email' is int") as string,
      },
    ])
    expect(await branchRows()).toEqual(before)
    expect(await (await linked.repository.at('main')).table('shop/other').get(1)).toEqual({ id: 1, n: 2 })
    await sync({ allow: ['schema'] })
    expect((await branchRows())[0]).toEqual({ id: 1, name: 'Ada', email: 5 })
    expect((await sync()).heldBack).toEqual([])
  })

  test('a clash outlives a round that was killed when the branch had moved and nothing was written', async () => {
    await sync()
    await db.query("UPDATE people SET name = 'there' WHERE id = 1; UPDATE people SET age = 86 WHERE id = 2")
    await edit((table) => {
      table.put({ id: 1, name: 'here', age: 36 })
      table.put({ id: 3, name: 'Edsger W.', age: 72 })
    })
    const killed = linked.sync({}, (connector) => ({
      ...wrapped(connector),
      apply: () => Promise.reject(new Error('killed')),
    }))
    expect(await fault(killed)).toContain('killed')
    expect((await branchRows())[1]).toMatchObject({ age: 86 })
    for (let round = 0; round < 2; round++) {
      expect((await sync()).heldBack).toMatchObject([{ key: '1', reason: 'conflict' }])
      expect(await rows()).toMatchObject([{ name: 'there' }, { age: 86 }, { name: 'Edsger W.' }])
    }
  })

  test('a database that is restored to what another history had written takes nothing back here', async () => {
    await sync()
    await edit((table) => table.put({ id: 1, name: 'Ada L.', age: 36 }))
    await sync()
    const other = linked.anew()
    await other.sync()
    await other.edit((table) => table.put({ id: 7, name: 'Barbara', age: 84 }))
    expect((await other.sync()).tables[0]).toMatchObject({ written: { added: 1 } })
    await db.query('CREATE TABLE saved AS TABLE people; CREATE TABLE saved_state AS TABLE varve_sync')
    expect((await sync()).heldBack).toMatchObject([{ reason: 'schema' }])
    await sync({ retry: true })
    await edit((table) => table.put({ id: 8, name: 'Donald', age: 87 }))
    expect((await sync()).tables[0]).toMatchObject({ written: { added: 1 } })
    await db.query("UPDATE people SET name = 'late' WHERE id = 3")
    expect((await sync()).tables[0]).toMatchObject({ captured: { changed: 1 } })
    await db.query(`TRUNCATE people, varve_sync; INSERT INTO people TABLE saved;
      INSERT INTO varve_sync TABLE saved_state`)
    const { heldBack } = await sync()
    expect(heldBack.map(({ key, reason }) => [key, reason])).toEqual([['3', 'conflict']])
    const names = (found: unknown[]): string[] => (found as { name: string }[]).map(({ name }) => name)
    expect(names(await branchRows())).toEqual(['Ada L.', 'Grace', 'late', 'Barbara', 'Donald'])
    expect(names(await rows())).toEqual(['Ada L.', 'Grace', 'Edsger', 'Barbara', 'Donald'])
  })

  test('a copy of the database that is let in counts as it was copied, also where the round that let it in was killed', async () => {
    await sync()
    await edit((table) => table.put({ id: 2, name: 'Grace H.', age: 85 }))
    await sync()
    const copy = await Linked.start(postgres)
    const { rows: state } = await db.query('SELECT link, fence, base_commit FROM varve_sync')
    await copy.db
      .query(`UPDATE people SET name = 'Grace H.' WHERE id = 2; CREATE TABLE varve_sync (link text PRIMARY KEY,
      fence bigint NOT NULL, base_commit text, applied_at timestamptz)`)
    await copy.db.query('INSERT INTO varve_sync VALUES ($1, $2, $3)', Object.values(state[0] as object))
    await db.query('UPDATE people SET age = 73 WHERE id = 3')
    await sync()
    linked.link = { ...linked.link, endpoint: copy.link.endpoint }
    const killed = linked.sync({ allow: ['identity'] }, (connector) => ({
      ...wrapped(connector),
      takeOver: () => Promise.reject(new Error('killed')),
    }))
    expect(await fault(killed)).toContain('killed')
    expect((await sync()).heldBack).toEqual([])
    const all = [{ age: 36 }, { name: 'Grace H.' }, { age: 73 }]
    expect([await copy.rows(), await branchRows()]).toMatchObject([all, all])
  })

  test('capture reads only, materialize writes only, and a mirror makes the endpoint what the branch is', async () => {
    await sync({}, 'capture')
    await edit((table) => table.put({ id: 1, name: 'ours', age: 1 }))
    await db.query("UPDATE people SET name = 'theirs' WHERE id = 2")
    await sync({}, 'capture')
    expect(await rows()).toMatchObject([{ name: 'Ada' }, { name: 'theirs' }, {}])
    expect(await branchRows()).toMatchObject([{ name: 'ours' }, { name: 'theirs' }, {}])
    await db.query("UPDATE people SET name = 'drift' WHERE id = 3")
    for (let round = 0; round < 2; round++) {
      await sync({}, 'materialize')
      expect(await rows()).toMatchObject([{ name: 'ours' }, { name: 'theirs' }, { name: 'drift' }])
      expect(await branchRows()).toMatchObject([{ name: 'ours' }, { name: 'theirs' }, { name: 'Edsger' }])
    }
    await sync({}, 'mirror')
    expect(await rows()).toEqual(await branchRows())
  })
})
