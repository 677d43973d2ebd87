// Brings an input's rows in the workspace to what the dataset has, by the difference to what was there. Rows lie in the
// order of their keys, whatever the order in which they came: a sum of floats is then the same, however it was reached.
import type { SqliteFile } from '../base/platform-sqlite.ts'
import { randomHex } from '../base/platform.ts'
import { throwIfAborted } from '../base/errors.ts'
import { type Cid, cidOfDigest, digestHex } from '../encoding/cid.ts'
import { fromHex } from '../base/bytes.ts'
import type { Path } from '../files/interface.ts'
import { quoted } from '../formats/sqlite/names.ts'
import { inTransaction } from '../formats/sqlite/transaction.ts'
import { affinityOf, markOf, sqliteValue } from '../formats/sqlite/row-values.ts'
import { diffMaps } from '../prolly/diff.ts'
import type { Difference } from '../prolly/interface.ts'
import { ProllyMap } from '../prolly/map.ts'
import type { Io } from '../repo/interface.ts'
import { entryCells } from '../table/entry-cells.ts'
import type { Column } from '../table/interface.ts'
import type { RowShape } from '../table/rows.ts'
import { Table } from '../table/table.ts'

export interface LoadedInput {
  readonly path: Path
  readonly table: Table
  /** A table of the workspace; its first column is none of the input's. */
  readonly storage: string
  readonly keyColumn: string
  readonly columns: readonly Column[]
  readonly rowsRead: number
}

export async function loadInput(
  database: SqliteFile,
  io: Io,
  input: { readonly path: Path; readonly table: Cid },
  signal: AbortSignal | undefined,
): Promise<LoadedInput> {
  const table = await Table.load(io.nodes, input.table)
  const { columns } = table.schema
  const shape = JSON.stringify(table.schema)
  const tree = digestHex(table.object.rows)
  const known = knownInput(database, input.path)
  const loaded = { path: input.path, table, columns, keyColumn: keyColumnBeside(columns) }
  if (known?.shape === shape && known.tree === tree) return { ...loaded, storage: known.storage, rowsRead: 0 }
  const old = known?.shape === shape ? await mapAt(io, known.tree) : null
  const storage = old === null ? `input ${randomHex(8)}` : known!.storage
  let rowsRead = 0
  await inTransaction(database, async () => {
    if (old === null) {
      if (known !== null) database.exec(`DROP TABLE ${quoted(known.storage)}`)
      createStorage(database, storage, columns)
    }
    const before = old ?? ProllyMap.empty(io.nodes, io.writer)
    const rows = new InputRows(database, storage, columns)
    try {
      for await (const differences of diffMaps(before, table.map)) {
        throwIfAborted(signal)
        await rows.set(io, table.shape, differences, 'after')
        rowsRead += differences.length
      }
    } finally {
      rows.close()
    }
    remember(database, [input.path, storage, shape, tree])
  })
  return { ...loaded, storage, rowsRead }
}

export function createStorage(database: SqliteFile, name: string, columns: readonly Column[]): void {
  const definitions = columns.map((column) => `${quoted(column.name)} ${affinityOf(column.type)}`)
  const key = `${quoted(keyColumnBeside(columns))} BLOB PRIMARY KEY`
  database.exec(`CREATE TABLE ${quoted(name)} (${[key, ...definitions].join(', ')}) WITHOUT ROWID`)
}

/** A name that no column has. */
function keyColumnBeside(columns: readonly Column[]): string {
  let name = '='
  while (columns.some((column) => column.name === name)) name += '='
  return name
}

export class InputRows {
  readonly #columns: readonly Column[]
  readonly #put
  readonly #delete

  constructor(database: SqliteFile, storage: string, columns: readonly Column[]) {
    this.#columns = columns
    const marks = ['?', ...columns.map(({ type }) => markOf(type))].join(', ')
    const key = quoted(keyColumnBeside(columns))
    this.#put = database.prepare(`INSERT OR REPLACE INTO ${quoted(storage)} VALUES (${marks})`)
    this.#delete = database.prepare(`DELETE FROM ${quoted(storage)} WHERE ${key} = ?`)
  }

  /** Brings the rows to what they are on that side: those that are not there go. */
  async set(
    io: Io,
    shape: RowShape,
    differences: readonly Difference[],
    side: 'before' | 'after',
  ): Promise<void> {
    const entries = differences.map((one) => one[side])
    const rows = await entryCells(io.nodes.reader, shape, entries, this.#columns)
    for (const [i, { key }] of differences.entries()) {
      const cells = rows[i]!
      if (cells === null) this.#delete.run([key])
      else this.#put.run([key, ...cells.map((cell, at) => sqliteValue(cell, this.#columns[at]!.type))])
    }
  }

  close(): void {
    this.#put.finalize()
    this.#delete.finalize()
  }
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

/** null where the old rows are no longer here to compare with. */
async function mapAt(io: Io, tree: string): Promise<ProllyMap | null> {
  const cid = cidOfDigest('dag-cbor', fromHex(tree))
  if ((await io.nodes.reader.has([cid]))[0] !== true) return null
  return ProllyMap.load(io.nodes, cid)
}
