// The dataset of one commit: a single prolly map from path to entry. Paths are bytes with '/' between components;
// in JavaScript a path is a string in which a byte that is not UTF-8 stands as a lone surrogate U+DC80 + (byte - 0x80)
// (PEP 383), so that every name a file system can hold goes through unchanged.
import type { Cid } from '../encoding/cid.ts'

export type Path = string

export type TreeEntry = FileEntry | SymlinkEntry | TableEntry

export interface FileEntry {
  readonly kind: 'file'
  readonly executable: boolean
  /** Bytes. */
  readonly size: number
  /** A chunk when the file is one chunk, else the root of a list of chunks. */
  readonly content: Cid
}

export interface SymlinkEntry {
  readonly kind: 'symlink'
  readonly target: Uint8Array
}

export interface TableEntry {
  readonly kind: 'table'
  readonly executable: boolean
  /** The table object; tables that no file carries are entries too, and are not checked out. */
  readonly table: Cid
}

export interface TreeDifference {
  readonly path: Path
  readonly before: TreeEntry | null
  readonly after: TreeEntry | null
}

/** One path on which at least one side differs from base. Sides that equal base are `base` itself (same object). */
export interface TreeThreeWayDifference {
  readonly path: Path
  readonly base: TreeEntry | null
  readonly ours: TreeEntry | null
  readonly theirs: TreeEntry | null
}

export interface PathEntry {
  readonly path: Path
  readonly entry: TreeEntry
}

/** What lies directly in a directory: an entry, or a directory of its own (`entry` is null). */
export interface DirectoryItem {
  readonly name: string
  readonly entry: TreeEntry | null
}

/** Where a listing of a directory ended: a file may have the name of a directory with more behind it. */
export interface ListedItem {
  readonly name: string
  readonly isDirectory: boolean
}

/** `prefix` is a file's or a directory's path; '' or none is the whole tree. */
export interface PrefixOptions {
  readonly prefix?: Path | undefined
  readonly signal?: AbortSignal | undefined
}

/** The bytes of a file, without its name. */
export type FileContent = Pick<FileEntry, 'size' | 'content'>
