// New keys for rows whose keys collide: integers above the largest that any version has, in the order of the old ones.
import { utf8, utf8Text } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import type { Path } from '../../files/interface.ts'
import type { ProllyMap } from '../../prolly/map.ts'
import type { ReadOptions } from '../../store/interface.ts'
import { cellOf, textCell } from '../../table/cell.ts'
import { intBytesMax, intLiteralAt, intZero } from '../../table/int-key.ts'
import type { Cell, Schema } from '../../table/interface.ts'
import { decodeKey, encodeKey, keyNames } from '../../table/key.ts'
import type { NumberedRecord } from '../conflicts/conflicts.ts'

/** By the old key as text, the new one. */
export type KeyMapping = ReadonlyMap<string, string>

const digitsMax = 38

export async function keyMapping(
  path: Path,
  schema: Schema,
  collisions: readonly NumberedRecord[],
  versions: readonly ProllyMap[],
  options: ReadOptions = {},
): Promise<KeyMapping> {
  const names = keyNames(schema)
  if (names.length !== 1)
    throw notRenumbered(path, `its key has ${names.length} columns (${names.join(', ')})`)
  let next = 0n
  for (const rows of versions) {
    const largest = await largestKey(rows, options)
    if (largest !== null && largest >= next) next = largest + 1n
  }
  const mapping = new Map<string, string>()
  for (const { record } of collisions) {
    const old = utf8Text(decodeKey(schema, record.key)[0]!.bytes)
    if (!isIntegerKey(record.key)) throw notRenumbered(path, `the key '${old}' is not an integer`)
    mapping.set(old, String(next++))
  }
  if (String(next).length > digitsMax) throw notRenumbered(path, 'its keys are too large')
  return mapping
}

function isIntegerKey(key: Uint8Array): boolean {
  const [tag] = key
  return tag !== undefined && tag >= intZero - intBytesMax && tag <= intZero + intBytesMax
}

/** The largest integer key. Integers sort after empty keys and before texts. */
async function largestKey(rows: ProllyMap, options: ReadOptions): Promise<bigint | null> {
  const below = await rows.rank(Uint8Array.of(intZero + intBytesMax + 1), options)
  const entry = await rows.at(below - 1, options)
  if (entry === null || !isIntegerKey(entry.key)) return null
  return BigInt(intLiteralAt(entry.key, 0) ?? '0')
}

export function integerCell(schema: Schema, literal: string): Cell {
  return schema.cells === 'text' ? textCell(literal) : cellOf('number', utf8(literal))
}

export function integerKey(schema: Schema, literal: string): Uint8Array {
  return encodeKey(schema, [integerCell(schema, literal)])
}

function notRenumbered(path: Path, why: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `rows of '${path}' cannot be renumbered: ${why}`, {
    data: { path },
    hint: "take one side of each row ('varve resolve PATH --key KEY --ours'), or give rows keys of your own in the file and 'varve add' it",
  })
}
