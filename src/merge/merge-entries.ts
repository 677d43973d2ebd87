// Three-way merge of one path: files by lines, tables by cells, the executable bit on its own. What cannot be merged
// is a conflict in which the path keeps ours.
import { concatBytes } from '../base/bytes.ts'
import { collect } from '../base/iterables.ts'
import type { TablePolicies } from '../dataset/interface.ts'
import { writeBytes } from '../files/content.ts'
import { encodeEntry, equalEntries } from '../files/entry.ts'
import type { FileEntry, Path, TableEntry, TreeEntry } from '../files/interface.ts'
import { isText } from '../files/text.ts'
import { readFile } from '../files/read.ts'
import { loadTable } from '../table/table-object.ts'
import { columnKey } from './tables/column-clash.ts'
import { encodeNames } from './conflicts/conflict-names.ts'
import type { ConflictRecord, Sides } from './conflicts/conflict-record.ts'
import type { PolicyDecision } from './policies/decisions.ts'
import { partRecord } from './conflicts/document-part.ts'
import { sidesAsTables } from './tables/file-as-table.ts'
import type { FileConflict, MergedPath } from './interface.ts'
import type { MergeIo, MergeTablesOptions } from './merge-io.ts'
import { mergeTables } from './tables/merge-tables.ts'

export interface MergedEntry extends Omit<MergedPath, 'path' | 'conflicts'> {
  readonly entry: TreeEntry | null
  readonly conflicts: readonly ConflictRecord[]
  readonly decisions?: readonly PolicyDecision[]
}

/** A file with more conflicts waits as a whole: settling one would merge it with all of them again. */
const partsMax = 10_000

const undeclaredNote = 'merge policies decide in tables that are declared, and this file is none'

type EntrySides = Sides<TreeEntry | null>

export async function mergeEntries(
  io: MergeIo,
  path: Path,
  sides: EntrySides,
  options: MergeTablesOptions = {},
): Promise<MergedEntry> {
  const { base, ours, theirs } = sides
  const isCounted = base?.kind === 'table' && hasCounters(options.policies ?? null)
  if (isSameEntry(theirs, base) || (isSameEntry(ours, theirs) && !isCounted))
    return { entry: ours, result: 'ours', conflicts: [] }
  if (isSameEntry(ours, base)) return { entry: theirs, result: 'theirs', conflicts: [] }
  if (ours === null || theirs === null) return fileConflict(path, 'delete-edit', sides)
  if (ours.kind === 'file' && theirs.kind === 'file') {
    if (base !== null && base.kind !== 'file') return fileConflict(path, 'type', sides)
    return mergeFiles(io, path, { base, ours, theirs }, options)
  }
  const tables = await sidesAsTables(io, path, sides, options)
  if (tables !== null) {
    const merged = await mergeTableEntries(io, path, tables, options)
    return merged.result === 'conflict' ? merged : { ...merged, result: resultOf(merged.entry!, sides) }
  }
  if (ours.kind === 'table' && theirs.kind === 'table') {
    // A base that was no table yet says nothing about rows.
    const before = base?.kind === 'table' ? base : null
    return mergeTableEntries(io, path, { base: before, ours, theirs }, options)
  }
  const isOneKind = ours.kind === theirs.kind && (base === null || base.kind === ours.kind)
  return fileConflict(path, isOneKind ? (base === null ? 'both-added' : 'binary') : 'type', sides)
}

/** One path under other names on each side: a conflict always, but of names alone where the contents merge. */
export async function mergeRenameRename(
  io: MergeIo,
  path: Path,
  sides: EntrySides,
  names: Sides<Path | null>,
  options: MergeTablesOptions = {},
): Promise<MergedEntry> {
  const isMovedApart = sides.ours !== null && sides.theirs !== null
  const content = isMovedApart ? await mergeEntries(io, path, sides, options) : null
  const isOne = content !== null && content.entry !== null && content.conflicts.length === 0
  const settled = isOne ? { base: sides.base, ours: content.entry, theirs: content.entry } : sides
  const record = entryRecord('file', path, isMovedApart ? 'rename-rename' : 'rename-delete', settled)
  return {
    entry: settled.ours,
    result: 'conflict',
    conflicts: [{ ...record, key: encodeNames(names) }],
  }
}

export function isSameEntry(a: TreeEntry | null, b: TreeEntry | null): boolean {
  return a === b || (a !== null && b !== null && equalEntries(a, b))
}

export function fileConflict(path: Path, reason: FileConflict['reason'], sides: EntrySides): MergedEntry {
  return { entry: sides.ours, result: 'conflict', conflicts: [entryRecord('file', path, reason, sides)] }
}

function entryRecord(kind: 'file' | 'schema', path: Path, text: string, sides: EntrySides): ConflictRecord {
  const stored = (entry: TreeEntry | null): ConflictRecord['base'] =>
    entry === null ? null : encodeEntry(entry)
  const { base, ours, theirs } = sides
  return {
    kind,
    path,
    key: new Uint8Array(0),
    text,
    base: stored(base),
    ours: stored(ours),
    theirs: stored(theirs),
  }
}

