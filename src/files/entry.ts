// The value of a tree's entry. A type byte, then what the type needs:
//   1 file, 2 executable file:   size in bytes as varint; one link, to the content
//   3 symlink:                   the target's bytes, 1 to 4096; no link
//   4 table, 5 executable table: nothing; one link, to the table object
// One entry has one spelling: whatever else comes is refused as corrupt.
import { codecOf, type Cid } from '../encoding/cid.ts'
import { ByteReader, varintLength, writeVarint } from '../encoding/varint.ts'
import { binaryRule } from '../chunking/gear.ts'
import { equalBytes } from '../base/bytes.ts'
import { corrupt, VarveError } from '../base/errors.ts'
import type { Entry } from '../prolly/interface.ts'
import type { FileEntry, SymlinkEntry, TableEntry, TreeEntry } from './interface.ts'

export const targetBytesMax = 4096

const types = { file: 1, executableFile: 2, symlink: 3, table: 4, executableTable: 5 } as const

export type StoredEntry = Pick<Entry, 'value' | 'links'>

export function encodeEntry(entry: TreeEntry): StoredEntry {
  switch (entry.kind) {
    case 'file':
      return { value: fileValue(entry), links: [entry.content] }
    case 'symlink':
      return { value: symlinkValue(entry), links: [] }
    case 'table':
      return {
        value: Uint8Array.of(entry.executable ? types.executableTable : types.table),
        links: [entry.table],
      }
  }
}

function fileValue(entry: FileEntry): Uint8Array {
  const value = new Uint8Array(1 + varintLength(entry.size))
  value[0] = entry.executable ? types.executableFile : types.file
  writeVarint(value, 1, entry.size)
  return value
}

export function isPossibleTarget(target: Uint8Array): boolean {
  return target.length > 0 && target.length <= targetBytesMax && !target.includes(0)
}

function symlinkValue(entry: SymlinkEntry): Uint8Array {
  if (!isPossibleTarget(entry.target)) {
    throw new VarveError(
      'VARVE_RULE_VIOLATED',
      `symlink's target is not 1 to ${targetBytesMax} bytes without NUL`,
      { hint: 'let the link lead to a shorter path, or leave it out' },
    )
  }
  const value = new Uint8Array(1 + entry.target.length)
  value[0] = types.symlink
  value.set(entry.target, 1)
  return value
}

/** @throws VarveError VARVE_CORRUPT */
export function decodeEntry({ value, links }: StoredEntry): TreeEntry {
  const reader = new ByteReader(value)
  const type = reader.byte()
  switch (type) {
    case types.file:
    case types.executableFile:
      return readFileEntry(reader, links, type === types.executableFile)
    case types.symlink:
      return readSymlink(reader, links)
    case types.table:
    case types.executableTable:
      return readTable(reader, links, type === types.executableTable)
    default:
      throw corrupt(`tree entry is of the unknown type ${type}`)
  }
}

function readFileEntry(reader: ByteReader, links: readonly Cid[], executable: boolean): FileEntry {
  const size = reader.varint()
  const content = onlyLink(reader, links)
  if (codecOf(content) === 'raw' && size > binaryRule.max)
    throw corrupt('file of one chunk is larger than a chunk')
  return { kind: 'file', executable, size, content }
}

function readSymlink(reader: ByteReader, links: readonly Cid[]): SymlinkEntry {
  const target = reader.take(reader.end - reader.at)
  if (links.length > 0 || !isPossibleTarget(target)) throw corrupt('symlink in a tree is malformed')
  return { kind: 'symlink', target }
}

function readTable(reader: ByteReader, links: readonly Cid[], executable: boolean): TableEntry {
  const table = onlyLink(reader, links)
  if (codecOf(table) === 'raw') throw corrupt('table in a tree is malformed')
  return { kind: 'table', executable, table }
}

function onlyLink(reader: ByteReader, links: readonly Cid[]): Cid {
  const link = links[0]
  if (!reader.done || link === undefined || links.length !== 1) throw corrupt('entry in a tree is malformed')
  return link
}

export function equalEntries(a: TreeEntry | null, b: TreeEntry | null): boolean {
  if (a === null || b === null) return a === b
  switch (a.kind) {
    case 'file':
      return (
        b.kind === 'file' && a.content === b.content && a.size === b.size && a.executable === b.executable
      )
    case 'table':
      return b.kind === 'table' && a.table === b.table && a.executable === b.executable
    case 'symlink':
      return b.kind === 'symlink' && equalBytes(a.target, b.target)
  }
}
