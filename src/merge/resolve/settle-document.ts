// Settles parts of a file that nobody declared: its three versions are merged again, with what was chosen for each
// conflict. The merge is a function of the three, so the conflicts are the same and come in the same order.
import { concatBytes } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import { collect } from '../../base/iterables.ts'
import type { Choice, DocumentConflict } from '../../documents/interface.ts'
import { writeBytes } from '../../files/content.ts'
import type { FileEntry, Path } from '../../files/interface.ts'
import { readFile } from '../../files/read.ts'
import type { ReadOptions } from '../../store/interface.ts'
import type { StoredSide } from '../conflicts/conflict-record.ts'
import type { NumberedRecord } from '../conflicts/conflicts.ts'
import { choiceOf, partEntry, partOf } from '../conflicts/document-part.ts'
import type { MergeIo } from '../merge-io.ts'

export interface DocumentToSettle {
  readonly path: Path
  /** The conflicts that the merge met in this file. */
  readonly all: readonly NumberedRecord[]
  /** What is to stand in their places, by number. */
  readonly chosen: ReadonlyMap<number, StoredSide | null>
  readonly executable: boolean
}

export async function settleDocument(
  io: MergeIo,
  { path, all, chosen, executable }: DocumentToSettle,
  options: ReadOptions = {},
): Promise<FileEntry> {
  const [first] = all
  const read = async (entry: FileEntry | null): Promise<Uint8Array | null> =>
    entry === null ? null : concatBytes(await collect(readFile(io.nodes, entry, options)))
  const { base, ours, theirs } = first!.record
  const sides = {
    base: await read(partEntry(base)),
    ours: (await read(partEntry(ours)))!,
    theirs: (await read(partEntry(theirs)))!,
  }
  const { mergeDocument } = await import('../../documents/merge-document.ts')
  const document = mergeDocument(sides, { name: path })
  const conflicts = document.kind === 'merged' ? document.conflicts : []
  const isSame =
    conflicts.length === all.length &&
    conflicts.every(({ kind, where, column }, i) => {
      const stored = partOf(all[i]!.record)
      return stored.part === kind && stored.where === where && stored.column === column
    })
  if (document.kind !== 'merged' || !isSame) throw mergedOtherwise(path)
  const choices = new Map<DocumentConflict, Choice>(
    conflicts.map((conflict, i) => [conflict, choiceOf(all[i]!.record, chosen.get(all[i]!.number) ?? null)]),
  )
  const content = writeBytes(
    io.writer,
    document.render((conflict) => choices.get(conflict)!),
  )
  return { kind: 'file', executable, size: content.size, content: content.content }
}

/** The error for a document that was merged differently before, most likely by another version of Varve. */
function mergedOtherwise(path: Path): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `'${path}' was merged in another way when the merge began`, {
    data: { path },
    hint: "edit the file as it shall be and 'varve add' it, or begin again with 'varve merge --abort'",
  })
}
