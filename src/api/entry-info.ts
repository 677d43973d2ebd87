// What Git tells of an entry: a mode and a name of its content. The name is ours.
import { cidOf, digestHex } from '../encoding/cid.ts'
import type { TreeEntry } from '../files/interface.ts'
import { modeOf } from '../files/mode.ts'

export interface EntryInfo {
  /** Git's: 100644, 100755 for what is executable, 120000 for a symlink. */
  readonly mode: string
  /** 64 hex digits. */
  readonly id: string
}

export function infoOf(entry: TreeEntry | null): EntryInfo | null {
  return entry === null ? null : { mode: modeOf(entry)!, id: contentId(entry) }
}

/** Equal contents have equal ids; a symlink's is that of its target's bytes. */
export function contentId(entry: TreeEntry): string {
  if (entry.kind === 'symlink') return digestHex(cidOf('raw', entry.target))
  return digestHex(entry.kind === 'file' ? entry.content : entry.table)
}
