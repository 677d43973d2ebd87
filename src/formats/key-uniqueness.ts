// Whether columns tell the rows of a file apart: its slices are taken apart by threads, and only the keys are looked at.
import { isVarveError } from '../base/errors.ts'
import type { WorkerPool } from '../base/pool.ts'
import { formatNamed } from './formats.ts'
import { absentCell, isEmptyCell } from '../table/cell.ts'
import { columnPlaces } from '../table/column-places.ts'
import type { Schema } from '../table/interface.ts'
import { encodeKey, keyNames } from '../table/key.ts'
import type { FileRecord, FileTail, FormatName, SliceRows } from './interface.ts'
import { KeyCheck } from './key-check.ts'
import type { PackedRows } from './packed.ts'
import { NotATable } from './not-a-table.ts'
import { SliceReader } from './reading.ts'
import { Slicer } from './slicer.ts'

export interface KeyOptions {
  readonly format: FormatName
  readonly key: readonly string[]
  /** Path of the file, for messages. */
  readonly where: string
  readonly pool: WorkerPool
  readonly signal?: AbortSignal | undefined
}

/** 'empty': a row has not got them; 'unknown': the keys are too many to be compared, for they are not in order. */
export type KeyUniqueness = 'unique' | 'repeated' | 'empty' | 'unknown'

const noTail: FileTail = { finalEol: true, trailer: '' }

/** What a row breaks by not having the key: no fault of the file as long as nobody has said that it is the key. */
const keyFaults: readonly unknown[] = ['empty-key', 'missing-key', 'key-not-scalar', 'key-too-long']

/** @throws VarveError VARVE_RULE_VIOLATED with {path, line, column?, reason}; NotATable */
export async function keyUniqueness(
  source: AsyncIterable<Uint8Array>,
  options: KeyOptions,
): Promise<KeyUniqueness> {
  const slicer = new Slicer(source, options.signal)
  const check = new KeyCheck()
  try {
    const file = await formatNamed(options.format).open(slicer, { ...options, only: 'keys' })
    const reader = new SliceReader(slicer, file, options)
    for await (const { result, large } of reader.slices(() => null, 'are given')) {
      const found = check.add(result as SliceRows)
      if (found !== 'different') return found
      if (large === null) continue
      const foundOfLarge = check.addKey(largeKey(large, file.finish(noTail).schema))
      if (foundOfLarge !== 'different') return foundOfLarge
    }
    return check.hasRepeats() ? 'repeated' : 'unique'
  } catch (error) {
    const reason =
      error instanceof NotATable ? error.fault : isVarveError(error) ? error.data['reason'] : null
    if (keyFaults.includes(reason)) return 'empty'
    throw error
  } finally {
    await slicer.close()
  }
}

/** Of a file's keys that are all there. */
export function uniquenessOf(keys: PackedRows): KeyUniqueness {
  const check = new KeyCheck()
  const found = check.add(keys)
  if (found !== 'different') return found
  return check.hasRepeats() ? 'repeated' : 'unique'
}

/** @throws VarveError with a reason of `keyFaults` */
function largeKey({ columns, cells }: FileRecord, schema: Schema): Uint8Array {
  const key = columnPlaces(columns, keyNames(schema)).map((place) => cells[place] ?? absentCell)
  if (key.some(isEmptyCell)) throw new NotATable('key cell is empty', null, 'empty-key')
  if (key.some(({ kind }) => kind === 'json')) throw new NotATable('key is nested', null, 'key-not-scalar')
  return encodeKey(schema, key)
}
