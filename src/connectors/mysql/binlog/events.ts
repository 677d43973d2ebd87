// Events of the binary log, as far as they matter: who begins and ends transactions, which table a row event is about,
// and the row events themselves, whose rows stay bytes here. The format is that of MySQL's documentation, "Binary Log
// Event"; MariaDB's GTID event begins a transaction, MySQL's comes before it. What is not known is told as such: it may
// hold changes.
import { corrupt } from '../../../base/errors.ts'
import { ByteCursor } from './byte-cursor.ts'
import { uuidText } from './fixed-text.ts'

export const headerBytes = 19

/** An event as it came, without its checksum. */
export interface EventBytes {
  readonly bytes: Buffer
  /** It was too long to be held: of rows only what a cell can hold is here (cut-rows.ts), of others the header. */
  readonly isCut: boolean
}

export interface EventHeader {
  /** In s since 1970; 0 where the server made the event up for this reader. */
  readonly seconds: number
  readonly type: number
  /** Number of the server that committed it first. */
  readonly server: number
  /** Where the next event begins, in the file; 0 for events that are not in it. */
  readonly end: number
}

export interface MappedTable {
  readonly id: number
  readonly database: string
  readonly table: string
  /** The types of its columns as the log has them, and what belongs to each. */
  readonly types: readonly { readonly type: number; readonly meta: number }[]
}

export interface RowsEvent {
  readonly kind: 'insert' | 'update' | 'delete'
  readonly tableId: number
  readonly width: number
  /** Bits of the columns that are in the image before (or the only one), and in the one after an update. */
  readonly present: readonly [Buffer, Buffer]
  readonly rows: Buffer
  /** A value that is too large for a cell is not behind its length. */
  readonly isCut: boolean
}

export type LogEvent =
  /**
   * `gtid`: MariaDB's name for the transaction, '0-1-42'; null where another event has said it. `isDistributed`: it is
   * prepared first, and decided later (XA).
   */
  | { readonly kind: 'begin'; readonly gtid: string | null; readonly isDistributed: boolean }
  /** MySQL's, of the transaction or the statement that follows; null where it has none, or one with a tag. */
  | { readonly kind: 'name'; readonly gtid: string | null }
  | { readonly kind: 'commit' | 'rollback' | 'format' | 'heartbeat' | 'nothing' }
  /** A distributed transaction ends here as far as its rows go; `xid` names it to whoever decides. */
  | { readonly kind: 'prepare'; readonly xid: string }
  /** One that was prepared is committed, or rolled back. */
  | { readonly kind: 'decide'; readonly xid: string; readonly isCommit: boolean }
  | { readonly kind: 'rotate'; readonly file: string; readonly at: number }
  | { readonly kind: 'statement'; readonly database: string; readonly text: string }
  | { readonly kind: 'table'; readonly table: MappedTable }
  | { readonly kind: 'rows'; readonly rows: RowsEvent }
  | { readonly kind: 'unknown'; readonly type: number }
  | { readonly kind: 'tooLong' }

/**
 * Made for the log's own purposes: stop, ignorable, annotations, lists and checkpoints of GTIDs, words of a group of
 * servers, the beginning of what is encrypted on the disk, which the server sends as it is.
 */
const nothing: ReadonlySet<number> = new Set([3, 28, 29, 35, 36, 37, 160, 161, 163, 164])
/** The first version, as far as it is written today, and the second. */
const rowTypes: ReadonlySet<number> = new Set([23, 24, 25, 30, 31, 32])

export function isRows(type: number): boolean {
  return rowTypes.has(type)
}

export function isUpdate(type: number): boolean {
  return type === 24 || type === 31
}

/** Of the second version, which has room for more in its head. */
export function isWide(type: number): boolean {
  return type >= 30
}

export function isTableMap(type: number): boolean {
  return type === 19
}

export function readHeader(bytes: Buffer): EventHeader {
  if (bytes.length < headerBytes) throw corrupt('an event of the binary log has no header')
  return {
    seconds: bytes.readUInt32LE(0),
    type: bytes[4]!,
    server: bytes.readUInt32LE(5),
    end: bytes.readUInt32LE(13),
  }
}

