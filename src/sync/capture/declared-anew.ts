// Tables of an endpoint that only tells, and that are declared otherwise than when they were last read. What was told is gone
// once it is a row: rows stay as they were read. Of what waits, because it could be no row, all is there yet, and is read
// anew.
import { sha256Hex } from '../../base/platform.ts'
import { utf8 } from '../../base/bytes.ts'
import type { ToldLog } from '../../connectors/change-log.ts'
import type { Link } from '../interface.ts'
import type { Tree } from '../../files/tree.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import { keyNames } from '../../table/key.ts'
import { type LinkedTable, tableAt } from '../tables/link-tables.ts'

const hexDigits = 16

export type Declarations = Readonly<Record<string, string>>

/** How the link declares its tables, as a hash of each. */
export function declarationsOf({ inbox = [] }: Link, tables: readonly LinkedTable[]): Declarations {
  return Object.fromEntries(
    tables.map(({ table: { name } }) => {
      const found = inbox.find(({ table }) => table === name) ?? { table: name }
      return [name, sha256Hex(utf8(JSON.stringify(found))).slice(0, hexDigits)]
    }),
  )
}

export function declaredAnew(
  tables: readonly LinkedTable[],
  before: Declarations | undefined,
  now: Declarations,
): readonly LinkedTable[] {
  return tables.filter(({ table: { name } }) => before?.[name] !== undefined && before[name] !== now[name])
}

/** Those whose key is the one that it was: whether of two items the later one is about the same row is known of them. */
export async function withSameKey(
  io: Io,
  before: Tree,
  tables: readonly LinkedTable[],
): Promise<readonly LinkedTable[]> {
  const isSame = await Promise.all(
    tables.map(async ({ path, table }) => {
      const known = await tableAt(io, before, path)
      return known === null || keyNames(known.schema).join('\0') === table.key.join('\0')
    }),
  )
  return tables.filter((_, i) => isSame[i])
}

/** For people: what a new declaration does not reach. */
export async function declaredNotes(
  io: Io,
  { link, told, before }: { readonly link: Link; readonly told: ToldLog; readonly before: Tree },
  tables: readonly LinkedTable[],
): Promise<readonly string[]> {
  const aside = tables.length === 0 ? [] : await told.aside()
  return Promise.all(
    tables.map(async ({ path, table: { name } }) => {
      const known = await tableAt(io, before, path)
      const rows = known === null ? 0 : (await ProllyMap.load(io.nodes, known.rows)).count
      const waits = aside.some(({ table }) => table === name)
      return [
        `'${name}' is declared otherwise in varve.yaml than when it was last read`,
        ...(rows === 0
          ? []
          : [`${rowWords(rows)} as read before, until sent again: webhooks that became rows are not kept`]),
        ...(waits ? [`what still waits of it is read anew by 'varve sync retry ${link.name}'`] : []),
      ].join('; ')
    }),
  )
}

function rowWords(count: number): string {
  return count === 1 ? '1 row stays' : `${count} rows stay`
}
