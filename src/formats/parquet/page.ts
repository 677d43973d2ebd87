// One page of a column: its levels and its values. Every length is checked before it is used, so that broken bytes
// are an error and never a crash or another value; where the page has a checksum, that is checked first.
import type { ColumnMetaData, DecodedArray } from 'hyparquet'
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js'
import { byteStreamSplit } from 'hyparquet/src/encoding.js'
import { readPlain } from 'hyparquet/src/plain.js'
import type { PageHeader } from 'hyparquet/src/types.js'
import { readHybrid } from './hybrid.ts'
import type { ParquetNode } from './schema.ts'

export interface Page {
  /** Null where the column has only one level. */
  readonly reps: Uint32Array | null
  readonly defs: Uint32Array | null
  readonly count: number
  /** The values of the entries that are defined in full. */
  readonly values: ArrayLike<unknown>
}

interface Body {
  readonly bytes: Uint8Array
  readonly at: number
  readonly reps: Uint32Array | null
  readonly defs: Uint32Array | null
}

export type Unpack = (bytes: Uint8Array, length: number) => Uint8Array

export function dictionaryOf(leaf: ParquetNode, header: PageHeader, bytes: Uint8Array): DecodedArray {
  const count = header.dictionary_page_header?.num_values
  if (count === undefined || count < 0 || count > bytes.length * 8)
    throw new RangeError('a dictionary of wrong size')
  return plainValues(leaf, bytes, 0, count)
}

/** A data page of the first kind: all of it is compressed as one. */
export function pageOfV1(leaf: ParquetNode, header: PageHeader, bytes: Uint8Array, known: PageContext): Page {
  const { num_values: count, encoding, ...levels } = header.data_page_header!
  let at = 0
  const take = (max: number, levelEncoding: string): Uint32Array | null => {
    if (max === 0) return null
    if (levelEncoding !== 'RLE') throw new RangeError(`levels in the encoding ${levelEncoding}`)
    const length = uint32At(bytes, at)
    const start = at + 4
    if (start + length > bytes.length) throw new RangeError('levels are longer than their page')
    at = start + length
    return checkedLevels(readHybrid(bytes, start, at, bitWidth(max), count), max)
  }
  const reps = take(leaf.rep, levels.repetition_level_encoding)
  const defs = take(leaf.def, levels.definition_level_encoding)
  return { reps, defs, count, values: valuesOf(leaf, encoding, { bytes, at, reps, defs }, count, known) }
}

/** Reads a data page of version 2, whose levels come first and are not compressed. */
export function pageOfV2(
  leaf: ParquetNode,
  header: PageHeader,
  bytes: Uint8Array,
  known: PageContext & { unpack: Unpack },
): Page {
  const v2 = header.data_page_header_v2!
  const {
    num_values: count,
    repetition_levels_byte_length: repBytes,
    definition_levels_byte_length: defBytes,
  } = v2
  const levelBytes = repBytes + defBytes
  if (repBytes < 0 || defBytes < 0 || levelBytes > bytes.length)
    throw new RangeError('levels are longer than their page')
  const levels = (max: number, start: number, end: number): Uint32Array | null =>
    max === 0 ? null : checkedLevels(readHybrid(bytes, start, end, bitWidth(max), count), max)
  const reps = levels(leaf.rep, 0, repBytes)
  const defs = levels(leaf.def, repBytes, levelBytes)
  const packed = bytes.slice(levelBytes)
  const rawLength = header.uncompressed_page_size - levelBytes
  const isPacked = v2.is_compressed !== false && packed.length > 0
  const raw = isPacked ? known.unpack(packed, rawLength) : packed
  if (raw.length !== rawLength) throw new RangeError('a page has another length than it says')
  const values = valuesOf(leaf, v2.encoding, { bytes: raw, at: 0, reps, defs }, count, known)
  if (values.length !== count - v2.num_nulls)
    throw new RangeError('a page has another number of nulls than it says')
  return { reps, defs, count, values }
}

export interface PageContext {
  readonly dictionary: DecodedArray | null
}

