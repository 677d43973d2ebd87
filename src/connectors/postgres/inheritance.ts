// Tables that inherit from others (INHERITS; not partitions). A query of a table finds the rows of its heirs too, and no
// key spans them. Where the heirs are tables of the same link their rows are theirs, and the table has its own alone; where
// none of them is (partitions of the old kind), all count as the table's. A part of them would leave rows out unseen.
import type { Client } from 'pg'

export interface Relation {
  readonly schema: string
  readonly relation: string
}

interface HeirRow extends Relation {
  heir_schema: string
  heir: string
}

const heirsQuery = `
  WITH RECURSIVE heirs AS (
    SELECT i.inhparent AS parent, i.inhrelid AS heir FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent AND c.relkind = 'r'
     UNION SELECT h.parent, i.inhrelid FROM heirs h JOIN pg_inherits i ON i.inhparent = h.heir
  )
  SELECT n.nspname AS schema, c.relname AS relation, hn.nspname AS heir_schema, h.relname AS heir
    FROM heirs JOIN pg_class c ON c.oid = heirs.parent JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class h ON h.oid = heirs.heir JOIN pg_namespace hn ON hn.oid = h.relnamespace
   WHERE $1::text[] IS NULL OR c.relname = ANY ($1)`

export interface Heirs {
  /** All of them are tables of the link. */
  readonly areLinked: boolean
  readonly areUnlinked: boolean
  /** Only some are. */
  readonly trouble: string | null
}

export async function readHeirs(
  client: Client,
  relations: readonly string[] | null,
  linked: readonly Relation[],
): Promise<(table: Relation) => Heirs> {
  const { rows } = await client.query<HeirRow>(heirsQuery, [relations])
  return ({ schema, relation }) => {
    const heirs = rows.filter((row) => row.schema === schema && row.relation === relation)
    const isLinked = (row: HeirRow): boolean =>
      linked.some((one) => one.schema === row.heir_schema && one.relation === row.heir)
    const [some, other] = [heirs.find(isLinked), heirs.find((row) => !isLinked(row))]
    const trouble =
      some === undefined || other === undefined
        ? null
        : `'${some.heir}' and '${other.heir}' inherit from '${relation}': link all tables that do, or none of them`
    return { areLinked: some !== undefined, areUnlinked: some === undefined && other !== undefined, trouble }
  }
}