function mergedMode({ base, ours, theirs }: Sides<{ readonly executable: boolean } | null>): boolean {
  const before = base?.executable ?? false
  return ours!.executable === before ? theirs!.executable : ours!.executable
}

async function mergeFiles(
  io: MergeIo,
  path: Path,
  sides: { readonly base: FileEntry | null; readonly ours: FileEntry; readonly theirs: FileEntry },
  options: MergeTablesOptions,
): Promise<MergedEntry> {
  const { base, ours, theirs } = sides
  const executable = mergedMode(sides)
  const merged = (content: Pick<FileEntry, 'size' | 'content'>): MergedEntry => {
    const entry: FileEntry = { kind: 'file', executable, size: content.size, content: content.content }
    return { entry, result: resultOf(entry, sides), conflicts: [] }
  }
  if (ours.content === theirs.content || theirs.content === base?.content) return merged(ours)
  if (ours.content === base?.content) return merged(theirs)
  const { documentBytesMax, mergeDocument } = await import('../documents/merge-document.ts')
  if ([base, ours, theirs].some((side) => side !== null && side.size > documentBytesMax(path))) {
    return fileConflict(path, base === null ? 'both-added' : 'binary', sides)
  }
  const read = async (file: FileEntry): Promise<Uint8Array> =>
    concatBytes(await collect(readFile(io.nodes, file, { signal: options.signal })))
  const bytes = {
    base: base === null ? null : await read(base),
    ours: await read(ours),
    theirs: await read(theirs),
  }
  const document = mergeDocument(bytes, { name: path })
  if (document.kind === 'merged' && document.conflicts.length === 0) {
    const { basis } = document
    const entry = merged(writeBytes(io.writer, document.render()))
    return basis === 'by lines' ? entry : { ...entry, basis }
  }
  if (document.kind === 'merged' && document.form !== 'text' && document.conflicts.length <= partsMax) {
    const isAsked = document.form === 'table' && (options.policies ?? null) !== null
    return {
      ...merged(writeBytes(io.writer, document.render())),
      result: 'conflict',
      basis: document.basis,
      ...(isAsked ? { notes: [undeclaredNote] } : {}),
      conflicts: document.conflicts.map((conflict) => partRecord(path, conflict, sides)),
    }
  }
  if (base === null) return fileConflict(path, 'both-added', sides)
  const isTexts = [bytes.base!, bytes.ours, bytes.theirs].every(isText)
  return fileConflict(path, isTexts ? 'text' : 'binary', sides)
}

async function mergeTableEntries(
  io: MergeIo,
  path: Path,
  sides: { readonly base: TableEntry | null; readonly ours: TableEntry; readonly theirs: TableEntry },
  options: MergeTablesOptions,
): Promise<MergedEntry> {
  const { base, ours, theirs } = sides
  const executable = mergedMode(sides)
  const isCounted = base !== null && hasCounters(options.policies ?? null)
  if (theirs.table === base?.table || (ours.table === theirs.table && !isCounted))
    return kept({ ...ours, executable }, sides)
  if (ours.table === base?.table) return kept({ ...theirs, executable }, sides)
  const { reader } = io.nodes
  const tables = {
    base: base === null ? null : await loadTable(reader, base.table, options),
    ours: await loadTable(reader, ours.table, options),
    theirs: await loadTable(reader, theirs.table, options),
  }
  const merged = await mergeTables(io, path, tables, options)
  if (merged.kind === 'clash') {
    const record = entryRecord('schema', path, merged.reason, sides)
    return { entry: ours, result: 'conflict', conflicts: [record] }
  }
  const entry: TableEntry = { kind: 'table', executable, table: merged.cid }
  const { rowsAdded, rowsRemoved, rowsChanged, decisions, notes } = merged
  const columns = merged.clashes.map((clash) => ({
    ...entryRecord('schema', path, clash.reason, sides),
    key: columnKey(clash),
  }))
  const conflicts = [...columns, ...merged.conflicts]
  const result = conflicts.length > 0 ? 'conflict' : resultOf(entry, sides)
  const told = {
    ...(decisions.length > 0 ? { decisions, decided: decisions.length } : {}),
    ...(notes.length > 0 ? { notes } : {}),
  }
  return { entry, result, rowsAdded, rowsRemoved, rowsChanged, ...told, conflicts }
}

/** Two sides that raised a counter alike have raised it twice: equal is not merged then. */
function hasCounters(policies: TablePolicies | null): boolean {
  if (policies === null) return false
  return [policies.default, ...policies.columns.values()].some((policy) => policy?.kind === 'sum')
}

function kept(entry: TreeEntry, sides: EntrySides): MergedEntry {
  return { entry, result: resultOf(entry, sides), conflicts: [] }
}

function resultOf(entry: TreeEntry, { ours, theirs }: EntrySides): MergedPath['result'] {
  if (isSameEntry(entry, ours)) return 'ours'
  return isSameEntry(entry, theirs) ? 'theirs' : 'merged'
}