function valuesOf(
  leaf: ParquetNode,
  encoding: ColumnMetaData['encodings'][number],
  { bytes, at, defs }: Body,
  count: number,
  { dictionary }: PageContext,
): ArrayLike<unknown> {
  const present = defs === null ? count : countOf(defs, leaf.def)
  if (present === 0) return []
  switch (encoding) {
    case 'PLAIN':
      return plainValues(leaf, bytes, at, present)
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY': {
      if (dictionary === null) throw new RangeError('a page refers to a dictionary that is not there')
      const places = readHybrid(bytes, at + 1, bytes.length, bytes[at] ?? 33, present)
      return Array.from(places, (place) => {
        if (place >= dictionary.length)
          throw new RangeError('a page refers to a value that its dictionary has not')
        return dictionary[place] as unknown
      })
    }
    case 'RLE': {
      if (leaf.element.type !== 'BOOLEAN') break
      const length = uint32At(bytes, at)
      if (at + 4 + length > bytes.length) throw new RangeError('values are longer than their page')
      return Array.from(readHybrid(bytes, at + 4, at + 4 + length, 1, present), (bit) => bit === 1)
    }
    case 'DELTA_BINARY_PACKED': {
      const reader = readerOf(bytes, at)
      return leaf.element.type === 'INT32' || leaf.element.type === 'INT64'
        ? deltas(reader, leaf.element.type === 'INT32' ? new Int32Array(present) : new BigInt64Array(present))
        : wrongEncoding(encoding)
    }
    case 'DELTA_LENGTH_BYTE_ARRAY': {
      const reader = readerOf(bytes, at)
      return slices(bytes, reader.offset, deltas(reader, new Int32Array(present)), reader)
    }
    case 'DELTA_BYTE_ARRAY': {
      const reader = readerOf(bytes, at)
      const prefixes = deltas(reader, new Int32Array(present))
      return prefixed(prefixes, slices(bytes, 0, deltas(reader, new Int32Array(present)), reader))
    }
    case 'BYTE_STREAM_SPLIT': {
      const { type, type_length: length } = leaf.element
      const width =
        type === 'FIXED_LEN_BYTE_ARRAY' ? (length ?? 0) : type === 'DOUBLE' || type === 'INT64' ? 8 : 4
      if (present * width !== bytes.length - at)
        throw new RangeError('a page has not the bytes of its values')
      return byteStreamSplit(readerOf(bytes, at), present, type!, length)
    }
    default:
  }
  return wrongEncoding(encoding)
}

function wrongEncoding(encoding: string): never {
  throw new RangeError(`values in the encoding ${encoding}, which their type has not`)
}

function plainValues(leaf: ParquetNode, bytes: Uint8Array, at: number, count: number): DecodedArray {
  const reader = readerOf(bytes, at)
  const values = readPlain(reader, leaf.element.type!, count, leaf.element.type_length)
  if (reader.offset !== bytes.length) throw new RangeError('a page has not the bytes of its values')
  return values
}

function deltas<T extends Int32Array | BigInt64Array>(reader: Reader, values: T): T {
  const { offset } = reader
  const [blockSize, parts, count] = [varintAt(reader), varintAt(reader), varintAt(reader)]
  if (
    count !== values.length ||
    parts === 0 ||
    parts > 1024 ||
    blockSize % parts !== 0 ||
    blockSize > 1 << 20
  )
    throw new RangeError('deltas are malformed')
  reader.offset = offset
  deltaBinaryUnpack(reader, values.length, values)
  if (reader.offset > reader.view.byteLength) throw new RangeError('deltas end too early')
  return values
}

function slices(bytes: Uint8Array, _: number, lengths: Int32Array, reader: Reader): Uint8Array[] {
  let at = reader.offset
  const parts = Array.from(lengths, (length) => {
    if (length < 0 || at + length > bytes.length) throw new RangeError('values are longer than their page')
    return bytes.subarray(at, (at += length))
  })
  if (at !== bytes.length) throw new RangeError('a page has not the bytes of its values')
  return parts
}

const prefixedBytesMax = 512 << 20

function prefixed(prefixes: Int32Array, suffixes: readonly Uint8Array[]): Uint8Array[] {
  let before = new Uint8Array(0)
  let total = 0
  return suffixes.map((suffix, i) => {
    const shared = prefixes[i]!
    if (shared < 0 || shared > before.length) throw new RangeError('a value shares more than there is')
    total += shared + suffix.length
    if (total > prefixedBytesMax) throw new RangeError('a page unpacks to too many bytes')
    const whole = new Uint8Array(shared + suffix.length)
    whole.set(before.subarray(0, shared))
    whole.set(suffix, shared)
    return (before = whole)
  })
}

interface Reader {
  view: DataView
  offset: number
}

function readerOf(bytes: Uint8Array, offset: number): Reader {
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset }
}

function varintAt(reader: Reader): number {
  let value = 0
  for (let shift = 0; shift <= 28; shift += 7) {
    const byte = reader.view.getUint8(reader.offset++)
    value += (byte & 127) * 2 ** shift
    if (byte < 128) return value
  }
  throw new RangeError('a number is too long')
}

function uint32At(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true)
}

function bitWidth(max: number): number {
  return 32 - Math.clz32(max)
}

function checkedLevels(levels: Uint32Array, max: number): Uint32Array {
  for (const level of levels) if (level > max) throw new RangeError('a level is deeper than the schema')
  return levels
}

function countOf(levels: Uint32Array, level: number): number {
  let count = 0
  for (const one of levels) if (one === level) count++
  return count
}
