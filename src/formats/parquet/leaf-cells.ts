// What the values of a Parquet column are as cells: by its physical type and what is annotated. The library's own
// conversions go through floating point and Date and lose digits, so the physical values are taken and read here.
import type { SchemaElement, TimeUnit } from 'hyparquet'
import { parseFloat16 } from 'hyparquet/src/convert.js'
import { toHex, utf8, utf8Text } from '../../base/bytes.ts'
import { cellOf, falseCell, nullCell, textCell, trueCell } from '../../table/cell.ts'
import type { Cell, ColumnType } from '../../table/interface.ts'
import { unsupported } from '../columnar/faults.ts'
import { dateText, timeText, timestampText } from '../columnar/times.ts'
import { bigIntOfBytes, decimalCell, floatCell, intCell } from '../columnar/value-cells.ts'
import type { ParquetNode } from './schema.ts'

export interface LeafCells {
  readonly type: ColumnType
  /** @throws Error with words, where a value has no meaning */
  readonly cell: (value: unknown) => Cell
}

export function leafCells(node: ParquetNode, where: string): LeafCells {
  const { element } = node
  const annotated = annotatedCells(element, node, where)
  if (annotated !== null) return annotated
  switch (element.type!) {
    case 'BOOLEAN':
      return { type: 'bool', cell: (value) => (value === true ? trueCell : falseCell) }
    case 'INT32':
    case 'INT64':
      return { type: 'int', cell: (value) => intCell(value as number | bigint) }
    case 'INT96':
      return {
        type: 'timestamp',
        cell: (value) => textCell(timestampText(int96Nanos(value as bigint), 'NANOS', false)),
      }
    case 'FLOAT':
    case 'DOUBLE':
      return { type: 'float', cell: (value) => floatCell(value as number) }
    default:
      return { type: 'bytes', cell: (value) => cellOf('bytes', value as Uint8Array) }
  }
}

function annotatedCells(element: SchemaElement, node: ParquetNode, where: string): LeafCells | null {
  const { logical_type: logical, converted_type: converted, type } = element
  const isBytes = type === 'BYTE_ARRAY'
  const isInt = type === 'INT32' || type === 'INT64'
  switch (logical?.type ?? converted) {
    case 'STRING':
    case 'UTF8':
    case 'ENUM':
      return isBytes ? { type: 'text', cell: textOf } : null
    case 'JSON':
      return isBytes ? { type: 'json', cell: jsonCell } : null
    case 'UUID':
      return type === 'FIXED_LEN_BYTE_ARRAY'
        ? { type: 'text', cell: (value) => textCell(uuidText(value as Uint8Array)) }
        : null
    case 'DECIMAL':
      return decimalCells(element)
    case 'DATE':
      return isInt ? { type: 'date', cell: (value) => textCell(dateText(BigInt(value as number))) } : null
    case 'INTEGER':
    case 'UINT_8':
    case 'UINT_16':
    case 'UINT_32':
    case 'UINT_64':
      return isInt && isUnsigned(element)
        ? { type: 'int', cell: (value) => intCell(unsignedOf(value, type)) }
        : null
    case 'FLOAT16':
      return { type: 'float', cell: (value) => floatCell(parseFloat16(value as Uint8Array)!) }
    case 'INTERVAL':
      return { type: 'text', cell: (value) => textCell(intervalText(value as Uint8Array)) }
    case 'NULL':
      return { type: 'text', cell: () => nullCell }
    case 'VARIANT':
      throw unsupported(where, `column '${node.path.join('.')}' is a VARIANT, which is not read`)
    default:
      return isInt ? timeCells(element) : null
  }
}

function timeCells({ logical_type: logical, converted_type: converted }: SchemaElement): LeafCells | null {
  if (logical?.type === 'TIMESTAMP' || logical?.type === 'TIME') {
    const { unit, isAdjustedToUTC, type } = logical
    return type === 'TIME' ? timeOf(unit) : timestampOf(unit, isAdjustedToUTC)
  }
  if (converted === 'TIMESTAMP_MILLIS') return timestampOf('MILLIS', true)
  if (converted === 'TIMESTAMP_MICROS') return timestampOf('MICROS', true)
  if (converted === 'TIME_MILLIS') return timeOf('MILLIS')
  return converted === 'TIME_MICROS' ? timeOf('MICROS') : null
}

function timestampOf(unit: TimeUnit, isUtc: boolean): LeafCells {
  return {
    type: 'timestamp',
    cell: (value) => textCell(timestampText(BigInt(value as number | bigint), unit, isUtc)),
  }
}

function timeOf(unit: TimeUnit): LeafCells {
  return {
    type: 'text',
    cell: (value) => {
      const time = BigInt(value as number | bigint)
      if (time < 0n) throw new Error('a time of day is negative')
      return textCell(timeText(time, unit))
    },
  }
}

function decimalCells({ type, scale: oldScale, logical_type: logical }: SchemaElement): LeafCells | null {
  const scale = logical?.type === 'DECIMAL' ? logical.scale : (oldScale ?? 0)
  if (!(scale >= 0 && scale <= 1000)) throw new Error('a decimal of an impossible scale')
  const isNumber = type === 'INT32' || type === 'INT64'
  const unscaled = (value: unknown): bigint =>
    isNumber ? BigInt(value as number | bigint) : bigIntOfBytes(value as Uint8Array)
  return { type: scale === 0 ? 'int' : 'decimal', cell: (value) => decimalCell(unscaled(value), scale) }
}

function isUnsigned({ logical_type: logical, converted_type: converted }: SchemaElement): boolean {
  return logical?.type === 'INTEGER' ? !logical.isSigned : converted?.startsWith('UINT') === true
}

function unsignedOf(value: unknown, type: SchemaElement['type']): bigint | number {
  return type === 'INT32' ? (value as number) >>> 0 : BigInt.asUintN(64, value as bigint)
}

function textOf(value: unknown): Cell {
  try {
    utf8Text(value as Uint8Array)
  } catch {
    throw new Error('text is not UTF-8')
  }
  return cellOf('text', value as Uint8Array)
}

/** Scalars become cells of their own kind; what is nested, and JSON's own null, stays JSON. */
function jsonCell(value: unknown): Cell {
  let parsed: unknown
  let text: string
  try {
    text = utf8Text(value as Uint8Array)
    parsed = JSON.parse(text)
  } catch {
    throw new Error('text is not JSON')
  }
  if (typeof parsed === 'string') return textCell(parsed)
  if (typeof parsed === 'boolean') return parsed ? trueCell : falseCell
  return cellOf(typeof parsed === 'number' ? 'number' : 'json', utf8(text.trim()))
}

function int96Nanos(value: bigint): bigint {
  const days = (value >> 64n) - 2_440_588n
  return days * 86_400_000_000_000n + BigInt.asUintN(64, value)
}

function uuidText(bytes: Uint8Array): string {
  if (bytes.length !== 16) throw new Error('a UUID has not 16 bytes')
  const hex = toHex(bytes)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** Months, days and milliseconds as a duration of ISO 8601. */
function intervalText(bytes: Uint8Array): string {
  if (bytes.length !== 12) throw new Error('an interval has not 12 bytes')
  const view = new DataView(bytes.buffer, bytes.byteOffset, 12)
  const [months, days, millis] = [0, 4, 8].map((at) => view.getUint32(at, true)) as [number, number, number]
  return `P${months}M${days}DT${decimalSeconds(millis)}S`
}

function decimalSeconds(millis: number): string {
  return millis % 1000 === 0 ? String(millis / 1000) : (millis / 1000).toFixed(3)
}
