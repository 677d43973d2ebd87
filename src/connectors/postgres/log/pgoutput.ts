// Reads the messages of pgoutput, PostgreSQL's own way to write its log of changes as rows (protocol version 1, values as
// text; "Logical Replication Message Formats" in its documentation). One message at a time, each checked against its
// length. What a link does not need (types, origins) is left out.
import { corrupt } from '../../../base/errors.ts'
import { valueTextMax } from './cut-message.ts'
import type { LogBytes } from './message-intake.ts'

export type LogMessage =
  | { readonly kind: 'begin'; readonly xid: number }
  | { readonly kind: 'commit'; readonly end: bigint; readonly committedMs: number }
  | Relation
  | { readonly kind: 'insert'; readonly relation: number; readonly row: Tuple }
  /** `old`: its key where that changed, or all of it, as the table's replica identity says. */
  | { readonly kind: 'update'; readonly relation: number; readonly old: Tuple | null; readonly row: Tuple }
  | { readonly kind: 'delete'; readonly relation: number; readonly old: Tuple }
  | { readonly kind: 'truncate'; readonly relations: readonly number[] }

export interface Relation {
  readonly kind: 'relation'
  readonly id: number
  readonly schema: string
  readonly name: string
  /** 'd': the primary key, 'f': the whole row. */
  readonly identity: string
  /** `type` is the type's number and modifier: '1700:655366'. */
  readonly columns: readonly { readonly name: string; readonly type: string }[]
}

/**
 * A value's text, or only its length where no cell can hold it; null is SQL's; undefined is a large value that the
 * statement left as it was.
 */
export type Tuple = readonly (Uint8Array | number | null | undefined)[]

/** 2000-01-01, from which PostgreSQL counts microseconds. */
const epochMs = 946_684_800_000

/** Whether the message matters here. Types, origins and messages of programs do not. */
export function isNeeded(bytes: Uint8Array): boolean {
  return !'YOM'.includes(String.fromCharCode(bytes[0]!))
}

/** Reads a message for which `isNeeded` holds. @throws VarveError VARVE_CORRUPT */
export function readLogMessage(message: LogBytes): LogMessage {
  const reader = new MessageReader(message)
  const read = messageOf(reader)
  if (!reader.isAtEnd) throw corrupt("a message of the database's log is too long")
  return read
}

function messageOf(reader: MessageReader): LogMessage {
  switch (String.fromCharCode(reader.byte())) {
    case 'B':
      // Where it will end and when, which its end says as well.
      reader.skip(16)
      return { kind: 'begin', xid: reader.int32() >>> 0 }
    case 'C': {
      reader.skip(9)
      const end = reader.int64()
      return { kind: 'commit', end, committedMs: epochMs + Number(reader.int64() / 1000n) }
    }
    case 'R':
      return relationOf(reader)
    case 'I': {
      const relation = reader.int32()
      reader.expect('N')
      return { kind: 'insert', relation, row: tupleOf(reader) }
    }
    case 'U': {
      const relation = reader.int32()
      const isNew = reader.letter() === 'N'
      const first = tupleOf(reader)
      if (isNew) return { kind: 'update', relation, old: null, row: first }
      reader.expect('N')
      return { kind: 'update', relation, old: first, row: tupleOf(reader) }
    }
    case 'D': {
      const relation = reader.int32()
      reader.letter()
      return { kind: 'delete', relation, old: tupleOf(reader) }
    }
    case 'T': {
      const count = reader.int32()
      reader.skip(1)
      return {
        kind: 'truncate',
        relations: Array.from({ length: reader.bounded(count, 4) }, () => reader.int32()),
      }
    }
    default:
      throw corrupt("a message of the database's log is of no known kind")
  }
}

function relationOf(reader: MessageReader): Relation {
  const id = reader.int32()
  const schema = reader.text()
  const name = reader.text()
  const identity = reader.letter()
  const count = reader.bounded(reader.int16(), 10)
  const columns = Array.from({ length: count }, () => {
    reader.skip(1)
    const column = reader.text()
    return { name: column, type: `${reader.int32()}:${reader.int32() | 0}` }
  })
  return { kind: 'relation', id, schema, name, identity, columns }
}

function tupleOf(reader: MessageReader): Tuple {
  const count = reader.bounded(reader.int16(), 1)
  return Array.from({ length: count }, () => {
    switch (reader.letter()) {
      case 'n':
        return null
      case 'u':
        return undefined
      case 't':
        return reader.value()
      default:
        throw corrupt("a value in the database's log is of no known kind")
    }
  })
}

class MessageReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  /** A longer value is left out: only its length is there. */
  readonly #valueBytesMax: number

  constructor({ bytes, isCut }: LogBytes) {
    this.#valueBytesMax = isCut ? valueTextMax : Infinity
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  byte(): number {
    return this.#bytes[this.#step(1)]!
  }

  letter(): string {
    return String.fromCharCode(this.byte())
  }

  expect(letter: string): void {
    if (this.letter() !== letter) throw corrupt("a row in the database's log is not whole")
  }

  int16(): number {
    return this.#view.getUint16(this.#step(2))
  }

  int32(): number {
    return this.#view.getUint32(this.#step(4))
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#step(8))
  }

  text(): string {
    const end = this.#bytes.indexOf(0, this.#at)
    if (end < 0) throw corrupt("a name in the database's log has no end")
    const name = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, end - this.#at)
    this.#at = end + 1
    return name.toString('utf8')
  }

  take(length: number): Uint8Array {
    const start = this.#step(length)
    return this.#bytes.subarray(start, start + length)
  }

  value(): Uint8Array | number {
    const length = this.int32()
    return length > this.#valueBytesMax ? length : this.take(length)
  }

  skip(length: number): void {
    this.#step(length)
  }

  /** Checks a count of things that take at least `size` bytes each. */
  bounded(count: number, size: number): number {
    if (count * size > this.#bytes.length - this.#at)
      throw corrupt("the database's log counts more than it has")
    return count
  }

  #step(length: number): number {
    const start = this.#at
    if (length > this.#bytes.length - start) throw corrupt("a message of the database's log is too short")
    this.#at += length
    return start
  }
}
