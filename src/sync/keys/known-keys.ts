// What was read of the endpoint, under the keys that the branch has for its rows, or had for those that it has deleted.
import { digestHex } from '../../encoding/cid.ts'
import type { Tree } from '../../files/tree.ts'
import type { Commit } from '../../history/interface.ts'
import type { Io } from '../../repo/interface.ts'
import type { Link } from '../interface.ts'
import type { LinkedTable } from '../tables/link-tables.ts'
import type { KeyNames } from './key-names.ts'
import { type Respelled, haveSameRows, inKeysOf } from './respell.ts'

export interface KeysRead {
  /** What was read, under the keys that the endpoint has. */
  readonly stored: Tree
  readonly base: Commit | null
  readonly baseTree: Tree | null
  readonly names: KeyNames
}

export async function inKnownKeys(
  io: Io,
  { mode }: Link,
  { tables, branch }: { readonly tables: readonly LinkedTable[]; readonly branch: Tree | null },
  { stored, base, baseTree, names }: KeysRead,
): Promise<Respelled> {
  // What is never written is the endpoint's, spelling and all.
  if (mode === 'capture') return { tree: stored, names }
  // As it was when both were last brought in step.
  const isBase = base !== null && base.extra['stored'] === digestHex(stored.cid)
  if (isBase && (await haveSameRows(io, tables, branch, baseTree))) return { tree: baseTree!, names }
  return inKeysOf(io, tables, stored, [branch, baseTree], names)
}
