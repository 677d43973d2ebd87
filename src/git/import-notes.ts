// The notes of a Git repository on commits that came in. They are kept beside ours, as those of a remote are, so that a
// merge can tell what changed there since the last import from what changed here.
import { throwIfAborted } from '../base/errors.ts'
import type { Cid, CommitCid } from '../encoding/cid.ts'
import { writeBytes } from '../files/content.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
import { Tree } from '../files/tree.ts'
import { nextGeneration, readCommit, writeCommit } from '../history/commit.ts'
import { gitNotesRef, notesRef } from '../history/refs.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import { noteBytesMax, noteFile } from '../repo/notes/notes.ts'
import type { Manifest, ObjectWriter } from '../store/interface.ts'
import type { Oid } from './git-objects.ts'
import type { ImportedMap } from './git-order.ts'
import type { GitSource } from './git-source.ts'

export interface ImportedNotes {
  readonly taken: number
  /** About commits that are not here, or no notes. */
  readonly left: number
  /** The ref to set, if it moves. */
  readonly refs: readonly (readonly [string, Cid])[]
}

interface NoteImport {
  readonly git: GitSource
  readonly writer: ObjectWriter
  /** Reads what `writer` wrote, too. */
  readonly nodes: NodeStore
  readonly before: Manifest
  readonly imported: ImportedMap
  readonly signal?: AbortSignal | undefined
}

export async function importNotes(means: NoteImport): Promise<ImportedNotes> {
  const { git, writer, nodes, before, imported, signal } = means
  const there = await git.ref(notesRef)
  const last = before.refs.get(gitNotesRef)
  if (there === null) return { taken: 0, left: 0, refs: [] }
  const { tree: root, author, committer, message } = await git.commit(there)
  const tree =
    last === undefined
      ? Tree.empty(nodes, writer)
      : await Tree.load(nodes, (await readCommit(writer, last)).tree)
  const edits = await removedOf(tree, imported)
  const counts = { taken: 0, left: 0 }
  for await (const { about, blob } of notesIn(git, root, '')) {
    throwIfAborted(signal)
    const commit = imported.get(about)
    const bytes = commit ? await git.blob(blob) : null
    if (!commit || bytes === null || bytes.length > noteBytesMax) {
      counts.left++
      continue
    }
    counts.taken++
    edits.set(noteFile(commit.cid), { kind: 'file', executable: false, ...writeBytes(writer, bytes) })
  }
  const next = await tree.update(writer, edits)
  if (next.cid === tree.cid) return { ...counts, refs: [] }
  const parents: CommitCid[] = last === undefined ? [] : [last]
  const generation = await nextGeneration(writer, parents)
  const facts = { author, committer, message, generation, extra: { git: there } }
  return { ...counts, refs: [[gitNotesRef, writeCommit(writer, { tree: next.cid, parents, ...facts })]] }
}

/** Of the commits at hand, those that had a note: it is gone, unless it is found again. Others' notes stay. */
async function removedOf(tree: Tree, imported: ImportedMap): Promise<Map<Path, TreeEntry | null>> {
  const removed = new Map<Path, TreeEntry | null>()
  if (tree.count === 0) return removed
  const here = new Set([...imported.values()].flatMap((commit) => (commit ? noteFile(commit.cid) : [])))
  for await (const batch of tree.scan())
    for (const { path } of batch) if (here.has(path)) removed.set(path, null)
  return removed
}

const oidDigits = 40

/** Git puts notes into folders as their number grows: 'ab/cd/…'. Anything else in the tree is none. */
async function* notesIn(
  git: GitSource,
  tree: Oid,
  prefix: string,
): AsyncGenerator<{ readonly about: Oid; readonly blob: Oid }> {
  for (const { mode, nameBytes, oid } of await git.tree(tree)) {
    const name = prefix + nameBytes
    if (!/^[0-9a-f]+$/.test(nameBytes) || name.length > oidDigits) continue
    if (mode === 'tree' && nameBytes.length === 2 && name.length < oidDigits) yield* notesIn(git, oid, name)
    else if (mode === 'file' && name.length === oidDigits) yield { about: name, blob: oid }
  }
}
