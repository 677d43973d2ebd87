// One record of the stat cache: the tree entry of a path, and the stat at which a file held just that, if one is known.
//   flags u8 (1 symlink, 2 executable, 4 sha256 follows, 8 no stat is known, 16 the stat proves nothing,
//   32 a table)
//   | size f64 | mtime f64 ms | ctime f64 ms | inode f64 | [sha256] | entry's value length u16 | value | [link, 36 bytes]
// All numbers are little-endian. The cache is disposable: a record that does not read is no record.
import { cidBytesLength, cidFromBytes, cidToBytes } from '../../encoding/cid.ts'
import { decodeEntry, encodeEntry } from '../../files/entry.ts'
import type { TreeEntry } from '../../files/interface.ts'
import { type FileStat, isRacy } from '../file-stat.ts'

export interface KnownFile {
  readonly entry: TreeEntry
  /** null: no file was seen to hold the entry. */
  readonly stat: FileStat | null
  /** Whether a file with this stat is sure to hold the entry; a change right after it was read would not show. */
  readonly isProof: boolean
  /** Digest of a table's file, so that a file that was only touched need not be parsed again. */
  readonly sha256: Uint8Array | null
}

export interface ObservedFile {
  readonly stat: FileStat
  readonly entry: TreeEntry
  /** The clock before the content was read or written. */
  readonly knownAtMs: number
  readonly sha256: Uint8Array | null
}

const recordFlags = { symlink: 1, executable: 2, sha256: 4, noStat: 8, noProof: 16, table: 32 } as const

const headBytes = 33
const sha256Bytes = 32

export function knownFile({ stat, entry, knownAtMs, sha256 }: ObservedFile): KnownFile {
  return { entry, stat, isProof: !isRacy(stat, knownAtMs), sha256 }
}

export function encodeKnown({ entry, stat, isProof, sha256 }: KnownFile): Uint8Array {
  const { value, links } = encodeEntry(entry)
  const valueStart = headBytes + (sha256 === null ? 0 : sha256Bytes) + 2
  const bytes = new Uint8Array(valueStart + value.length + links.length * cidBytesLength)
  const view = new DataView(bytes.buffer)
  bytes[0] =
    (stat?.kind === 'symlink' ? recordFlags.symlink : 0) |
    (stat?.executable === true ? recordFlags.executable : 0) |
    (sha256 === null ? 0 : recordFlags.sha256) |
    (stat === null ? recordFlags.noStat : 0) |
    (isProof ? 0 : recordFlags.noProof) |
    (entry.kind === 'table' ? recordFlags.table : 0)
  if (stat !== null) {
    view.setFloat64(1, stat.size, true)
    view.setFloat64(9, stat.mtimeMs, true)
    view.setFloat64(17, stat.ctimeMs, true)
    view.setFloat64(25, stat.ino, true)
  }
  if (sha256 !== null) bytes.set(sha256, headBytes)
  view.setUint16(valueStart - 2, value.length, true)
  bytes.set(value, valueStart)
  if (links[0] !== undefined) bytes.set(cidToBytes(links[0]), valueStart + value.length)
  return bytes
}

export function decodeKnown(bytes: Uint8Array): KnownFile | null {
  try {
    return read(bytes)
  } catch {
    return null
  }
}

function read(bytes: Uint8Array): KnownFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const flags = view.getUint8(0)
  const hasSha256 = (flags & recordFlags.sha256) !== 0
  const valueStart = headBytes + (hasSha256 ? sha256Bytes : 0) + 2
  const valueEnd = valueStart + view.getUint16(valueStart - 2, true)
  if (valueEnd > bytes.length) throw new RangeError('the record ends in its entry')
  const links = bytes.length > valueEnd ? [cidFromBytes(bytes, valueEnd)] : []
  return {
    entry: decodeEntry({ value: bytes.subarray(valueStart, valueEnd), links }),
    stat: (flags & recordFlags.noStat) !== 0 ? null : readStat(view, flags),
    isProof: (flags & (recordFlags.noStat | recordFlags.noProof)) === 0,
    sha256: hasSha256 ? bytes.slice(headBytes, headBytes + sha256Bytes) : null,
  }
}

function readStat(view: DataView, flags: number): FileStat {
  return {
    kind: (flags & recordFlags.symlink) === 0 ? 'file' : 'symlink',
    executable: (flags & recordFlags.executable) !== 0,
    size: view.getFloat64(1, true),
    mtimeMs: view.getFloat64(9, true),
    ctimeMs: view.getFloat64(17, true),
    ino: view.getFloat64(25, true),
  }
}

/** Whether the record at `at` proves, without being decoded, that a file with this stat holds its entry. */
export function isProofAt(view: DataView, at: number, stat: FileStat): boolean {
  const flags =
    (stat.kind === 'symlink' ? recordFlags.symlink : 0) | (stat.executable ? recordFlags.executable : 0)
  return (
    (view.getUint8(at) & ~(recordFlags.sha256 | recordFlags.table)) === flags &&
    view.getFloat64(at + 9, true) === stat.mtimeMs &&
    view.getFloat64(at + 17, true) === stat.ctimeMs &&
    view.getFloat64(at + 25, true) === stat.ino &&
    view.getFloat64(at + 1, true) === stat.size
  )
}

/** Whether the record at `at` is of a table. */
export function isTableAt(view: DataView, at: number): boolean {
  return (view.getUint8(at) & recordFlags.table) !== 0
}
