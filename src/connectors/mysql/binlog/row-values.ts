// Values of a row event as the text (or bytes) that the server would send for them, so that the log and a reading of the
// table give the same cells. The layouts are those of MySQL's documentation of row images; times are those of its
// version 5.6 and later.
import { utf8 } from '../../../base/bytes.ts'
import { corrupt } from '../../../base/errors.ts'
import type { MysqlColumn } from '../types.ts'
import type { ByteCursor } from './byte-cursor.ts'
import { decimalText } from './decimal-text.ts'
import { inetText, uuidText } from './fixed-text.ts'
import { jsonText } from './json-text.ts'
import { datetimeText, timeText, timestampText } from './time-text.ts'
import { charBytesMax } from './value-layout.ts'

const intBytes: ReadonlyMap<number, number> = new Map([
  [1, 1],
  [2, 2],
  [9, 3],
  [3, 4],
  [8, 8],
])
/** What MySQL's latin1, which is Windows' code page, has from 0x80 to 0x9f. Node 20's own decoder leaves these as they are. */
const windows1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

/** The layout that values of this column must have: another one is another table. */
export function fits({ family, nativeType }: MysqlColumn, type: number): boolean {
  switch (family) {
    case 'int':
    case 'bool':
      return intBytes.has(type)
    case 'text':
      return /^(enum|set)/.test(nativeType) ? type === 254 : type === 15 || type === 252 || type === 253
    case 'json':
      return type === 252 || type === 245
    case 'bytes':
      return type === 15 || type === 252 || type === 253
    default:
      return codes[family]?.includes(type) === true
  }
}

const codes: Readonly<Record<string, readonly number[]>> = {
  bit: [16],
  year: [13],
  decimal: [246],
  float: [4],
  double: [5],
  date: [10],
  datetime: [18],
  timestamp: [17],
  time: [19],
  char: [254],
  binary: [254],
  geometry: [252, 255],
  vector: [242],
  uuid: [254],
  inet: [254],
}

/** `meta` is what the table's event says of the column. The bytes may be a view; of a value that is left out, its length. */
export function readValue(
  cursor: ByteCursor,
  { type, meta }: { readonly type: number; readonly meta: number },
  column: MysqlColumn,
): Uint8Array | number {
  switch (type) {
    case 1:
    case 2:
    case 3:
    case 9: {
      const size = intBytes.get(type)!
      return utf8(String(column.isUnsigned ? cursor.uint(size) : cursor.int(size)))
    }
    case 8:
      return utf8(String(column.isUnsigned ? cursor.uint64() : BigInt.asIntN(64, cursor.uint64())))
    case 4:
      return utf8(String(cursor.take(4).readFloatLE(0)))
    case 5:
      return utf8(numberText(cursor.take(8).readDoubleLE(0)))
    case 10:
      return utf8(dateText(cursor.uint(3)))
    case 13: {
      const year = cursor.uint(1)
      return utf8(String(year === 0 ? 0 : 1900 + year))
    }
    case 15:
    case 253:
      return textOf(column, cursor.take(cursor.uint(meta < 256 ? 1 : 2)))
    case 16:
      return utf8(String(bigEndian(cursor.take((meta >> 8) + ((meta & 0xff) > 0 ? 1 : 0)))))
    case 17:
      return utf8(timestampText(cursor, meta))
    case 18:
      return utf8(datetimeText(cursor, meta))
    case 19:
      return utf8(timeText(cursor, meta))
    case 246:
      return utf8(decimalText(cursor, meta & 0xff, meta >> 8))
    case 245: {
      const value = cursor.value(meta)
      return typeof value === 'number' ? value : utf8(jsonText(value))
    }
    case 242:
    case 252:
    case 255: {
      const value = cursor.value(meta)
      return typeof value === 'number' ? value : textOf(column, value)
    }
    case 254:
      return fixedOf(cursor, meta, column)
    default:
      throw corrupt(`the binary log has a value of an unknown type ${type}`)
  }
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

/** CHAR, BINARY, ENUM, SET, UUID and INET share a type; what they are, and how long, lies in what belongs to it. */
function fixedOf(cursor: ByteCursor, meta: number, column: MysqlColumn): Uint8Array {
  const [high, low] = [meta & 0xff, meta >> 8]
  if (high === 247) return memberOf(column, cursor.uint(low))
  if (high === 248) return membersOf(column, cursor.take(low))
  const value = cursor.take(cursor.uint(charBytesMax(high, low) < 256 ? 1 : 2))
  switch (column.family) {
    case 'binary':
      return padded(value, column.lengthMax!)
    case 'uuid':
      return utf8(uuidText(padded(value, low)))
    case 'inet':
      return utf8(inetText(padded(value, low)))
    default:
      return textOf(column, value)
  }
}

/** Zeros at the end are left out of the log. */
function padded(value: Buffer, length: number): Buffer {
  if (value.length > length) throw corrupt('the binary log has a value that is longer than its column')
  return Buffer.concat([value], length)
}

function textOf({ charset }: MysqlColumn, bytes: Buffer): Uint8Array {
  if (charset !== 'latin1') return bytes
  const text = bytes.toString('latin1')
  return utf8(text.replaceAll(/[\u0080-\u009f]/g, (letter) => windows1252[letter.charCodeAt(0) - 0x80]!))
}

function memberOf(column: MysqlColumn, number: number): Uint8Array {
  return utf8(number === 0 ? '' : (column.members[number - 1] ?? ''))
}

function membersOf(column: MysqlColumn, bits: Buffer): Uint8Array {
  return utf8(column.members.filter((_, i) => ((bits[i >> 3] ?? 0) >> (i & 7)) & 1).join(','))
}

function dateText(packed: number): string {
  const part = (value: number, digits: number): string => String(value).padStart(digits, '0')
  return `${part(packed >> 9, 4)}-${part((packed >> 5) & 15, 2)}-${part(packed & 31, 2)}`
}

function bigEndian(bytes: Buffer): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)
}
