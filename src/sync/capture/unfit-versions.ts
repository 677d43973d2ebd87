// Puts the last known versions of rows that are too large to be kept into the tables that were read without them. A
// version that is too large is not a deletion. Where the link's transform has changed since, it holds for them too: what a
// mask hides from now on must not stay in the branch because the row cannot be read.
import { compareBytes, fromHex } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import type { MadeColumns, TableWays } from '../../connectors/made-columns.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import type { Cell, Schema, TableObject } from '../../table/interface.ts'
import { keyColumns, keyText } from '../../table/key.ts'
import { rowCopyEdits } from '../tables/row-copy.ts'
import { plainColumns } from '../transform/ways.ts'
import { keysBefore, takenKeys } from './kept-versions.ts'
import type { UnfitOfTable } from './unfit-tables.ts'

export interface LastVersions {
  /** The table as it was last read. */
  readonly previous: TableObject | undefined
  /** In which way it was made then. */
  readonly ways: TableWays
  /** And is now; undefined: without a transform. */
  readonly made: MadeColumns | undefined
}

export async function withVersions(
  io: Io,
  object: TableObject,
  { previous, ways, made = plainColumns }: LastVersions,
  unfit: UnfitOfTable,
): Promise<TableObject> {
  const keys = keysOf(unfit)
  if (keys.length === 0 || previous === undefined) return object
  const remaking = new Map<string, (cell: Cell) => Cell>()
  for (const { name } of object.schema.columns) {
    const remake = made.remaking(name, ways)
    if (remake !== null) remaking.set(name, remake)
  }
  const isRekeyed =
    !isKeyedAlike(previous.schema, object.schema) ||
    keyColumns(object.schema).some(({ name }) => remaking.has(name))
  const known = isRekeyed ? await keysBefore(io, previous, object.schema, keys, remaking) : keys
  const asked = made.asking(previous.schema.columns, ways)
  const taken = asked === null ? known : await takenKeys(io, previous, known, asked)
  const copy = { from: previous, into: object, keys: taken.sort(compareBytes), remaking }
  const edits = await rowCopyEdits(io, { ...copy, others: 'are empty', isRekeyed })
  const map = await ProllyMap.load(io.nodes, object.rows)
  return { ...object, rows: (await map.mutate(io.writer, edits)).cid }
}

/**
 * Refuses a key that is there twice, which can happen in a file. `object` is the table without these rows.
 * @throws VarveError VARVE_RULE_VIOLATED
 */
export async function refuseTwice(
  io: Io,
  { rows, schema }: TableObject,
  unfit: UnfitOfTable,
  where: string,
): Promise<void> {
  const found = await (await ProllyMap.load(io.nodes, rows)).getMany(keysOf(unfit))
  const twice = found.find((entry) => entry !== null) ?? null
  if (twice === null) return
  const words = `two rows have the key '${keyText(schema, twice.key)}'`
  throw new VarveError('VARVE_RULE_VIOLATED', `'${where}': ${words}`, {
    data: { path: where, reason: 'duplicate-key' },
    hint: 'give one of them another key at the endpoint, or remove it',
  })
}

/** How many of these rows have no version in a table. */
export async function countWithout(map: ProllyMap, unfit: UnfitOfTable): Promise<number> {
  const found = await map.getMany(keysOf(unfit))
  return unfit.size - found.filter((entry) => entry !== null).length
}

/** The keys in ascending order; those that are too long are left out. */
function keysOf(unfit: UnfitOfTable): Uint8Array[] {
  const keys = [...unfit.values()].flatMap(({ keyHex }) => (keyHex === null ? [] : [fromHex(keyHex)]))
  return keys.sort(compareBytes)
}

function isKeyedAlike(before: Schema, now: Schema): boolean {
  const keyOf = (schema: Schema): string =>
    JSON.stringify(keyColumns(schema).map(({ name, type }) => [name, type]))
  return keyOf(before) === keyOf(now)
}
