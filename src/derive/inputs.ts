// Brings an input's rows in the workspace to what the dataset has: all of them, or the difference to what was there.
import type { SqliteFile } from '../base/platform-sqlite.ts'
import { randomHex } from '../base/platform.ts'
import { throwIfAborted } from '../base/errors.ts'
import { type Cid, cidOfDigest, digestHex } from '../encoding/cid.ts'
import { fromHex } from '../base/bytes.ts'
import type { Path } from '../files/interface.ts'
import { quoted } from '../formats/sqlite/names.ts'
import { inTransaction } from '../formats/sqlite/transaction.ts'
import { diffMaps } from '../prolly/diff.ts'
import { ProllyMap } from '../prolly/map.ts'
import type { FolderProgress, Io } from '../repo/interface.ts'
import type { Column } from '../table/interface.ts'
import { Table } from '../table/table.ts'
import { InputRows, checkColumns, createStorage, keyColumnBeside } from './input-rows.ts'
import { type LoadOptions, loadRows } from './load-rows.ts'
import type { Workspace } from './workspace.ts'

export interface LoadedInput {
  readonly path: Path
  readonly table: Table
  /** A table of the workspace. Its first column is not one of the input's. */
  readonly storage: string
  readonly keyColumn: string
  readonly columns: readonly Column[]
  readonly rowsRead: number
}

export interface InputOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: FolderProgress) => void) | undefined
}

export async function loadInput(
  workspace: Workspace,
  io: Io,
  input: { readonly path: Path; readonly table: Cid },
  { signal, onProgress }: InputOptions,
): Promise<LoadedInput> {
  const { database } = workspace
  const table = await Table.load(io.nodes, input.table)
  const { columns } = table.schema
  checkColumns(input.path, columns)
  const shape = JSON.stringify(table.schema)
  const tree = digestHex(table.object.rows)
  const known = knownInput(database, input.path)
  const loaded = { path: input.path, table, columns, keyColumn: keyColumnBeside(columns) }
  if (known?.shape === shape && known.tree === tree) return { ...loaded, storage: known.storage, rowsRead: 0 }
  const old = known?.shape === shape ? await mapAt(io, known.tree) : null
  const reading = (total: number): LoadOptions => ({
    signal,
    onRows: (done) => onProgress?.({ phase: `reading ${input.path}`, done, total, unit: 'rows' }),
  })
  if (old !== null) {
    const { storage } = known!
    const rowsRead = await inTransaction(database, async () => {
      const count = await applyDifference(database, io, { storage, old, table }, reading(0))
      remember(database, [input.path, storage, shape, tree])
      return count
    })
    return { ...loaded, storage, rowsRead }
  }
  const storage = `input ${randomHex(8)}`
  createStorage(database, storage, columns)
  await loadRows(workspace, io, { table, storage }, reading(table.count))
  remember(database, [input.path, storage, shape, tree])
  // Last: what is remembered is always there.
  if (known !== null) database.exec(`DROP TABLE ${quoted(known.storage)}`)
  return { ...loaded, storage, rowsRead: table.count }
}

/** Writes the rows that differ into the cache; returns how many there were. */
async function applyDifference(
  database: SqliteFile,
  io: Io,
  { storage, old, table }: { storage: string; old: ProllyMap; table: Table },
  { signal, onRows }: LoadOptions,
): Promise<number> {
  let count = 0
  const rows = new InputRows(database, storage, table.schema.columns)
  try {
    for await (const differences of diffMaps(old, table.map)) {
      throwIfAborted(signal)
      await rows.set(io, table.shape, differences, 'after')
      count += differences.length
      onRows?.(count)
    }
  } finally {
    rows.close()
  }
  return count
}

function knownInput(
  database: SqliteFile,
  path: Path,
): { storage: string; shape: string; tree: string } | null {
  const row = database.all('SELECT * FROM "varve inputs"').find((one) => one['path'] === path)
  if (row === undefined) return null
  return { storage: String(row['storage']), shape: String(row['shape']), tree: String(row['tree']) }
}

function remember(database: SqliteFile, values: readonly string[]): void {
  const statement = database.prepare('INSERT OR REPLACE INTO "varve inputs" VALUES (?, ?, ?, ?)')
  try {
    statement.run(values)
  } finally {
    statement.finalize()
  }
}

/** The rows as they were cached; null when they are no longer here to compare with. */
async function mapAt(io: Io, tree: string): Promise<ProllyMap | null> {
  const cid = cidOfDigest('dag-cbor', fromHex(tree))
  if ((await io.nodes.reader.has([cid]))[0] !== true) return null
  return ProllyMap.load(io.nodes, cid)
}
