// What the user may not write, known from the catalogue before it is tried: only what needs the missing right waits, and
// the message says how to give it.
import type { RowChange } from '../../interface.ts'
import type { PostgresColumn, PostgresTable } from '../discover.ts'

/** Why no change of this kind can be written, or no update of the columns at `places`; null: it can. */
export function missingRight(
  table: PostgresTable,
  kind: RowChange['kind'],
  places: readonly number[],
): string | null {
  const grants = {
    insert: () => insertGrants(table),
    update: () =>
      updateGrants(
        table,
        places.map((place) => table.columns[place]!),
      ),
    delete: () => (table.mayDelete ? [] : [grant(table, 'DELETE')]),
  }[kind]()
  if (grants.length === 0) return null
  const what = { insert: 'insert rows into it', update: 'update rows of it', delete: 'delete rows of it' }[
    kind
  ]
  return `this user may not ${what}: ${grants.join('; ')}`
}

function insertGrants(table: PostgresTable): string[] {
  const isLacking = table.columns.some(({ generated, mayInsert }) => !generated && !mayInsert)
  const sequences = table.columns.filter(({ mayAdvance }) => !mayAdvance)
  return [
    ...(isLacking ? [grant(table, 'INSERT')] : []),
    ...sequences.map(({ sequence }) => `GRANT SELECT, UPDATE ON SEQUENCE ${sequence} TO ${table.grantee}`),
  ]
}

function updateGrants(table: PostgresTable, columns: readonly PostgresColumn[]): string[] {
  const lacking = columns.filter(({ mayUpdate }) => !mayUpdate)
  if (lacking.length === 0) return []
  const isByColumn = table.columns.some(({ mayUpdate }) => mayUpdate)
  const names = lacking.map(({ quoted }) => quoted).join(', ')
  return [grant(table, isByColumn ? `UPDATE (${names})` : 'UPDATE')]
}

function grant({ place, grantee }: PostgresTable, right: string): string {
  return `GRANT ${right} ON ${place} TO ${grantee}`
}
