// The rows of an input that have changed since a table was derived from it, as they were and as they are: two tables of the
// workspace beside the one that holds the input.
import { throwIfAborted } from '../base/errors.ts'
import type { SqliteFile } from '../base/platform-sqlite.ts'
import { inTransaction } from '../formats/sqlite/transaction.ts'
import { diffMaps } from '../prolly/diff.ts'
import type { Io } from '../repo/interface.ts'
import type { Table } from '../table/table.ts'
import { InputRows, createStorage } from './input-rows.ts'
import type { LoadedInput } from './inputs.ts'
import { RunWhole } from './sql/scope.ts'

export interface Changes {
  readonly storage: string
  readonly keyColumn: string
  /**
   * Tables of the same form as the storage. A row that was added is not in the first, one that was removed not in
   * the second.
   */
  readonly before: string
  readonly after: string
  readonly rowCount: number
}

export interface ChangedInput {
  readonly input: LoadedInput
  /** As it was, with the same columns. */
  readonly old: Table
}

/** @throws RunWhole when there are more than `rowsMax` */
export async function writeChanges(
  database: SqliteFile,
  io: Io,
  changed: readonly ChangedInput[],
  bounds: { rowsMax: number; signal: AbortSignal | undefined },
): Promise<Changes[]> {
  const all: Changes[] = []
  let room = bounds.rowsMax
  await inTransaction(database, async () => {
    for (const [i, one] of changed.entries()) {
      const changes = await writeOne(database, io, one, { ...bounds, rowsMax: room, place: i })
      room -= changes.rowCount
      all.push(changes)
    }
  })
  return all
}

async function writeOne(
  database: SqliteFile,
  io: Io,
  { input: { storage, keyColumn, columns, table }, old }: ChangedInput,
  { rowsMax, signal, place }: { rowsMax: number; signal: AbortSignal | undefined; place: number },
): Promise<Changes> {
  const changes = { storage, keyColumn, before: `varve before ${place}`, after: `varve after ${place}` }
  const sides = [
    { name: changes.before, side: 'before', shape: old.shape },
    { name: changes.after, side: 'after', shape: table.shape },
  ] as const
  for (const { name } of sides) createStorage(database, name, columns)
  const writers = sides.map(({ name }) => new InputRows(database, name, columns))
  let rowCount = 0
  try {
    for await (const differences of diffMaps(old.map, table.map)) {
      throwIfAborted(signal)
      rowCount += differences.length
      if (rowCount > rowsMax) throw new RunWhole('too much of it has changed')
      for (const [i, { side, shape }] of sides.entries()) await writers[i]!.set(io, shape, differences, side)
    }
  } finally {
    for (const writer of writers) writer.close()
  }
  return { ...changes, rowCount }
}
