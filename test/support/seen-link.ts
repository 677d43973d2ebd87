// A link that writes commit by commit into a PostgreSQL whose triggers note which transaction wrote what.
import { expect } from 'vitest'
import type { Connector } from '../../src/connectors/interface.ts'
import type { Postgres } from './postgres.ts'
import { ShopLink } from './shop-link.ts'

export class SeenLink {
  shop: ShopLink

  private constructor(shop: ShopLink) {
    this.shop = shop
  }

  static async create(postgres: Postgres): Promise<SeenLink> {
    const shop = await ShopLink.create(postgres, { mode: 'two-way' })
    const seen = new SeenLink(shop)
    await shop.db.query('ALTER TABLE people ADD CHECK (age < 1000000)')
    await shop.sync()
    shop.link = { ...shop.link, mode: 'mirror', commits: 'each' }
    await seen.set(1, 36)
    await seen.set(1, 0)
    await shop.sync()
    await shop.db.query(`
      CREATE TABLE seen (at serial, tx xid8 DEFAULT pg_current_xact_id(), what text);
      CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO seen (what) VALUES (CASE TG_TABLE_NAME WHEN 'varve_sync' THEN 'record'
          ELSE (coalesce(to_jsonb(NEW), to_jsonb(OLD)) ->> 'id') || '=' || coalesce(to_jsonb(NEW) ->> 'age', 'gone') END);
        RETURN NULL; END $$;
      CREATE TRIGGER see AFTER INSERT OR UPDATE OR DELETE ON people FOR EACH ROW EXECUTE FUNCTION see();
      CREATE TRIGGER see AFTER UPDATE OF base_commit ON varve_sync FOR EACH ROW EXECUTE FUNCTION see()`)
    return seen
  }

  /** A commit of the branch. An age of a million is refused there. */
  async set(id: number, age: number | null): Promise<void> {
    await this.shop.edit((rows) => (age === null ? rows.delete(id) : rows.put({ id, name: 'n', age })))
  }

  /** What each transaction wrote, in order, the link's record left out where it was written along. */
  async transactions(): Promise<string[]> {
    const { rows } = await this.shop.db.query<{ all: string[] }>(
      'SELECT array_agg(what ORDER BY at) AS all FROM seen GROUP BY tx ORDER BY min(at)',
    )
    return rows.map(({ all }) => {
      expect(all.at(-1)).toBe('record')
      return all.slice(0, -1).join(' ')
    })
  }

  async ages(): Promise<string> {
    const rows = (await this.shop.rows()) as { id: number; age: number }[]
    return rows.map(({ id, age }) => `${id}=${age}`).join(' ')
  }
}

/** Its nth transaction is the last thing that happens. */
export function killedAt(at: number, when: 'before' | 'after'): (connector: Connector) => Connector {
  let left = at
  return (connector) =>
    new Proxy(connector, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        if (name !== 'apply') return value.bind(target) as unknown
        return async (...args: unknown[]) => {
          left--
          if (left === 0 && when === 'before') throw new Error('killed')
          const made: unknown = await Reflect.apply(value, target, args)
          if (left === 0) throw new Error('killed')
          return made
        }
      },
    })
}