export function readEvent({ type, server }: EventHeader, { bytes, isCut }: EventBytes): LogEvent {
  if (isCut && !isRows(type)) return { kind: nothing.has(type) ? 'nothing' : 'tooLong' }
  const cursor = new ByteCursor(bytes.subarray(headerBytes))
  switch (type) {
    case 2:
      return readStatement(cursor)
    case 4: {
      const at = Number(cursor.uint64())
      return { kind: 'rotate', at, file: cursor.rest().toString('utf8') }
    }
    case 15:
      return { kind: 'format' }
    case 16:
      return { kind: 'commit' }
    case 19:
      return { kind: 'table', table: readTable(cursor) }
    case 23:
    case 24:
    case 25:
    case 30:
    case 31:
    case 32:
      return { kind: 'rows', rows: { ...readRows(type, cursor), isCut } }
    case 27:
    case 41:
      return { kind: 'heartbeat' }
    case 38:
      return readPrepare(cursor)
    case 33:
      cursor.skip(1)
      return { kind: 'name', gtid: `${uuidText(cursor.take(16))}:${cursor.uint64()}` }
    case 34:
    case 42:
      return { kind: 'name', gtid: null }
    case 162: {
      const sequence = cursor.uint64()
      const domain = cursor.uint(4)
      return groupOf(cursor.uint(1), `${domain}-${server}-${sequence}`)
    }
    default:
      return nothing.has(type) ? { kind: 'nothing' } : { kind: 'unknown', type }
  }
}

/** Bit 0: a statement that is a group of its own. Bits 6 and 7: a distributed transaction is prepared, or decided. */
function groupOf(flags: number, gtid: string): LogEvent {
  const isDistributed = (flags & 0x40) !== 0
  return (flags & 1) === 0 || (flags & 0xc0) !== 0
    ? { kind: 'begin', gtid, isDistributed }
    : { kind: 'nothing' }
}

/** Of each of the two parts of a distributed transaction's name: positions hold them. */
const xidPartBytesMax = 64

function readPrepare(cursor: ByteCursor): LogEvent {
  if (cursor.uint(1) === 1) return { kind: 'commit' }
  const [format, globalBytes, branchBytes] = [cursor.uint(4), cursor.uint(4), cursor.uint(4)]
  if (Math.max(globalBytes, branchBytes) > xidPartBytesMax) return { kind: 'unknown', type: 38 }
  const [global, branch] = [
    cursor.take(globalBytes).toString('hex'),
    cursor.take(branchBytes).toString('hex'),
  ]
  return { kind: 'prepare', xid: `X'${global}',X'${branch}',${format}` }
}

function readStatement(cursor: ByteCursor): LogEvent {
  cursor.skip(8)
  const databaseBytes = cursor.uint(1)
  cursor.skip(2)
  cursor.skip(cursor.uint(2))
  const database = cursor.take(databaseBytes).toString('utf8')
  cursor.skip(1)
  const text = cursor.rest().toString('utf8')
  if (text.startsWith('XA ')) return readDistributed(text) ?? { kind: 'statement', database, text }
  if (/^\s*(BEGIN|START TRANSACTION)\b/i.test(text))
    return { kind: 'begin', gtid: null, isDistributed: false }
  if (/^\s*COMMIT\s*$/i.test(text)) return { kind: 'commit' }
  return /^\s*ROLLBACK\s*$/i.test(text) ? { kind: 'rollback' } : { kind: 'statement', database, text }
}

/** What servers write of distributed transactions, in words of their own. */
function readDistributed(text: string): LogEvent | null {
  const [, word, xid] =
    /^XA (START|END|COMMIT|ROLLBACK) (X'[0-9a-f]{0,128}',X'[0-9a-f]{0,128}',\d{1,20})\s*$/i.exec(text) ?? []
  switch (word) {
    case 'START':
      return { kind: 'begin', gtid: null, isDistributed: true }
    case 'END':
      return { kind: 'nothing' }
    case 'COMMIT':
    case 'ROLLBACK':
      return { kind: 'decide', xid: xid!, isCommit: word === 'COMMIT' }
    default:
      return null
  }
}

/** Bytes of what belongs to a type, in the table's event. */
const metaBytes: ReadonlyMap<number, number> = new Map([
  ...[4, 5, 17, 18, 19, 140, 242, 245, 249, 250, 251, 252, 255].map((type) => [type, 1] as const),
  ...[15, 16, 141, 246, 247, 248, 253, 254].map((type) => [type, 2] as const),
])

function readTable(cursor: ByteCursor): MappedTable {
  const id = cursor.uint(6)
  cursor.skip(2)
  const database = cursor.take(cursor.uint(1)).toString('utf8')
  cursor.skip(1)
  const table = cursor.take(cursor.uint(1)).toString('utf8')
  cursor.skip(1)
  const codes = [...cursor.take(cursor.packedLength())]
  cursor.packedLength()
  const types = codes.map((type) => ({ type, meta: cursor.uint(metaBytes.get(type) ?? 0) }))
  return { id, database, table, types }
}

function readRows(type: number, cursor: ByteCursor): Omit<RowsEvent, 'isCut'> {
  const tableId = cursor.uint(6)
  cursor.skip(2)
  if (isWide(type)) cursor.skip(cursor.uint(2) - 2)
  const width = cursor.packedLength()
  const kind = (['insert', 'update', 'delete'] as const)[(type - 23) % 7]!
  const before = cursor.take((width + 7) >> 3)
  const after = kind === 'update' ? cursor.take((width + 7) >> 3) : before
  return { kind, tableId, width, present: [before, after], rows: cursor.rest() }
}
