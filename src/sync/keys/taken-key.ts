// A new row whose key means that of another row to the endpoint: 1.50 beside 1.5, where it keeps numbers. It was not
// written meanwhile by somebody: it waits until one of the two rows is gone, or has another key.
import { fromHex } from '../../base/bytes.ts'
import type { Tree } from '../../files/tree.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import { keyText } from '../../table/key.ts'
import type { HeldBack } from '../interface.ts'
import { type LinkedTable, tableAt } from '../tables/link-tables.ts'
import { keyColumnsOf } from './respell.ts'
import { spelledKeys } from './spelled-keys.ts'
import { hasSpellings } from './spellings.ts'

/** `row`, refused where the endpoint had its key already when it was read, under the key of another row. */
export async function orTaken(
  io: Io,
  tables: readonly LinkedTable[],
  row: HeldBack,
  { captured, stored }: { readonly captured: Tree; readonly stored: Tree },
): Promise<HeldBack> {
  const columns = keyColumnsOf(tables.find(({ path }) => path === row.path)!.table)
  if (row.reason !== 'changed' || row.keyHex === '' || !columns.some(hasSpellings)) return row
  const [here, there] = [await tableAt(io, captured, row.path), await tableAt(io, stored, row.path)]
  if (here === null || there === null) return row
  const key = fromHex(row.keyHex)
  const known = await (await ProllyMap.load(io.nodes, here.rows)).get(key)
  const spelled = spelledKeys(here.schema, columns, key)
  const found = await (await ProllyMap.load(io.nodes, there.rows)).getMany(spelled)
  const taken = spelled.find((_, i) => found[i] !== null)
  if (known !== null || taken === undefined) return row
  const message = `to the endpoint its key is that of another row: ${keyText(here.schema, taken)}`
  return { ...row, reason: 'rejected', message }
}
