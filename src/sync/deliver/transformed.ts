// A table as a receiver is to see it, computed from the dataset's. If the table before was computed by the same
// transform, only rows that changed since are computed anew: a row that the filter no longer accepts is deleted, one
// that it now accepts is inserted.
import { compareBytes } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import type { EndpointTable } from '../../connectors/interface.ts'
import type { TableTransform } from '../../dataset/interface.ts'
import type { Path } from '../../files/interface.ts'
import { CellPacker } from '../../formats/columnar/pack-cells.ts'
import { readCells } from '../../formats/columnar/read-cells.ts'
import { packedEdits } from '../../formats/packed-edits.ts'
import type { Edit } from '../../prolly/interface.ts'
import { ProllyMap } from '../../prolly/map.ts'
import type { Io } from '../../repo/interface.ts'
import { columnPlaces } from '../../table/column-places.ts'
import { cellValue, valueToTyped } from '../../table/cell.ts'
import type { Cell, Column, Schema, TableObject } from '../../table/interface.ts'
import { decodeKey, encodeKey, keyColumns, keyNames } from '../../table/key.ts'
import { rowShape } from '../../table/rows.ts'
import { rowChanges } from '../tables/row-changes.ts'
import { TransformedTable } from '../transform/table-transform.ts'

const editsMax = 20_000

export interface PreviousTransform {
  readonly source: TableObject
  readonly target: TableObject
}

export interface TransformInput {
  readonly path: Path
  readonly source: TableObject
  readonly transform: TableTransform
  readonly secret: string | undefined
  /** What was made before in the same way; null when all rows have to be made. Its columns keep their ids. */
  readonly before: PreviousTransform | null
  /** The schema of the table that was sent last, in whatever way it was made. */
  readonly schema: Schema | undefined
}

/** @throws VarveError VARVE_RULE_VIOLATED, VARVE_REFUSED (a mask needs a secret) */
export async function transformedTable(io: Io, input: TransformInput): Promise<TableObject> {
  const { path, source, transform, secret, before } = input
  checkKey(path, source.schema, transform)
  const made = await TransformedTable.create(asEndpoint(path, source.schema), transform, secret)
  try {
    const isAlike = before !== null && JSON.stringify(before.source.schema) === JSON.stringify(source.schema)
    return isAlike ? await changed(io, input, made, before) : await whole(io, input, made)
  } finally {
    made.close()
  }
}

async function whole(
  io: Io,
  { path, source, schema }: TransformInput,
  made: TransformedTable,
): Promise<TableObject> {
  const { columns, key } = made.table
  const cells = async function* (): AsyncGenerator<readonly (readonly Cell[])[]> {
    const none = { ...source, rows: ProllyMap.empty(io.nodes, io.writer).cid }
    for await (const changes of rowChanges(io.nodes, { before: none, after: source }, source.schema, 'all'))
      yield made.rows(changes.map(({ after }) => typed(source.schema, after!))).filter((row) => row !== null)
  }
  const table = await readCells(
    { columns, key, rowCount: 0, cells },
    { ...io, key, where: path, previous: schema },
  )
  return { ...table, order: null }
}

async function changed(
  io: Io,
  { path, source }: TransformInput,
  made: TransformedTable,
  { source: old, target }: PreviousTransform,
): Promise<TableObject> {
  const packer = new CellPacker(rowShape(target.schema), path)
  const places = columnPlaces(
    made.table.columns,
    target.schema.columns.map(({ name }) => name),
  )
  let map = await ProllyMap.load(io.nodes, target.rows)
  let edits: Edit[] = []
  const apply = async (): Promise<void> => {
    map = await map.mutate(
      io.writer,
      edits.sort((a, b) => compareBytes(a.key, b.key)),
    )
    edits = []
  }
  for await (const changes of rowChanges(io.nodes, { before: old, after: source }, source.schema, 'all')) {
    const there = changes.filter(({ after }) => after !== null)
    const rows = made.rows(there.map(({ after }) => typed(source.schema, after!)))
    const taken = rows.filter((row) => row !== null).map((row) => places.map((place) => row[place]!))
    const gone = [
      ...changes.filter(({ after }) => after === null),
      ...there.filter((_, i) => rows[i] === null),
    ]
    edits.push(
      ...(await packedEdits(packer.pack(taken), io.writer)),
      ...gone.map(({ key }): Edit => ({ key: keyOf(key, source.schema, target.schema, made), value: null })),
    )
    if (edits.length >= editsMax) await apply()
  }
  await apply()
  return { ...target, rows: map.cid }
}

function keyOf(key: Uint8Array, source: Schema, target: Schema, made: TransformedTable): Uint8Array {
  const columns = keyColumns(source)
  const cells = decodeKey(source, key).map((cell, i) => typedCell(source, cell, columns[i]!))
  return encodeKey(target, made.key(cells))
}

function asEndpoint(path: Path, schema: Schema): EndpointTable {
  return {
    name: path,
    columns: schema.columns.map(({ name, type }) => ({
      name,
      type,
      nativeType: type,
      nullable: true,
      generated: false,
    })),
    key: keyNames(schema),
    references: [],
  }
}

/** Refuses transforms of the key under which two rows could get the same key. */
function checkKey(path: Path, { columns, key }: Schema, transform: TableTransform): void {
  const names = new Set(columns.filter(({ id }) => key.includes(id)).map(({ name }) => name))
  const wrong = transform.columns.find(
    ({ column, mask, cast }) =>
      names.has(column) && (cast !== null || (mask !== null && mask.kind !== 'hash')),
  )
  if (wrong === undefined) return
  throw new VarveError(
    'VARVE_RULE_VIOLATED',
    `${path}: '${wrong.column}' belongs to the key, and might no longer be unique`,
    {
      data: { path, column: wrong.column },
      hint: "a column of the key may be renamed, or masked with 'hash'",
    },
  )
}

function typed({ cells, columns }: Schema, row: readonly Cell[]): readonly Cell[] {
  return cells === 'typed' ? row : row.map((cell, i) => typedCell({ cells }, cell, columns[i]!))
}

/** A cell of a file as the value that a message has for it. */
function typedCell({ cells }: Pick<Schema, 'cells'>, cell: Cell, { type }: Pick<Column, 'type'>): Cell {
  return cells === 'typed' ? cell : valueToTyped(cellValue(cell, type), type)
}
