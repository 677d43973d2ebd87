// What a stash takes of a file where only some of its rows or hunks were chosen, and what it leaves.
import { VarveError } from '../../base/errors.ts'
import type { LineHunk } from '../../documents/line-hunks.ts'
import type { TreeEntry } from '../../files/interface.ts'
import type { Io } from '../../repo/interface.ts'
import type { ChangedEntry, EntryPart } from '../../repo/stash/chosen-parts.ts'
import type { WorktreeOptions } from '../interface.ts'
import { entryWith, sidesOf } from './hunks.ts'
import { withHunks } from './lines.ts'
import { type RowChoice, takeChosenRows } from './rows.ts'

export async function rowsPart(
  io: Io,
  changed: ChangedEntry,
  choice: RowChoice,
  options: WorktreeOptions,
): Promise<EntryPart> {
  const { path } = changed
  const { head, now } = bothOf(changed, 'table')
  const taken = await takeChosenRows(io, path, { into: head, from: now }, choice, options)
  const left = await takeChosenRows(io, path, { into: now, from: head }, choice, options)
  return { taken: taken.entry, left: left.entry }
}

export async function hunksPart(
  io: Io,
  changed: ChangedEntry,
  hunks: readonly LineHunk[],
  options: WorktreeOptions,
): Promise<EntryPart> {
  const { path } = changed
  const { head, now } = bothOf(changed, 'file')
  const sides = await sidesOf(io, path, head, now, options)
  return {
    taken: await entryWith(io, head, withHunks(path, sides, hunks), options),
    left: await entryWith(io, now, withHunks(path, sides, hunks, { back: true }), options),
  }
}

function bothOf<K extends TreeEntry['kind']>(
  { path, head, now }: ChangedEntry,
  kind: K,
): Record<'head' | 'now', Extract<TreeEntry, { kind: K }>> {
  if (head?.kind === kind && now?.kind === kind) return { head, now } as ReturnType<typeof bothOf<K>>
  throw new VarveError('VARVE_NOT_POSSIBLE', `'${path}' is not a ${kind} both in HEAD and in the files`, {
    data: { path },
    hint: 'name the file alone: then all of it is meant',
  })
}
