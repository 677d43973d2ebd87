// Whether a file that was read anew is still the table that the index has. Types of columns and rules of quoting are guessed
// from a file's bytes; where rows came another way (a merge, the library), the table has others than a guess would give. A
// file with the bytes of its table has not changed: `status`, `diff` and `add` all say so, and the guess waits for an edit.
import { equalBytes } from '../../base/bytes.ts'
import { encodeCbor } from '../../encoding/cbor.ts'
import type { TableEntry } from '../../files/interface.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import type { TableObject } from '../../table/interface.ts'
import { loadTable } from '../../table/table-object.ts'
import { ContentCheck } from '../content-check.ts'
import { sameStat } from '../file-stat.ts'
import type { Worktree, WorktreeOptions } from '../interface.ts'
import type { TableRead } from './table-file.ts'

export async function isSameTable(
  worktree: Worktree,
  nodes: NodeStore,
  { path, before, read }: { readonly path: string; readonly before: TableEntry; readonly read: TableRead },
  options: WorktreeOptions,
): Promise<boolean> {
  if (before.executable !== read.entry.executable) return false
  if (before.table === read.entry.table) return true
  const known = await loadTable(nodes.reader, before.table)
  // The bytes are compared only where they may be the same ones: an edit leaves most guesses as they were.
  if (equalBytes(guesses(known), guesses(read.table))) return false
  const { stat } = await new ContentCheck(worktree, options).match(path, read.stat, before)
  return stat !== null && sameStat(stat, read.stat)
}

function guesses({ schema, layout }: TableObject): Uint8Array {
  return encodeCbor([schema.columns.map(({ name, type }) => [name, type]), layout])
}
