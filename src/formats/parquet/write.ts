// A table as a Parquet file: row groups of bounded size, each given out when it is full. The key's columns are named
// in the file's own key-value pairs, so that whoever reads it back knows its key.
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { SchemaElement } from 'hyparquet'
import { utf8 } from '../../base/bytes.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import { keyNames } from '../../table/key.ts'
import { cellText } from '../../table/cell.ts'
import type { Cell, TableObject } from '../../table/interface.ts'
import { type OutColumn, type OutType, boolOf } from '../columnar/column-fit.ts'
import { type WriteCellsOptions, jsonOfCell, planColumns, textOfCell } from '../columnar/plan-columns.ts'
import { parseDate, parseTimestamp } from '../columnar/times.ts'
import { tableCells } from '../table-cells.ts'
import { keyPair } from './read.ts'

const groupRowsMax = 100_000
const groupBytesMax = 32 << 20

export async function* writeParquet(
  nodes: NodeStore,
  table: TableObject,
  options: WriteCellsOptions,
): AsyncGenerator<Uint8Array> {
  const columns = await planColumns(nodes, table, { hasDecimals: true }, options)
  const writer = new ByteWriter()
  const parquet = new ParquetWriter({
    writer,
    schema: [{ name: 'schema', num_children: columns.length }, ...columns.map(elementOf)],
    createdBy: 'varve',
    kvMetadata: [{ key: keyPair, value: JSON.stringify(keyNames(table.schema)) }],
  })
  let group: unknown[][] = columns.map(() => [])
  let bytes = 0
  const endGroup = (): Uint8Array => {
    const columnData = columns.map(({ name }, i) => ({ name, data: group[i]!, offsetIndex: false }))
    if (group[0]!.length > 0) void parquet.write({ columnData, rowGroupSize: group[0]!.length })
    group = columns.map(() => [])
    bytes = 0
    return taken(writer)
  }
  for await (const rows of tableCells(nodes, table, options)) {
    for (const cells of rows) {
      for (let i = 0; i < columns.length; i++) {
        group[i]!.push(valueOf(cells[i]!, columns[i]!.type))
        bytes += 8 + cells[i]!.bytes.length
      }
      if (group[0]!.length >= groupRowsMax || bytes >= groupBytesMax) yield endGroup()
    }
  }
  yield endGroup()
  void parquet.finish()
  yield taken(writer)
}

/** What was written since; the writer's memory is used again, its count of bytes goes on. */
function taken(writer: ByteWriter): Uint8Array {
  const bytes = writer.getBytes().slice()
  writer.index = 0
  return bytes
}

function elementOf({ name, type, hasNull }: OutColumn): SchemaElement {
  return { name, repetition_type: hasNull ? 'OPTIONAL' : 'REQUIRED', ...physical(type) }
}

function physical(type: OutType): Omit<SchemaElement, 'name'> {
  switch (type.kind) {
    case 'int':
      return { type: 'INT64' }
    case 'float':
      return { type: 'DOUBLE' }
    case 'bool':
      return { type: 'BOOLEAN' }
    case 'date':
      return { type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } }
    case 'bytes':
      return { type: 'BYTE_ARRAY' }
    case 'json':
      // Without the older annotation, which the library takes as a wish to write the JSON itself.
      return { type: 'BYTE_ARRAY', logical_type: { type: 'JSON' } }
    case 'text':
      return { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } }
    case 'timestamp':
      return {
        type: 'INT64',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: type.isUtc, unit: type.unit },
      }
    case 'decimal': {
      const { precision, scale } = type
      const width = precision <= 9 ? 'INT32' : precision <= 18 ? 'INT64' : 'FIXED_LEN_BYTE_ARRAY'
      return {
        type: width,
        ...(width === 'FIXED_LEN_BYTE_ARRAY' ? { type_length: 16 } : {}),
        converted_type: 'DECIMAL',
        logical_type: { type: 'DECIMAL', precision, scale },
        precision,
        scale,
      }
    }
  }
}

function valueOf(cell: Cell, type: OutType): unknown {
  if (cell.kind === 'absent' || cell.kind === 'null') return undefined
  switch (type.kind) {
    case 'int':
      return BigInt(cellText(cell))
    case 'float':
      return Number(cellText(cell))
    case 'decimal':
      return unscaledOf(cellText(cell), type.scale)
    case 'bool':
      return boolOf(cell)
    case 'date':
      return Number(parseDate(cellText(cell)))
    case 'timestamp': {
      const { nanos } = parseTimestamp(cellText(cell))!
      return type.unit === 'NANOS' ? nanos : nanos / 1000n
    }
    case 'bytes':
      return cell.bytes.slice()
    case 'json':
      return utf8(jsonOfCell(cell))
    case 'text':
      return textOfCell(cell)
  }
}

function unscaledOf(text: string, scale: number): bigint {
  const [whole = '', fraction = ''] = text.split('.')
  return BigInt(whole + fraction.padEnd(scale, '0'))
}
