// One record of the stat cache: what a file's stat was when its content was known, and the tree entry of that content.
//   version u8 | flags u8 (1 symlink, 2 executable, 4 sha256 follows) | size u64 | mtime i64 ns | ctime i64 ns | inode u64
//   | known at f64 ms | [sha256] | entry's value length u16 | value | [link, 36 bytes]
// The cache is disposable: a record that does not read is no record.
import { cidBytesLength, cidFromBytes, cidToBytes } from '../encoding/cid.ts'
import { decodeEntry, encodeEntry } from '../files/entry.ts'
import type { TreeEntry } from '../files/interface.ts'
import type { FileStat } from './scan.ts'

export interface KnownFile {
  readonly stat: FileStat
  readonly entry: TreeEntry
  /** The clock before the content was read or written. */
  readonly knownAtMs: number
  /** Of a table's file: touching it must not mean to parse it again. */
  readonly sha256: Uint8Array | null
}

/**
 * A change within one step of the file system's clock leaves no trace in the stat. Where times have parts of a
 * millisecond the step is the kernel's tick, 10 ms at most; elsewhere (FAT) it may be two seconds.
 */
const coarseStepMs = 2000
const fineStepMs = 50

const version = 1
const headBytes = 42
const sha256Bytes = 32

/** Whether the file may have changed after its content was known without its stat showing it. */
export function isRacy(known: KnownFile): boolean {
  const { mtimeNs, ctimeNs } = known.stat
  const changed = mtimeNs > ctimeNs ? mtimeNs : ctimeNs
  const isFine = changed % 1_000_000n !== 0n
  return Number(changed / 1_000_000n) > known.knownAtMs - (isFine ? fineStepMs : coarseStepMs)
}

export function encodeKnown(known: KnownFile): Uint8Array {
  const { value, links } = encodeEntry(known.entry)
  const shaLength = known.sha256 === null ? 0 : sha256Bytes
  const bytes = new Uint8Array(headBytes + shaLength + 2 + value.length + links.length * cidBytesLength)
  const view = new DataView(bytes.buffer)
  const { stat } = known
  bytes[0] = version
  bytes[1] = (stat.kind === 'symlink' ? 1 : 0) | (stat.executable ? 2 : 0) | (shaLength > 0 ? 4 : 0)
  view.setBigUint64(2, BigInt(stat.size))
  view.setBigInt64(10, stat.mtimeNs)
  view.setBigInt64(18, stat.ctimeNs)
  view.setBigUint64(26, stat.ino)
  view.setFloat64(34, known.knownAtMs)
  if (known.sha256 !== null) bytes.set(known.sha256, headBytes)
  view.setUint16(headBytes + shaLength, value.length)
  bytes.set(value, headBytes + shaLength + 2)
  if (links[0] !== undefined) bytes.set(cidToBytes(links[0]), headBytes + shaLength + 2 + value.length)
  return bytes
}

export function decodeKnown(bytes: Uint8Array): KnownFile | null {
  try {
    return read(bytes)
  } catch {
    return null
  }
}

function read(bytes: Uint8Array): KnownFile | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.getUint8(0) !== version) return null
  const flags = view.getUint8(1)
  const shaLength = (flags & 4) === 0 ? 0 : sha256Bytes
  const valueStart = headBytes + shaLength + 2
  const valueEnd = valueStart + view.getUint16(headBytes + shaLength)
  const links = bytes.length > valueEnd ? [cidFromBytes(bytes, valueEnd)] : []
  return {
    stat: {
      kind: (flags & 1) === 0 ? 'file' : 'symlink',
      executable: (flags & 2) !== 0,
      size: Number(view.getBigUint64(2)),
      mtimeNs: view.getBigInt64(10),
      ctimeNs: view.getBigInt64(18),
      ino: view.getBigUint64(26),
    },
    knownAtMs: view.getFloat64(34),
    sha256: shaLength === 0 ? null : bytes.slice(headBytes, headBytes + sha256Bytes),
    entry: decodeEntry({ value: bytes.subarray(valueStart, valueEnd), links }),
  }
}
