// A conflict about a part of a file that nobody declared: a cell of a CSV, a value in JSON. Stored in the row key's
// place is what part: dag-cbor [kind, where, column or null]; a side is dag-cbor [text or null, tree entry or null],
// with the links of the entry: the file's version that the text stands in, so that the document can be merged again
// with other choices (resolve/settle-document.ts). A side that was typed has no entry.
import { equalBytes } from '../../base/bytes.ts'
import { corrupt } from '../../base/errors.ts'
import { decodeCbor, encodeCbor } from '../../encoding/cbor.ts'
import type { Choice, DocumentConflict, DocumentConflictKind } from '../../documents/interface.ts'
import { decodeEntry, encodeEntry } from '../../files/entry.ts'
import type { FileEntry, Path } from '../../files/interface.ts'
import type { ConflictRecord, Sides, StoredSide } from './conflict-record.ts'

const partKinds: readonly DocumentConflictKind[] = ['cell', 'row', 'key-collision', 'schema', 'text']

/** Where a text is the same on several sides, the first counts. */
const sideNames = ['ours', 'theirs', 'base'] as const

export interface DocumentPart {
  readonly part: DocumentConflictKind
  /** 'id=2', '$.features[id=12].name'. */
  readonly where: string
  readonly column: string | null
}

export function partRecord(
  path: Path,
  conflict: DocumentConflict,
  entries: Sides<FileEntry | null>,
): ConflictRecord {
  const { kind, where, column } = conflict
  const side = (name: keyof Sides<unknown>): StoredSide => {
    const entry = entries[name] === null ? null : encodeEntry(entries[name])
    return { value: encodeCbor([conflict[name], entry?.value ?? null]), links: entry?.links ?? [] }
  }
  const key = encodeCbor([kind, where, column])
  return {
    kind: 'part',
    path,
    key,
    text: where,
    base: side('base'),
    ours: side('ours'),
    theirs: side('theirs'),
  }
}

/** @throws VarveError VARVE_CORRUPT */
export function partOf({ key }: Pick<ConflictRecord, 'key'>): DocumentPart {
  const [kind, where, column] = listOf(key)
  const part = partKinds.find((one) => one === kind)
  const isWhole =
    part !== undefined && typeof where === 'string' && (column === null || typeof column === 'string')
  if (!isWhole) throw malformed()
  return { part, where, column }
}

/** A side's text; null when the side does not have the part. */
export function partText(side: StoredSide | null): string | null {
  if (side === null) return null
  const [text] = listOf(side.value)
  if (text !== null && typeof text !== 'string') throw malformed()
  return text
}

/** The version of the file that a side's text stands in; null when there is none. */
export function partEntry(side: StoredSide | null): FileEntry | null {
  const [, value] = side === null ? [null, null] : listOf(side.value)
  if (value === null) return null
  if (!(value instanceof Uint8Array)) throw malformed()
  const entry = decodeEntry({ value, links: side!.links })
  if (entry.kind !== 'file') throw malformed()
  return entry
}

/** A part with a text that no side has, or that a side has, without its version. */
export function typedPart(text: string | null): StoredSide {
  return { value: encodeCbor([text, null]), links: [] }
}

/** What a chosen side means to the document; ours where nothing is chosen. */
export function choiceOf(record: ConflictRecord, chosen: StoredSide | null): Choice {
  if (chosen === null) return 'ours'
  const same = sideNames.find((name) => record[name] !== null && equalBytes(record[name].value, chosen.value))
  if (same !== undefined) return same
  const text = partText(chosen)
  return sideNames.find((name) => partText(record[name]) === text) ?? { value: text ?? '' }
}

/** How the key of such a row reads: 'id=2' for the key 2, 'a=1, b=2' for 1 and 2. */
export function isPartAt(record: ConflictRecord, key: readonly string[]): boolean {
  const { where } = partOf(record)
  const parts = key.length === 1 ? [where] : where.split(', ')
  return (
    parts.length === key.length && parts.every((part, i) => part === key[i] || part.endsWith(`=${key[i]}`))
  )
}

function listOf(bytes: Uint8Array): readonly unknown[] {
  const value = decodeCbor(bytes, 'conflict')
  if (!Array.isArray(value)) throw malformed()
  return value as unknown[]
}

function malformed(): Error {
  return corrupt('conflict about a part of a file is malformed')
}
