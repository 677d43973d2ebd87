// The notes of a Git repository on commits that came in. They are kept beside ours, as those of a remote are, so that a
// merge can tell what changed there since the last import from what changed here.
import { throwIfAborted } from '../base/errors.ts'
import type { Cid, CommitCid } from '../encoding/cid.ts'
import { writeBytes } from '../files/content.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
import { Tree } from '../files/tree.ts'
import { isAncestor } from '../history/ancestry.ts'
import { nextGeneration, readCommit, writeCommit } from '../history/commit.ts'
import type { Commit } from '../history/interface.ts'
import { gitNotesRef, notesRef } from '../history/refs.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import { noteBytesMax, noteFile } from '../repo/notes/notes.ts'
import type { Manifest, ObjectReader, ObjectWriter } from '../store/interface.ts'
import { hasSameAuthorAndMessage } from './export-map.ts'
import { notesIn } from './git-notes.ts'
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
  const { git, writer, nodes, imported, signal } = means
  const there = await git.ref(notesRef)
  if (there === null) return { taken: 0, left: 0, refs: [] }
  const { tree: root, author, committer, message } = await git.commit(there)
  const last = await lastKnown(means, there)
  const tree = last === null ? Tree.empty(nodes, writer) : await Tree.load(nodes, last.commit.tree)
  const edits = await removedOf(tree, imported)
  const counts = { taken: 0, left: 0 }
  for await (const { about, blob } of notesIn(git, root)) {
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
  if (next.cid === tree.cid && (last === null || last.oid === there)) return { ...counts, refs: [] }
  const parents: CommitCid[] = last === null ? [] : [last.commit.cid]
  const generation = await nextGeneration(writer, parents)
  const facts = { author, committer, message, generation, extra: { git: there } }
  return { ...counts, refs: [[gitNotesRef, writeCommit(writer, { tree: next.cid, parents, ...facts })]] }
}

interface Known {
  readonly oid: Oid
  readonly commit: Commit
}

/** What both sides had last: what was imported, or exported to there since. */
async function lastKnown({ git, writer, before, signal }: NoteImport, there: Oid): Promise<Known | null> {
  const tip = before.refs.get(gitNotesRef)
  const commit = tip === undefined ? null : await readCommit(writer, tip)
  const imported = commit === null ? null : { oid: String(commit.extra['git']), commit }
  const ours = before.refs.get(notesRef)
  const exported = new Map([...git.exported()].map(([cid, oid]) => [oid, cid]))
  if (ours === undefined || exported.size === 0) return imported
  const seen = new Set<Oid>([there])
  for (const oid of seen) {
    throwIfAborted(signal)
    if (oid === imported?.oid) return imported
    const said = await git.commit(oid)
    const cid = exported.get(oid)
    if (cid !== undefined && (await isOfOurs(writer, cid, ours, said))) {
      const isNewer = commit === null || (await isAncestor(writer, commit.cid, cid))
      return isNewer ? { oid, commit: await readCommit(writer, cid) } : imported
    }
    for (const parent of said.parents) seen.add(parent)
  }
  return imported
}

/** The list of what was exported came with the Git repository: it may be wrong. */
async function isOfOurs(
  reader: ObjectReader,
  cid: CommitCid,
  tip: Cid,
  said: Parameters<typeof hasSameAuthorAndMessage>[1],
): Promise<boolean> {
  if ((await reader.has([cid]))[0] !== true || !(await isAncestor(reader, cid, tip as CommitCid)))
    return false
  return hasSameAuthorAndMessage(await readCommit(reader, cid), said)
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
