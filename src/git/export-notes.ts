// Notes as Git keeps them: a commit of notes on top of those that are there, in which the notes on exported commits are
// ours, and all others stay. Where notes there came from nobody we know, they stay as they are until they are imported.
import type { CommitCid } from '../encoding/cid.ts'
import { Tree } from '../files/tree.ts'
import { isAncestor, walkCommits } from '../history/ancestry.ts'
import { readCommit } from '../history/commit.ts'
import type { Commit } from '../history/interface.ts'
import { notesRef } from '../history/refs.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import { noteFile } from '../repo/notes/notes.ts'
import type { Manifest, Store } from '../store/interface.ts'
import { type ExportMap, hasSameAuthorAndMessage } from './export-map.ts'
import type { RefPlan } from './export-refs.ts'
import type { Change, TreeExporter } from './export-tree.ts'
import { encodeGitCommit, endedMessage } from './git-encode.ts'
import { type GitNote, notesIn } from './git-notes.ts'
import type { Oid } from './git-objects.ts'
import type { GitPackWriter } from './git-pack.ts'
import type { GitSource } from './git-source.ts'

/** With more, new ones go into folders. */
const flatNotesMax = 256

interface NotesJob {
  readonly store: Store
  readonly nodes: NodeStore
  readonly manifest: Manifest
  readonly source: GitSource
  readonly trees: TreeExporter
  readonly pack: GitPackWriter
  /** What is exported; the commit of our notes is added to it. */
  readonly map: ExportMap
  readonly force: boolean
  readonly signal: AbortSignal | undefined
}

/** null: there are no notes on what is exported, neither here nor there. */
export async function planNotes(job: NotesJob): Promise<RefPlan | null> {
  const { store, manifest, source, map, pack } = job
  const tip = manifest.refs.get(notesRef) as CommitCid | undefined
  if (tip === undefined) return null
  const from = await source.ref(notesRef)
  if (from !== null && !job.force && !(await isKnown(job, from, tip)))
    return { ref: notesRef, from, to: from, state: 'kept' }
  const ours = await readCommit(store, tip)
  const before = from === null ? null : (await source.commit(from)).tree
  const tree = await notesTreeOf(job, ours, before)
  if (tree === before) {
    if (from !== null) map.set(tip, from)
    return from === null ? null : { ref: notesRef, from, to: from, state: 'same' }
  }
  const { author, committer, message } = ours
  const to = pack.put(
    'commit',
    encodeGitCommit({
      tree: tree ?? pack.put('tree', new Uint8Array()),
      parents: from === null ? [] : [from],
      author,
      committer,
      message: endedMessage(message),
    }),
  )
  map.set(tip, to)
  return { ref: notesRef, from, to, state: from === null ? 'new' : 'moved' }
}

/** Whether our notes have all that the notes there say: they were exported from here, or imported. */
async function isKnown(
  { store, source, map, signal }: NotesJob,
  there: Oid,
  tip: CommitCid,
): Promise<boolean> {
  const said = await source.commit(there)
  for (const [cid, oid] of map) {
    if (oid !== there || (await store.has([cid]))[0] !== true || !(await isAncestor(store, cid, tip)))
      continue
    if (hasSameAuthorAndMessage(await readCommit(store, cid), said)) return true
  }
  for await (const { extra } of walkCommits(store, [tip], { signal })) if (extra['git'] === there) return true
  return false
}

/** null: nothing is left in it. */
async function notesTreeOf(job: NotesJob, { tree }: Commit, before: Oid | null): Promise<Oid | null> {
  const { nodes, source, trees, map, signal } = job
  const notes = await Tree.load(nodes, tree)
  const there = new Map<Oid, GitNote>()
  if (before !== null) for await (const note of notesIn(source, before)) there.set(note.about, note)
  const inFolders =
    there.size + notes.count > flatNotesMax || [...there.values()].some(({ path }) => path.includes('/'))
  const names = new Map([...map].map(([cid, oid]) => [noteFile(cid), oid]))
  const changes: Change[] = []
  const kept = new Set<Oid>()
  for await (const batch of notes.scan({ signal })) {
    for (const { path, entry } of batch) {
      const about = names.get(path)
      if (about === undefined || entry.kind !== 'file') continue
      kept.add(about)
      const oid = await trees.blobOf(entry, signal)
      const old = there.get(about)
      if (oid !== old?.blob) changes.push([old?.path ?? placeOf(about, inFolders), { mode: 'file', oid }])
    }
  }
  for (const [cid, about] of map) {
    const old = kept.has(about) ? undefined : there.get(about)
    // A commit that another repository exported to it keeps its note.
    if (old !== undefined && (await job.store.has([cid]))[0] === true) changes.push([old.path, null])
  }
  return changes.length === 0 ? before : trees.change(before, changes)
}

function placeOf(about: Oid, inFolders: boolean): string {
  return inFolders ? `${about.slice(0, 2)}/${about.slice(2)}` : about
}
